"""Disputes and warnings of fraud for the page that lists them. Reads only: the books are bookkeeping's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection

from donations.models import Dispute, Donation, FraudWarning, Payment

CLOSED = ("won", "lost", "warning_closed", "prevented")
MOST = 200


def listed(conn: Connection) -> list[Any]:
    """All disputes, those that wait for an answer first, by their deadline."""
    return list(conn.execute(_DISPUTES))


def warnings(conn: Connection) -> list[Any]:
    """Charges of which the card's network says that they may be fraud, and which can still be given back."""
    return list(conn.execute(_WARNINGS))


_dispute: Table = Dispute.__table__  # type: ignore[assignment]
_warning: Table = FraudWarning.__table__  # type: ignore[assignment]
_payment: Table = Payment.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]
_of_payment = (_payment.c.charge_id, _donation.c.reference)
_DISPUTES = (
    select(_dispute, *_of_payment)
    .join(_payment, _payment.c.id == _dispute.c.payment_id)
    .outerjoin(_donation, _donation.c.id == _payment.c.donation_id)
    .order_by(
        _dispute.c.status.in_(CLOSED), _dispute.c.due_by.is_(None), _dispute.c.due_by,
        _dispute.c.created_at.desc(), _dispute.c.id,
    )
    .limit(MOST)
)  # fmt: skip
_WARNINGS = (
    select(_warning, _payment.c.amount_minor, _payment.c.currency, *_of_payment)
    .join(_payment, _payment.c.id == _warning.c.payment_id)
    .outerjoin(_donation, _donation.c.id == _payment.c.donation_id)
    .where(_warning.c.actionable)
    .order_by(_warning.c.created_at.desc())
    .limit(MOST)
)
