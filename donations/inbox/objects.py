"""What Stripe says of a charge, refund, dispute, warning or payout, taken into facts and books with all that follows,
whether an event told it or a listing: so what no event brought ends the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from donations import alarms, facts, giving
from donations.facts import Charge, Dispute, FraudWarning, Payout, Refund
from donations.reconciliation import movements


def take_in(conn: Connection, thing: facts.Thing, *, at: datetime) -> None:
    """Write the thing and book what follows; the treasurers are told once of what must not wait."""
    _BY_TYPE[type(thing)](conn, thing, at)


def _charge(conn: Connection, charge: Charge, at: datetime) -> None:
    giving.settle(conn, facts.record_charge(conn, charge, at=at), at=at)


def _refund(conn: Connection, refund: Refund, at: datetime) -> None:
    giving.refunding.take_in(conn, refund, at=at)
    if refund.failed:
        reason = refund.failure_reason or refund.status
        alarms.sound(conn, f"refund failed {refund.id}", f"{refund.id}: {reason}", at=at, once=True)


def _dispute(conn: Connection, dispute: Dispute, at: datetime) -> None:
    giving.settle(conn, facts.record_dispute(conn, dispute, at=at), at=at)
    if dispute.due_by is not None and dispute.needs_response:
        told = f"{dispute.id}: answer by {dispute.due_by:%Y-%m-%d %H:%M} UTC"
        alarms.sound(conn, f"dispute {dispute.id}", told, at=at, once=dispute.status)


def _warning(conn: Connection, warning: FraudWarning, at: datetime) -> None:
    facts.record_warning(conn, warning, at=at)
    if warning.actionable:
        told = f"{warning.charge_id}: {warning.fraud_type}"
        alarms.sound(conn, f"fraud warning {warning.id}", told, at=at, once=True)


def _payout(conn: Connection, payout: Payout, at: datetime) -> None:
    facts.record_payout(conn, payout)
    movements.book_payout(conn, payout.id, at=at)
    if payout.status == "failed":
        reason = payout.failure_code or "no reason given"
        alarms.sound(conn, f"payout failed {payout.id}", f"{payout.id}: {reason}", at=at, once=True)


_BY_TYPE: dict[type, Callable[[Connection, Any, datetime], None]] = {
    Charge: _charge,
    Refund: _refund,
    Dispute: _dispute,
    FraudWarning: _warning,
    Payout: _payout,
}
