"""Donations that were begun by card and not paid within a day: what their donors typed is erased. The amount, the day
and the reference stay, because a charge may still be heard of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, select, update
from sqlalchemy.engine import Connection

from donations import retention
from donations.extensions import db
from donations.models import CheckoutAttempt, Donation, Subscriber, SubscriberRequest


def empty(conn: Connection, at: datetime, most: int) -> int:
    """Erase what was typed for unpaid donations whose day is over. Returns how many, at most `most`.

    One whose payment page may be open, or has brought a payment that is still to come, is left as it is."""
    due = (
        select(_donation.c.id)
        .where(retention.UNPAID_DONATIONS.due(at, at.date()))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(conn.execute(due).scalars())
    erased = {"name_sealed": None, "email_sealed": None, "email_hash": None, "message_sealed": None, "emptied_at": at}
    conn.execute(update(_donation).where(_donation.c.id.in_(ids)).values(erased))
    conn.execute(update(_attempt).where(_attempt.c.donation_id.in_(ids)).values(params={}))
    _forget_requests(ids, at)
    return len(ids)


def _forget_requests(donation_ids: list[int], at: datetime) -> None:
    """The address that asked for updates goes too, unless it follows by another donation."""
    of_these = SubscriberRequest.donation_id.in_(donation_ids)
    asked = select(Subscriber).where(
        Subscriber.id.in_(select(SubscriberRequest.subscriber_id).where(of_these)),
        Subscriber.state == "asked",
        Subscriber.mailed_at.is_(None),
    )
    rows = list(db.session.scalars(asked))
    db.session.execute(delete(SubscriberRequest).where(of_these))
    for row in rows:
        db.session.refresh(row)
        if not row.requests:
            row.end(at)
    db.session.flush()


_donation: Table = Donation.__table__  # type: ignore[assignment]
_attempt: Table = CheckoutAttempt.__table__  # type: ignore[assignment]
