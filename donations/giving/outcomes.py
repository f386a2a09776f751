"""What a donation's own page shows: how far its payment is, what became of it, and whether it may be tried again.
Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from donations import receipts
from donations.extensions import db
from donations.giving.settlement import known_of
from donations.giving.states import RECEIVED_STATES, SETTLED_STATES, PaymentProgress, progress_of
from donations.models import Donation, Payment, Receipt

ANSWER_WITHIN, NEWS_FOR = timedelta(minutes=1), timedelta(seconds=5)  # no other card is typed in so fast
RETRIED = ("waiting", "declined", "failed", "abandoned")  # not while Stripe is being asked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a donation, for its own page. `kind` is one of waiting, checking, declined, confirming,
    processing, paid, failed, abandoned, part_refunded, refunded, disputed, lost. `settled` says that polling may
    end."""

    kind: str
    settled: bool
    can_try_again: bool
    receipt: Receipt | None


def payment_progress(donation: Donation) -> PaymentProgress:
    """How far the payment of a donation is, by all that is known now. One that is expected by another way than Checkout
    is not paid here: it counts as on its way."""
    if donation.state in RECEIVED_STATES:
        return PaymentProgress.RECEIVED
    if donation.source != "card" or donation.state == "processing":
        return PaymentProgress.ON_ITS_WAY
    return progress_of(known_of(db.session.connection(), donation.id))


def outcome_of(donation: Donation, at: datetime) -> Outcome:
    """The outcome shown on a donation's own page. Its supporter may have come back from a declined card or from a
    better one after it: while Stripe is being asked, the page says so and not that nothing arrived; a decline just
    reported is shown."""
    kind, progress = {"pending": "waiting"}.get(donation.state, donation.state), payment_progress(donation)
    if kind in ("waiting", "processing") and progress is PaymentProgress.ON_ITS_WAY:
        kind = "processing" if _is_pending(donation) else "confirming"
    declined_at = _heard_of_decline(donation) if kind == "waiting" else None
    if declined_at is not None:
        is_news = at - declined_at < NEWS_FOR
        kind = "checking" if _is_being_asked_of(donation, at) and not is_news else "declined"
    return Outcome(
        kind=kind,
        settled=donation.state in SETTLED_STATES,
        can_try_again=kind in RETRIED and progress.may_be_tried_again and donation.appeal.takes_donations,
        receipt=receipts.live_of(donation.id),
    )


def _is_pending(donation: Donation) -> bool:
    """Whether a bank is known to have a payment of it; before that Checkout has completed, and nothing else is known.
    What is brought by hand or transferred is expected for days too."""
    if donation.source != "card":
        return True
    pending = (Payment.charged_at.is_not(None), Payment.succeeded_at.is_(None), Payment.failed_at.is_(None))
    wanted = select(Payment.id).where(Payment.donation_id == donation.id, *pending)
    return db.session.scalar(wanted.limit(1)) is not None


def _heard_of_decline(donation: Donation) -> datetime | None:
    return db.session.scalar(
        select(Payment.first_seen_at)
        .where(Payment.donation_id == donation.id, Payment.failed_at.is_not(None))
        .order_by(Payment.first_seen_at.desc())
        .limit(1)
    )


def _is_being_asked_of(donation: Donation, at: datetime) -> bool:
    """Whether a look at an open session is due. One that is long overdue is not waited for: the worker may be away."""
    return any(
        attempt.state == "open" and attempt.look_at is not None and at - ANSWER_WITHIN <= attempt.look_at <= at
        for attempt in donation.attempts
    )
