"""Charges, refunds, disputes, warnings and payouts as Stripe reports them, recorded as facts and posted with all that
follows. Events and listings come here alike, so an object that no event brought ends the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from donations import alarms, facts, giving
from donations.alarms import Kind
from donations.facts import Charge, Dispute, FraudWarning, Payout, Refund
from donations.money import Money
from donations.reconciliation import balance_transactions
from donations.stripe_statuses import PayoutStatus, RefundStatus

SHORT_OF_MONEY = "insufficient_funds"  # why a refund waits until money is paid in at Stripe


def apply_object(conn: Connection, thing: facts.Thing, *, at: datetime) -> None:
    """Write the thing, book what follows, and tell the treasurers what must not wait."""
    _WRITERS[type(thing)](conn, thing, at)
    tell(conn, thing, at=at)


def tell(conn: Connection, thing: facts.Thing, *, at: datetime) -> None:
    """Tell the treasurers, once, of a deadline or a failure. A deadline does not wait while posting is stopped."""
    about: dict[str, object]
    match thing:
        case Refund() if thing.failed:
            about = {"charge": thing.charge_id, "reason": thing.failure_reason or thing.status, "amount": thing.amount}
            _sound(conn, "refund failed", Kind.REFUND_FAILED, thing, about, at)
        case Refund() if thing.pending_reason == SHORT_OF_MONEY and RefundStatus.of(thing.status).is_on_its_way:
            about = {"charge": thing.charge_id, "amount": thing.amount}
            _sound(conn, "refund waits", Kind.REFUND_WAITS, thing, about, at)
        case Dispute() if thing.due_by is not None and thing.standing.awaits_response:
            kind = Kind.DISPUTE_INQUIRY if thing.standing.is_inquiry else Kind.DISPUTE
            about = {"reason": thing.reason, "amount": thing.amount, "respond_by": thing.due_by}
            _sound(conn, "dispute", kind, thing, about, at, once=thing.status)
        case FraudWarning() if thing.actionable:
            about = {"charge": thing.charge_id, "reason": thing.fraud_type}
            _sound(conn, "fraud warning", Kind.FRAUD_WARNING, thing, about, at)
        case Payout() if thing.status == PayoutStatus.FAILED:
            about = {"reason": thing.failure_code or "", "amount": Money(thing.amount_minor, thing.currency)}
            _sound(conn, "payout failed", Kind.PAYOUT_FAILED, thing, about, at)


def _sound(
    conn: Connection,
    name: str,
    kind: Kind,
    thing: Refund | Dispute | FraudWarning | Payout,
    about: Mapping[str, object],
    at: datetime,
    once: bool | str = True,
) -> None:
    facts_of_it = {"id": thing.id, **about}
    alarms.sound(conn, f"{name} {thing.id}", kind, facts_of_it, at=at, began_at=thing.created_at, once=once)


def _charge(conn: Connection, charge: Charge, at: datetime) -> None:
    giving.settle(conn, facts.record_charge(conn, charge, at=at), at=at)


def _refund(conn: Connection, refund: Refund, at: datetime) -> None:
    giving.refunds.apply_refund(conn, refund, at=at)


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
