"""Disputes and fraud warnings for the page that lists them. Reads only: bookkeeping posts them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, or_, select
from sqlalchemy.engine import Connection

from donations.models import Dispute, Donation, FraudWarning, Payment, Refund, RefundAttempt
from donations.stripe_statuses import DisputeStatus, RefundStatus

CLOSED = DisputeStatus.all_that(lambda status: status.is_closed)
MOST = 200


def listed(conn: Connection) -> list[Any]:
    """All disputes, those that wait for an answer first, by their deadline."""
    return list(conn.execute(_DISPUTES))


def warnings(conn: Connection) -> list[Any]:
    """Charges with a fraud warning of the card network, the refundable ones first, each with the amount refunded,
    whether a refund was requested, and the state of its dispute."""
    return list(conn.execute(_WARNINGS))


_dispute: Table = Dispute.__table__  # type: ignore[assignment]
_warning: Table = FraudWarning.__table__  # type: ignore[assignment]
_payment: Table = Payment.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]
_refund: Table = Refund.__table__  # type: ignore[assignment]
_attempt: Table = RefundAttempt.__table__  # type: ignore[assignment]
# A dispute in one of these states says what became of a warning.
_DECIDES_A_WARNING = DisputeStatus.all_that(lambda status: status.decides_a_warning)
_FAILED = RefundStatus.all_that(lambda status: status.has_failed)
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
# What was only held on the card and then released is no refund, though Stripe writes it down as one.
GIVEN_BACK = (
    select(func.coalesce(func.sum(_refund.c.amount_minor), 0))
    .where(_refund.c.payment_id == _payment.c.id, _refund.c.status.not_in(_FAILED))
    .where(or_(_payment.c.authorized_minor.is_(None), _refund.c.balance_transaction_id.is_not(None)))
    .scalar_subquery()
)
_is_asked = select(_attempt.c.id).where(_attempt.c.payment_id == _payment.c.id, _attempt.c.state == "asked").exists()
_disputed_as = (
    select(_dispute.c.status)
    .where(
        _dispute.c.payment_id == _payment.c.id,
        _dispute.c.status.in_(_DECIDES_A_WARNING),
    )
    .order_by(_dispute.c.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_WARNINGS = (
    select(
        _warning, _payment.c.amount_minor, _payment.c.currency, *_of_payment, GIVEN_BACK.label("given_back"),
        _is_asked.label("is_asked"), _disputed_as.label("disputed_as"),
    )
    .join(_payment, _payment.c.id == _warning.c.payment_id)
    .outerjoin(_donation, _donation.c.id == _payment.c.donation_id)
    .order_by(_warning.c.actionable.desc(), _warning.c.created_at.desc(), _warning.c.id)
    .limit(MOST)
)  # fmt: skip
