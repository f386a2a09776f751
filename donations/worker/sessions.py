"""Polls Checkout sessions: those whose supporter has come back or of which nothing was heard, and closes those whose
appeal has ended."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import case, null, or_, select, update

from donations import facts, giving, stripe_gateway
from donations.database import write_unit
from donations.errors import DonationsError, PaymentServiceDown
from donations.extensions import db
from donations.installation.clocks import FURTHEST_AHEAD
from donations.models import Appeal, CheckoutAttempt, Donation
from donations.stripe_statuses import SessionStatus

log = logging.getLogger(__name__)
BATCH = 10
WHEN_DOWN = timedelta(minutes=1)


def look_at_sessions(at: datetime) -> int:
    """Ask Stripe for the state of sessions whose supporter has come back, or of which nothing was heard for long."""
    due = db.session.execute(
        select(CheckoutAttempt.id, CheckoutAttempt.session_id)
        .where(or_(CheckoutAttempt.look_at <= at, CheckoutAttempt.look_at > at + FURTHEST_AHEAD))
        .order_by(CheckoutAttempt.look_at)
        .limit(BATCH)
    ).all()
    for attempt_id, session_id in due:
        try:
            session = stripe_gateway.retrieve_session(session_id) if session_id else None
        except PaymentServiceDown:
            _put_off(attempt_id, at + WHEN_DOWN)
            continue
        except DonationsError as error:
            log.warning("attempt %s cannot be looked at: %s", attempt_id, type(error).__name__)
            session = None
        _look_again(attempt_id, at + giving.LOOK_AFTER)
        if session is not None:
            apply_session(session, at)
        if session is not None and session.awaits_payment:
            _look_again(attempt_id, at + giving.LOOK_FOR_PAYMENT_AFTER, even_complete=True)
    return len(due)


def expire_checkouts(at: datetime) -> None:
    """Close the open sessions of appeals that take no more donations. Money that arrives all the same is booked."""
    rows = db.session.execute(
        select(CheckoutAttempt.id, CheckoutAttempt.session_id)
        .join(Donation, Donation.id == CheckoutAttempt.donation_id)
        .join(Appeal, Appeal.id == Donation.appeal_id)
        .where(CheckoutAttempt.state == "open", Appeal.state != "open", CheckoutAttempt.session_id.is_not(None))
        .limit(BATCH)
    ).all()
    for attempt_id, session_id in rows:
        close(attempt_id, str(session_id), at)


def close(attempt_id: int, session_id: str, at: datetime) -> None:
    """Close an open session at Stripe, and look at its state at once: its money may have come meanwhile."""
    try:
        stripe_gateway.expire_session(session_id)
    except DonationsError as error:
        log.warning("session of attempt %s was not expired: %s", attempt_id, type(error).__name__)
    _look_again(attempt_id, at)


def apply_session(session: stripe_gateway.Session, at: datetime) -> None:
    """Record a session and its latest charge as Stripe reports them, with all that follows."""
    with write_unit() as conn:
        if session.charge is not None:
            giving.settle(conn, facts.record_charge(conn, session.charge, at=at), at=at)
        if session.reference is not None and session.state != SessionStatus.OPEN:
            giving.record_session(
                conn, session.id, session.reference, session.state, at=at, payment_failed=session.payment_failed,
                awaits_payment=session.awaits_payment,
            )  # fmt: skip


def _look_again(attempt_id: int, when: datetime, *, even_complete: bool = False) -> None:
    """While it is not over; one that has completed is asked about once, unless its money is still to come."""
    is_open = CheckoutAttempt.state.in_(("starting", "open", *(["complete"] if even_complete else [])))
    with write_unit() as conn:
        conn.execute(
            update(CheckoutAttempt)
            .where(CheckoutAttempt.id == attempt_id)
            .values(look_at=case((is_open, when), else_=null()))
        )


def _put_off(attempt_id: int, when: datetime) -> None:
    with write_unit() as conn:
        asked = (CheckoutAttempt.id == attempt_id, CheckoutAttempt.look_at.is_not(None))
        conn.execute(update(CheckoutAttempt).where(*asked).values(look_at=when))
