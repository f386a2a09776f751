"""Record reported facts, forward only: a later, poorer or repeated report of the same thing changes nothing already
known. Each function locks the root of the payment it is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from donations import models
from donations.facts import upserts
from donations.facts.types import BalanceTransaction, Charge, Dispute, FraudWarning, Known, Payout, Refund
from donations.models.base import new_id
from donations.stripe_statuses import ChargeStatus


def record_charge(conn: Connection, charge: Charge, *, at: datetime) -> Known:
    """Record a charge and lock its root."""
    payment_id, changed_at = new_id(), charge.changed_at or charge.charged_at
    said = {
        "id": payment_id,
        "charge_id": charge.charge_id,
        "intent_id": charge.intent_id,
        "reference": charge.reference,
        "amount_minor": charge.amount.minor if charge.is_captured else None,
        "authorized_minor": charge.authorized.minor if charge.authorized else None,
        "for_account": charge.for_account,
        "currency": charge.amount.currency,
        "method": charge.method,
        "charged_at": charge.charged_at,
        "succeeded_at": changed_at if charge.status == ChargeStatus.SUCCEEDED or charge.had_succeeded else None,
        "failed_at": changed_at if charge.status == ChargeStatus.FAILED else None,
        "failure_code": charge.failure_code,
        "balance_transaction_id": charge.balance_transaction_id,
        "first_seen_at": at,
    }
    row = upserts.UPSERT_PAYMENT.one(conn, said)
    return Known(row, is_new=row.id == payment_id)


def lock_root(conn: Connection, charge_id: str, *, at: datetime) -> Known:
    """Lock the root of a charge, made empty if nothing was known of it."""
    payment_id = new_id()
    row = upserts.UPSERT_ROOT.one(conn, {"id": payment_id, "charge_id": charge_id, "first_seen_at": at})
    return Known(row, is_new=row.id == payment_id)


def record_transaction(conn: Connection, transaction: BalanceTransaction, *, at: datetime) -> Known | None:
    """Write a balance transaction; lock the root of the charge it belongs to. Returns that root, if there is one."""
    charge_id = transaction.charge_id or _charge_of_source(conn, transaction.source_id)
    known = None if charge_id is None else lock_root(conn, charge_id, at=at)
    said = {name: getattr(transaction, name) for name in upserts.TRANSACTION_COLUMNS}
    upserts.UPSERT_TRANSACTION.run(conn, {**said, "number": new_id(), "payment_id": known.row.id if known else None})
    if known is not None and transaction.reporting_category == "charge":
        upserts.SETTLE.run(conn, {"of_payment": known.row.id, "of_movement": transaction.id})
    return Known(known.row, is_new=False) if known else None


def record_refund(conn: Connection, refund: Refund, *, at: datetime) -> Known | None:
    """Record a refund and attach the balance transactions that came before it. None for one without a charge."""
    if refund.charge_id is None:
        return None
    known = lock_root(conn, refund.charge_id, at=at)
    said = {
        "id": refund.id,
        "payment_id": known.row.id,
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "status": refund.status,
        "pending_reason": refund.pending_reason,
        "said_at": refund.said_at,
        "reason": refund.reason,
        "failure_reason": refund.failure_reason,
        "balance_transaction_id": refund.balance_transaction_id,
        "failure_transaction_id": refund.failure_transaction_id,
        "created_at": refund.created_at,
        "failed_at": refund.failed_at if refund.failed else None,
    }
    upserts.UPSERT_REFUND.run(conn, said)
    upserts.CLAIM_TRANSACTIONS.run(conn, {"of_source": refund.id, "of_payment": known.row.id})
    return Known(known.row, is_new=False)


def record_dispute(conn: Connection, dispute: Dispute, *, at: datetime) -> Known:
    """Record a dispute, the latest report winning, and the balance transactions it brings with it."""
    known = lock_root(conn, dispute.charge_id, at=at)
    said = {
        "id": dispute.id,
        "payment_id": known.row.id,
        "amount_minor": dispute.amount.minor,
        "currency": dispute.amount.currency,
        "status": dispute.status,
        "reason": dispute.reason,
        "due_by": dispute.due_by,
        "has_evidence": dispute.has_evidence,
        "submissions": dispute.submissions,
        "created_at": dispute.created_at,
        "closed_at": dispute.closed_at,
        "said_at": dispute.said_at,
    }
    upserts.UPSERT_DISPUTE.run(conn, said)
    for transaction in dispute.transactions:
        row = {name: getattr(transaction, name) for name in upserts.TRANSACTION_COLUMNS}
        upserts.UPSERT_TRANSACTION.run(conn, {**row, "number": new_id(), "payment_id": known.row.id})
    upserts.CLAIM_TRANSACTIONS.run(conn, {"of_source": dispute.id, "of_payment": known.row.id})
    return Known(known.row, is_new=False)


def record_warning(conn: Connection, warning: FraudWarning, *, at: datetime) -> Known:
    """Write a fraud warning. Once it is no longer actionable it stays so."""
    known = lock_root(conn, warning.charge_id, at=at)
    said = {
        "id": warning.id,
        "payment_id": known.row.id,
        "fraud_type": warning.fraud_type,
        "actionable": warning.actionable,
        "created_at": warning.created_at,
    }
    upserts.UPSERT_WARNING.run(conn, said)
    return known


def record_payout(conn: Connection, payout: Payout) -> None:
    """Record a payout, the latest report winning."""
    said = {name: getattr(payout, name) for name in upserts.PAYOUT_COLUMNS}
    upserts.UPSERT_PAYOUT.run(conn, {**said, "members_listed": False, "estimate_kept": False})


def record_members(conn: Connection, payout_id: str, transaction_ids: list[str]) -> None:
    """Write which balance transactions a payout is made of, all of them."""
    for balance_transaction_id in transaction_ids:
        upserts.JOIN_PAYOUT.run(conn, {"of_movement": balance_transaction_id, "of_payout": payout_id})
    upserts.MEMBERS_LISTED.run(conn, {"of_payout": payout_id})


def record_decision(conn: Connection, payment_id: int, fund_id: int, *, reason: str, actor: str, at: datetime) -> None:
    """Write that a treasurer gave a payment to a fund. The caller holds the lock of its root."""
    conn.execute(
        models.Decision.__table__.insert().values(  # type: ignore[attr-defined]
            id=new_id(), payment_id=payment_id, fund_id=fund_id, reason=reason, actor=actor, decided_at=at
        )
    )


def _charge_of_source(conn: Connection, source_id: str | None) -> str | None:
    """The charge that a refund or dispute known to us belongs to."""
    if source_id is None:
        return None
    row = upserts.CHARGE_OF_SOURCE.first(conn, {"of_source": source_id})
    return None if row is None else str(row.charge_id)
