"""Write what is said, forward only: a later, poorer or repeated word about the same thing changes nothing that is
already known. Each function locks the root of the payment it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, func, or_, select, union_all, update
from sqlalchemy.engine import Connection

from donations import models
from donations.facts.said import Charge, Dispute, FraudWarning, Known, Movement, Payout, Refund
from donations.models.base import new_id
from donations.prepared import Prepared, upsert


def record_charge(conn: Connection, charge: Charge, *, at: datetime) -> Known:
    """Write what is said of a charge and lock its root."""
    payment_id = new_id()
    said = {
        "id": payment_id,
        "charge_id": charge.charge_id,
        "intent_id": charge.intent_id,
        "reference": charge.reference,
        "amount_minor": charge.amount.minor,
        "currency": charge.amount.currency,
        "method": charge.method,
        "charged_at": charge.charged_at,
        "succeeded_at": charge.charged_at if charge.status == "succeeded" else None,
        "failed_at": charge.charged_at if charge.status == "failed" else None,
        "failure_code": charge.failure_code,
        "balance_transaction_id": charge.balance_transaction_id,
        "first_seen_at": at,
    }
    row = _UPSERT_PAYMENT.one(conn, said)
    return Known(row, is_new=row.id == payment_id)


def lock_root(conn: Connection, charge_id: str, *, at: datetime) -> Known:
    """Lock the root of a charge, made empty if nothing was known of it."""
    payment_id = new_id()
    row = _UPSERT_ROOT.one(conn, {"id": payment_id, "charge_id": charge_id, "first_seen_at": at})
    return Known(row, is_new=row.id == payment_id)


def record_movement(conn: Connection, movement: Movement, *, at: datetime) -> Known | None:
    """Write a balance transaction; lock the root of the charge it belongs to. Gives that root, if there is one."""
    charge_id = movement.charge_id or _charge_of_source(conn, movement.source_id)
    known = None if charge_id is None else lock_root(conn, charge_id, at=at)
    said = {name: getattr(movement, name) for name in MOVEMENT_COLUMNS}
    _UPSERT_MOVEMENT.run(conn, {**said, "number": new_id(), "payment_id": known.row.id if known else None})
    if known is not None and movement.reporting_category == "charge":
        _SETTLE.run(conn, {"of_payment": known.row.id, "of_movement": movement.id})
    return Known(known.row, is_new=False) if known else None


def record_refund(conn: Connection, refund: Refund, *, at: datetime) -> Known | None:
    """Write a refund and take in the balance transactions that came before it. None for one without a charge."""
    if refund.charge_id is None:
        return None
    known = lock_root(conn, refund.charge_id, at=at)
    said = {
        "id": refund.id,
        "payment_id": known.row.id,
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "status": refund.status,
        "reason": refund.reason,
        "failure_reason": refund.failure_reason,
        "balance_transaction_id": refund.balance_transaction_id,
        "failure_transaction_id": refund.failure_transaction_id,
        "created_at": refund.created_at,
        "failed_at": refund.failed_at if refund.failed else None,
    }
    _UPSERT_REFUND.run(conn, said)
    _CLAIM_MOVEMENTS.run(conn, {"of_source": refund.id, "of_payment": known.row.id})
    return Known(known.row, is_new=False)


def record_dispute(conn: Connection, dispute: Dispute, *, at: datetime) -> Known:
    """Write a dispute, the later word winning, and the balance transactions it brings with it."""
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
    _UPSERT_DISPUTE.run(conn, said)
    for movement in dispute.movements:
        row = {name: getattr(movement, name) for name in MOVEMENT_COLUMNS}
        _UPSERT_MOVEMENT.run(conn, {**row, "number": new_id(), "payment_id": known.row.id})
    _CLAIM_MOVEMENTS.run(conn, {"of_source": dispute.id, "of_payment": known.row.id})
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
    _UPSERT_WARNING.run(conn, said)
    return known


def record_payout(conn: Connection, payout: Payout) -> None:
    """Write a payout, the later word winning."""
    _UPSERT_PAYOUT.run(conn, {name: getattr(payout, name) for name in _PAYOUT_COLUMNS} | {"members_listed": False})


def record_members(conn: Connection, payout_id: str, movement_ids: list[str]) -> None:
    """Write which balance transactions a payout is made of, all of them."""
    for movement_id in movement_ids:
        _JOIN_PAYOUT.run(conn, {"of_movement": movement_id, "of_payout": payout_id})
    _MEMBERS_LISTED.run(conn, {"of_payout": payout_id})


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
    row = _CHARGE_OF_SOURCE.first(conn, {"of_source": source_id})
    return None if row is None else str(row.charge_id)


MOVEMENT_COLUMNS = (
    "id", "source_id", "type", "reporting_category", "balance_type", "amount_minor", "fee_minor", "net_minor",
    "currency", "exchange_rate", "created_at", "available_on", "description",
)  # fmt: skip
_PAYOUT_COLUMNS = (
    "id", "amount_minor", "currency", "status", "automatic", "reconciliation_status", "trace_id", "failure_code",
    "balance_transaction_id", "failure_transaction_id", "created_at", "arrival_on", "said_at",
)  # fmt: skip
# A dispute or payout may be said to be two things in one second: then the one further on counts.
_RANKS = {
    "warning_needs_response": 0, "warning_under_review": 1, "needs_response": 2, "under_review": 3,
    "appeal_needs_response": 4, "appeal_under_review": 5, "warning_closed": 6, "prevented": 6, "won": 7, "lost": 7,
    "pending": 0, "in_transit": 1, "paid": 2, "canceled": 3, "failed": 3, "requires_action": 0, "succeeded": 1,
}  # fmt: skip

_payment: Table = models.Payment.__table__  # type: ignore[assignment]
_movement: Table = models.BalanceTransaction.__table__  # type: ignore[assignment]
_refund: Table = models.Refund.__table__  # type: ignore[assignment]
_dispute: Table = models.Dispute.__table__  # type: ignore[assignment]
_warning: Table = models.FraudWarning.__table__  # type: ignore[assignment]
_payout: Table = models.Payout.__table__  # type: ignore[assignment]


def _rank(column: ColumnElement[str]) -> ColumnElement[int]:
    return case(_RANKS, value=column, else_=0)


def _all_bound(table: Table) -> dict[str, Any]:
    return {column.name: bindparam(column.name) for column in table.columns}


def _upsert_payment(dialect: str) -> Any:
    """Insert or complete: what is known stays, what was empty is filled in."""
    known = select(models.Donation.id).where(
        models.Donation.reference == bindparam("reference", type_=_payment.c.reference.type)
    )
    names = [column.name for column in _payment.columns if column.name not in ("donation_id", "movement_id")]
    statement = upsert(dialect, _payment).values(
        donation_id=known.scalar_subquery(), **{name: bindparam(name) for name in names}
    )
    filled = [*(name for name in names if name not in ("id", "charge_id", "first_seen_at")), "donation_id"]
    return statement.on_conflict_do_update(
        index_elements=["charge_id"],
        set_={name: func.coalesce(_payment.c[name], statement.excluded[name]) for name in filled},
    ).returning(_payment)


def _upsert_root(dialect: str) -> Any:
    names = ("id", "charge_id", "first_seen_at")
    statement = upsert(dialect, _payment).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["charge_id"], set_={"charge_id": statement.excluded.charge_id}
    ).returning(_payment)


def _upsert_movement(dialect: str) -> Any:
    """A balance transaction does not change; only the payment it belongs to may become known."""
    names = (*MOVEMENT_COLUMNS, "number", "payment_id")
    statement = upsert(dialect, _movement).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"payment_id": func.coalesce(_movement.c.payment_id, statement.excluded.payment_id)},
    )


def _upsert_refund(dialect: str) -> Any:
    statement = upsert(dialect, _refund).values(_all_bound(_refund))
    new = statement.excluded
    on = _rank(new.status) > _rank(_refund.c.status)
    filled = ("reason", "failure_reason", "balance_transaction_id", "failure_transaction_id", "failed_at")
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "status": case((on, new.status), else_=_refund.c.status),
            **{name: func.coalesce(_refund.c[name], new[name]) for name in filled},
        },
    )


def _upsert_latest(table: Table, later: tuple[str, ...], filled: tuple[str, ...]) -> Any:
    """What was said later wins in the columns `later`; those of `filled` are completed only."""

    def build(dialect: str) -> Any:
        statement = upsert(dialect, table).values(_all_bound(table))
        old, new = table.c, statement.excluded
        on = or_(
            new.said_at > old.said_at,
            and_(new.said_at == old.said_at, _rank(new.status) >= _rank(old.status)),
        )
        return statement.on_conflict_do_update(
            index_elements=["id"],
            set_={
                **{name: case((on, new[name]), else_=old[name]) for name in later},
                **{name: func.coalesce(old[name], new[name]) for name in filled},
            },
        )

    return build


def _upsert_warning(dialect: str) -> Any:
    statement = upsert(dialect, _warning).values(_all_bound(_warning))
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={"actionable": and_(_warning.c.actionable, statement.excluded.actionable)}
    )


_UPSERT_PAYMENT, _UPSERT_ROOT = Prepared(_upsert_payment), Prepared(_upsert_root)
_UPSERT_MOVEMENT, _UPSERT_REFUND = Prepared(_upsert_movement), Prepared(_upsert_refund)
_UPSERT_DISPUTE = Prepared(
    _upsert_latest(
        _dispute,
        ("status", "amount_minor", "due_by", "closed_at", "reason", "has_evidence", "submissions", "said_at"),
        (),
    )
)
_UPSERT_PAYOUT = Prepared(
    _upsert_latest(
        _payout,
        ("status", "reconciliation_status", "arrival_on", "said_at"),
        ("trace_id", "failure_code", "balance_transaction_id", "failure_transaction_id"),
    )
)
_UPSERT_WARNING = Prepared(_upsert_warning)
_SETTLE = Prepared(
    update(_payment)
    .where(_payment.c.id == bindparam("of_payment"), _payment.c.movement_id.is_(None))
    .values(movement_id=bindparam("of_movement"))
)
_CLAIM_MOVEMENTS = Prepared(
    update(_movement)
    .where(_movement.c.source_id == bindparam("of_source"), _movement.c.payment_id.is_(None))
    .values(payment_id=bindparam("of_payment"))
)
_JOIN_PAYOUT = Prepared(
    update(_movement).where(_movement.c.id == bindparam("of_movement")).values(payout_id=bindparam("of_payout"))
)
_MEMBERS_LISTED = Prepared(update(_payout).where(_payout.c.id == bindparam("of_payout")).values(members_listed=True))
_OF_SOURCE: Any = bindparam("of_source")
_CHARGE_OF_SOURCE = Prepared(
    select(_payment.c.charge_id)
    .where(
        _payment.c.id.in_(
            union_all(
                select(_refund.c.payment_id).where(_refund.c.id == _OF_SOURCE),
                select(_dispute.c.payment_id).where(_dispute.c.id == _OF_SOURCE),
            )
        )
    )
    .limit(1)
)
