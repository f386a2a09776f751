"""What Stripe says of a charge, refund, dispute, warning or payout, taken into facts and books with all that follows,
whether an event told it or a listing: so what no event brought ends the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from donations import alarms, facts, giving
from donations.facts import Charge, Dispute, FraudWarning, Payout, Refund
from donations.reconciliation import balance_transactions
from donations.stripe_statuses import PayoutStatus, RefundStatus

SHORT_OF_MONEY = "insufficient_funds"  # why a refund waits until somebody does something


def take_in(conn: Connection, thing: facts.Thing, *, at: datetime) -> None:
    """Write the thing, book what follows, and tell the treasurers what must not wait."""
    _WRITERS[type(thing)](conn, thing, at)
    tell(conn, thing, at=at)


def tell(conn: Connection, thing: facts.Thing, *, at: datetime) -> None:
    """Tell the treasurers, once, of a deadline or a failure. A deadline does not wait while posting is stopped."""
    match thing:
        case Refund() if thing.failed:
            reason = thing.failure_reason or thing.status
            alarms.sound(
                conn, f"refund failed {thing.id}", f"{thing.id}: {reason}", at=at, began_at=thing.created_at, once=True
            )
        case Refund() if thing.pending_reason == SHORT_OF_MONEY and RefundStatus.of(thing.status).is_on_its_way:
            told = f"{thing.id}: the Stripe balance is too low for it. Pay money in at Stripe."
            alarms.sound(conn, f"refund waits {thing.id}", told, at=at, began_at=thing.created_at, once=True)
        case Dispute() if thing.due_by is not None and thing.standing.awaits_response:
            told = f"{thing.id}: answer by {thing.due_by:%Y-%m-%d %H:%M} UTC"
            alarms.sound(conn, f"dispute {thing.id}", told, at=at, began_at=thing.created_at, once=thing.status)
        case FraudWarning() if thing.actionable:
            told = f"{thing.charge_id}: {thing.fraud_type}"
            alarms.sound(conn, f"fraud warning {thing.id}", told, at=at, began_at=thing.created_at, once=True)
        case Payout() if thing.status == PayoutStatus.FAILED:
            reason = thing.failure_code or "no reason given"
            alarms.sound(
                conn, f"payout failed {thing.id}", f"{thing.id}: {reason}", at=at, began_at=thing.created_at, once=True
            )


def _charge(conn: Connection, charge: Charge, at: datetime) -> None:
    giving.settle(conn, facts.record_charge(conn, charge, at=at), at=at)


def _refund(conn: Connection, refund: Refund, at: datetime) -> None:
    giving.refunds.take_in(conn, refund, at=at)


def _dispute(conn: Connection, dispute: Dispute, at: datetime) -> None:
    giving.settle(conn, facts.record_dispute(conn, dispute, at=at), at=at)


def _warning(conn: Connection, warning: FraudWarning, at: datetime) -> None:
    facts.record_warning(conn, warning, at=at)


def _payout(conn: Connection, payout: Payout, at: datetime) -> None:
    balance_transactions.record_payout(conn, payout, at=at)


_WRITERS: dict[type, Callable[[Connection, Any, datetime], None]] = {
    Charge: _charge,
    Refund: _refund,
    Dispute: _dispute,
    FraudWarning: _warning,
    Payout: _payout,
}
