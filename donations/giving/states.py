"""What state a donation's facts put it in: one pure function and its table."""

from __future__ import annotations

from dataclasses import dataclass

from donations.bookkeeping import Standing

# Donations that count as given: received, and not wholly given back or lost.
COUNTED_STATES = frozenset({"paid", "part_refunded", "disputed"})
# States in which its page may stop asking. A donation may still leave one of them when new facts arrive.
SETTLED_STATES = frozenset({"paid", "part_refunded", "refunded", "disputed", "lost", "failed", "abandoned"})


@dataclass(frozen=True, slots=True)
class DonationFacts:
    """What decides a donation's state: for each of its payments whether it ever succeeded and ever failed, the states
    of its Checkout attempts, and what all its payments come to."""

    payments: tuple[tuple[bool, bool], ...]
    attempts: tuple[str, ...]
    given: Standing | None = None


def state_of(known: DonationFacts) -> str:
    """The state a donation's facts put it in. The first line that fits counts.

    ==================================================  =============
    a payment succeeded and did not fail after, and:
    - a bank holds money of it in question              disputed
    - nothing remains, some of it lost to a dispute     lost
    - nothing remains                                   refunded
    - some was given back or lost                       part_refunded
    - nothing of the kind                               paid
    a payment has neither succeeded nor failed          processing
    a payment succeeded, then failed                    failed
    an attempt is starting or open                      pending
    Checkout completed, no word of a payment yet        processing
    every attempt expired, a payment had failed         failed
    every attempt expired, nothing was tried            abandoned
    nothing yet                                         pending
    ==================================================  ============="""
    payments, attempts = known.payments, known.attempts
    if any(succeeded and not failed for succeeded, failed in payments):
        return _state_of_given(known.given)
    if any(not succeeded and not failed for succeeded, failed in payments):
        return "processing"
    if any(succeeded for succeeded, _ in payments):
        return "failed"
    if any(attempt in ("starting", "open") for attempt in attempts):
        return "pending"
    if "complete" in attempts:
        return "processing"
    if attempts:
        return "failed" if payments else "abandoned"
    return "pending"


def _state_of_given(given: Standing | None) -> str:
    if given is None:
        return "paid"
    if given.disputed:
        return "disputed"
    if given.received and given.remaining.minor <= 0:
        return "lost" if given.lost else "refunded"
    return "part_refunded" if given.refunded or given.lost else "paid"
