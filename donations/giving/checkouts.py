"""The attempts at Stripe's Checkout for a donation: kept before Stripe is called, found again after a lost answer, and
brought up to date by what is heard of their sessions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.engine import Connection

from donations.errors import PaymentOnItsWay, PaymentReceived
from donations.extensions import db
from donations.giving.outcomes import payment_progress
from donations.giving.settlement import restate
from donations.giving.states import PaymentProgress
from donations.models import CheckoutAttempt, Donation
from donations.models.installation import idempotency_suffix

# Stripe keeps a session open, and an idempotency key, for a day; we stop relying on either an hour before.
LIFETIME = timedelta(hours=23)
LOOK_AFTER = timedelta(minutes=30)
MIN_LOOK_INTERVAL = timedelta(seconds=10)
LOOK_FOR_PAYMENT_AFTER = timedelta(hours=1)  # of a session that is complete, and whose money is still to come


def attempt_for(donation: Donation, params: dict[str, object], at: datetime) -> CheckoutAttempt:
    """The attempt to go on with: the one that is open or was never answered, else a new one with these parameters.
    Its key and parameters are kept before Stripe is called, so asking again can only find the same session.

    Raises PaymentOnItsWay and PaymentReceived, by all that is known under the donation's lock."""
    db.session.refresh(donation, with_for_update={"key_share": True})  # Two clicks at once take turns.
    progress = payment_progress(donation)
    if not progress.may_be_tried_again:
        raise PaymentReceived() if progress is PaymentProgress.RECEIVED else PaymentOnItsWay()
    there = page_of(donation, at)
    if there is not None:
        return there
    number = len(donation.attempts) + 1
    attempt = CheckoutAttempt(
        donation_id=donation.id,
        number=number,
        idempotency_key=f"donation-{donation.reference}-checkout-{number}{idempotency_suffix()}",
        state="starting",
        params=params,
        created_at=at,
        expires_at=at + LIFETIME,
        look_at=at + LOOK_AFTER,
    )
    donation.attempts.append(attempt)
    if donation.state in ("abandoned", "failed"):
        donation.state = "pending"
    db.session.flush()
    return attempt


def page_of(donation: Donation, at: datetime) -> CheckoutAttempt | None:
    """The attempt whose payment page there is already, if there is one."""
    for attempt in donation.attempts:
        # Only Stripe can tell that an open one is over. One that was never answered was shown to no one.
        if attempt.state == "open" or (attempt.state == "starting" and attempt.expires_at > at):
            return attempt
    return None


def overdue_sessions(donation: Donation, at: datetime) -> list[str]:
    """The sessions that should have ended by now and of whose end nothing was heard: before another one is begun,
    Stripe must be asked whether they were paid."""
    overdue = [one for one in donation.attempts if one.state == "open" and one.expires_at <= at]
    return [one.session_id for one in overdue if one.session_id]


def attempt_opened(attempt_id: int, session_id: str, expires_at: datetime) -> None:
    """Keep the session that Stripe made for an attempt. Its address is not kept: it shows the supporter's email."""
    attempt = db.session.get_one(CheckoutAttempt, attempt_id)
    attempt.session_id, attempt.expires_at = session_id, expires_at
    if attempt.state == "starting":
        attempt.state = "open"


def attempt_not_repeatable(attempt_id: int) -> None:
    """Stripe had been asked for this attempt's session with other parameters, as before our address or key was changed.
    If it made one, no one was shown it: the attempt is over, and the next one begins."""
    attempt = db.session.get_one(CheckoutAttempt, attempt_id, with_for_update=True)
    if attempt.state == "starting":
        attempt.state = "expired"


def look_soon(donation: Donation, at: datetime) -> bool:
    """Ask the worker to look at the donation's open session now. False if there is none, it was asked and has not
    looked yet, or has looked just now: who reloads the page must come to see what was found."""
    for attempt in donation.attempts:
        is_due = attempt.look_at is not None and attempt.look_at <= at
        if attempt.state == "open" and not is_due and not _looked_since(attempt, at - MIN_LOOK_INTERVAL):
            attempt.look_at = at
            return True
    return False


def _looked_since(attempt: CheckoutAttempt, moment: datetime) -> bool:
    """Every look puts off the next one by LOOK_AFTER, which tells when it was; an attempt begins without one."""
    if attempt.look_at is None or attempt.look_at == attempt.created_at + LOOK_AFTER:
        return False
    return attempt.look_at - LOOK_AFTER > moment


def record_session(
    conn: Connection, session_id: str, reference: str, state: str, *, at: datetime, payment_failed: bool = False,
    awaits_payment: bool = False,
) -> bool:  # fmt: skip
    """Record the state of a Checkout session (open, complete, expired) and what follows for its donation. False if the
    donation is not ours. Complete and expired are final: a late report that it was open changes nothing.
    `payment_failed`: it completed, and the payment it completed with did not go through. `awaits_payment`: that is
    still to come, and will be asked for."""
    donation_id = conn.execute(_LOCK_DONATION, {"of_reference": reference}).scalar()
    if donation_id is None:
        return False
    again_at = at + LOOK_FOR_PAYMENT_AFTER if awaits_payment else None
    said = {"of_session": session_id, "of_donation": donation_id, "new_state": state, "again_at": again_at}
    conn.execute(_SESSION_STANDS, said)
    if payment_failed:
        conn.execute(_PAYMENT_FAILED, {"of_session": session_id, "of_donation": donation_id, "moment": at})
    restate(conn, donation_id, at=at)
    return True


def look_for_payment(conn: Connection, reference: str, *, at: datetime) -> None:
    """Ask the worker what became of the payments that a donation's completed sessions were to bring."""
    conn.execute(_LOOK_FOR_PAYMENT, {"of_reference": reference, "moment": at})


_attempt: Table = CheckoutAttempt.__table__  # type: ignore[assignment]
_LOCK_DONATION = (
    select(Donation.id).where(Donation.reference == bindparam("of_reference")).with_for_update(key_share=True)
)
# The answer that named the session may have been lost: then its attempt is the one that is still starting.
_SESSION_STANDS = (
    update(_attempt)
    .where(
        _attempt.c.donation_id == bindparam("of_donation"),
        _attempt.c.state.in_(("starting", "open")),
        or_(
            _attempt.c.session_id == bindparam("of_session"),
            and_(_attempt.c.session_id.is_(None), _attempt.c.state == "starting"),
        ),
    )
    .values(state=bindparam("new_state"), session_id=bindparam("of_session"), look_at=bindparam("again_at"))
)
_LOOK_FOR_PAYMENT = (
    update(_attempt)
    .where(
        _attempt.c.donation_id.in_(select(Donation.id).where(Donation.reference == bindparam("of_reference"))),
        _attempt.c.state == "complete",
        _attempt.c.payment_failed_at.is_(None),
        _attempt.c.session_id.is_not(None),
    )
    .values(look_at=bindparam("moment"))
)
_PAYMENT_FAILED = (
    update(_attempt)
    .where(
        _attempt.c.donation_id == bindparam("of_donation"),
        _attempt.c.session_id == bindparam("of_session"),
        _attempt.c.state == "complete",
        _attempt.c.payment_failed_at.is_(None),
    )
    .values(payment_failed_at=bindparam("moment"), look_at=None)
)
