"""What state a donation's facts put it in, and how far its payment is: two pure functions of the same facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from donations.bookkeeping import Standing

# Donations that count as given: received, and not fully refunded or lost.
COUNTED_STATES = frozenset({"paid", "part_refunded", "disputed"})
# States in which its page may stop asking. A donation may still leave one of them when new facts arrive.
SETTLED_STATES = frozenset({"paid", "part_refunded", "refunded", "disputed", "lost", "failed", "abandoned"})


# States in which money came, whatever became of it since.
RECEIVED_STATES = COUNTED_STATES | {"refunded", "lost"}
# The payment of a completed session that did not go through, as attempts say it beside the states of models/donation.
PAYMENT_FAILED = "payment_failed"


@dataclass(frozen=True, slots=True)
class DonationFacts:
    """What decides a donation's state: for each of its payments whether it ever succeeded and ever failed, the states
    of its Checkout attempts (`payment_failed` for a completed one whose payment is known to have failed), and what all
    its payments come to."""

    payments: tuple[tuple[bool, bool], ...]
    attempts: tuple[str, ...]
    given: Standing | None = None


class PaymentProgress(StrEnum):
    """How far the payment of a donation is. Only what is known to be unpaid may be tried again: that nothing has
    arrived yet is no reason, because a bank debit is on its way for days."""

    NOT_STARTED = "not_started"
    OPEN = "open"  # a payment page is open, and no one is known to have paid on it
    ON_ITS_WAY = "on_its_way"
    RECEIVED = "received"  # also where it was refunded or lost since
    FAILED = "failed"  # the last report: every attempt is over, and a payment was declined or reversed
    EXPIRED = "expired"  # every attempt is over, and no one has tried to pay

    @property
    def may_be_tried_again(self) -> bool:
        return self not in (PaymentProgress.ON_ITS_WAY, PaymentProgress.RECEIVED)


def progress_of(known: DonationFacts) -> PaymentProgress:
    """How far its payment is. The first line that fits counts.

    ====================================================  ===========
    a payment succeeded and did not fail after            RECEIVED
    a payment has neither succeeded nor failed            ON_ITS_WAY
    Checkout completed, its payment not known to be lost  ON_ITS_WAY
    an attempt is starting or open                        OPEN
    a payment failed                                      FAILED
    every attempt expired                                 EXPIRED
    nothing yet                                           NOT_STARTED
    ====================================================  ==========="""
    payments, attempts = known.payments, known.attempts
    if any(succeeded and not failed for succeeded, failed in payments):
        return PaymentProgress.RECEIVED
    # A payment that came and was reversed accounts for one completed session, also where that its session completed
    # was not heard yet; a declined card accounts for none.
    taken_back = sum(succeeded and failed for succeeded, failed in payments)
    unaccounted = attempts.count("complete") - taken_back
    if any(not succeeded and not failed for succeeded, failed in payments) or unaccounted > 0:
        return PaymentProgress.ON_ITS_WAY
    if attempts.count("starting") + attempts.count("open") + unaccounted > 0:
        return PaymentProgress.OPEN
    if taken_back or PAYMENT_FAILED in attempts or (payments and attempts):
        return PaymentProgress.FAILED
    return PaymentProgress.EXPIRED if attempts else PaymentProgress.NOT_STARTED


_STATE = {
    PaymentProgress.NOT_STARTED: "pending",
    PaymentProgress.OPEN: "pending",
    PaymentProgress.ON_ITS_WAY: "processing",
    PaymentProgress.FAILED: "failed",
    PaymentProgress.EXPIRED: "abandoned",
}


def state_of(known: DonationFacts) -> str:
    """The state a donation's facts put it in: how far its payment is, and once that is received, the first line here
    that fits.

    ==================================================  =============
    a bank holds money of it in question                disputed
    nothing remains, some of it lost to a dispute       lost
    nothing remains                                     refunded
    some was refunded or lost                           part_refunded
    nothing of the kind                                 paid
    ==================================================  ============="""
    progress = progress_of(known)
    return _state_of_given(known.given) if progress is PaymentProgress.RECEIVED else _STATE[progress]


def _state_of_given(given: Standing | None) -> str:
    if given is None:
        return "paid"
    if given.disputed:
        return "disputed"
    if given.received and given.remaining.minor <= 0:
        return "lost" if given.lost else "refunded"
    return "part_refunded" if given.refunded or given.lost else "paid"
