"""The statements by which facts are written, forward only: a later, poorer or repeated report changes nothing already
known. What they mean, and the locks, are in record.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, func, or_, select, union_all, update

from donations import models
from donations.prepared import Prepared, upsert
from donations.stripe_statuses import ORDER

TRANSACTION_COLUMNS = (
    "id", "source_id", "type", "reporting_category", "balance_type", "amount_minor", "fee_minor", "net_minor",
    "currency", "exchange_rate", "created_at", "available_on", "description",
)  # fmt: skip
PAYOUT_COLUMNS = (
    "id", "amount_minor", "currency", "status", "automatic", "reconciliation_status", "trace_id", "failure_code",
    "balance_transaction_id", "failure_transaction_id", "created_at", "arrival_on", "said_at", "destination",
    "original_id",
)  # fmt: skip

_payment: Table = models.Payment.__table__  # type: ignore[assignment]
_transaction: Table = models.BalanceTransaction.__table__  # type: ignore[assignment]
_refund: Table = models.Refund.__table__  # type: ignore[assignment]
_dispute: Table = models.Dispute.__table__  # type: ignore[assignment]
_warning: Table = models.FraudWarning.__table__  # type: ignore[assignment]
_payout: Table = models.Payout.__table__  # type: ignore[assignment]


def _rank(column: ColumnElement[str]) -> ColumnElement[int]:
    return case(ORDER, value=column, else_=0)


def _all_bound(table: Table) -> dict[str, Any]:
    return {column.name: bindparam(column.name) for column in table.columns}


def _earlier(old: ColumnElement[datetime], new: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The earlier of two moments, of which either may be unknown. A thing changed no later than when we were first told
    that it had, so the earliest report is the best, in whatever order reports come."""
    return case((old.is_(None), new), (new.is_(None), old), (new < old, new), else_=old)


def _more(old: ColumnElement[int], new: ColumnElement[int]) -> ColumnElement[int]:
    return case((old.is_(None), new), (new > old, new), else_=old)


def _upsert_payment(dialect: str) -> Any:
    """Insert or complete: what is known stays, what was empty is filled in."""
    known = select(models.Donation.id).where(
        models.Donation.reference == bindparam("reference", type_=_payment.c.reference.type)
    )
    names = [
        column.name for column in _payment.columns if column.name not in ("donation_id", "recorded_transaction_id")
    ]
    statement = upsert(dialect, _payment).values(
        donation_id=known.scalar_subquery(), **{name: bindparam(name) for name in names}
    )
    filled = [*(name for name in names if name not in ("id", "charge_id", "first_seen_at")), "donation_id"]
    old, new = _payment.c, statement.excluded
    # What is captured in several parts only grows.
    changes: dict[str, ColumnElement[Any]] = {
        **{name: _earlier(old[name], new[name]) for name in ("succeeded_at", "failed_at")},
        **{name: _more(old[name], new[name]) for name in ("amount_minor", "authorized_minor")},
    }
    return statement.on_conflict_do_update(
        index_elements=["charge_id"],
        set_={**{name: func.coalesce(old[name], new[name]) for name in filled}, **changes},
    ).returning(_payment)


def _upsert_root(dialect: str) -> Any:
    names = ("id", "charge_id", "first_seen_at")
    statement = upsert(dialect, _payment).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["charge_id"], set_={"charge_id": statement.excluded.charge_id}
    ).returning(_payment)


def _upsert_transaction(dialect: str) -> Any:
    """A balance transaction does not change; only the payment it belongs to may become known."""
    names = (*TRANSACTION_COLUMNS, "number", "payment_id")
    statement = upsert(dialect, _transaction).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"payment_id": func.coalesce(_transaction.c.payment_id, statement.excluded.payment_id)},
    )


def _upsert_refund(dialect: str) -> Any:
    statement = upsert(dialect, _refund).values(_all_bound(_refund))
    new = statement.excluded
    old = _refund.c
    # What waits may wait for one thing and then for another: of two such reports the later one counts.
    later = and_(_rank(new.status) == _rank(old.status), or_(old.said_at.is_(None), new.said_at > old.said_at))
    on = or_(_rank(new.status) > _rank(old.status), later)
    filled = ("reason", "failure_reason", "balance_transaction_id", "failure_transaction_id")
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={
            **{name: case((on, new[name]), else_=old[name]) for name in ("status", "pending_reason", "said_at")},
            "failed_at": _earlier(_refund.c.failed_at, new.failed_at),
            **{name: func.coalesce(_refund.c[name], new[name]) for name in filled},
        },
    )


def _upsert_latest(table: Table, later: tuple[str, ...], filled: tuple[str, ...]) -> Any:
    """The later report wins in the columns `later`; those of `filled` are completed only."""

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
                **_when_closed(old, new, on, table),
            },
        )

    return build


def _when_closed(old: Any, new: Any, on: ColumnElement[bool], table: Table) -> dict[str, ColumnElement[datetime]]:
    """A dispute was closed when that state was first reported; later reports of it change nothing."""
    if "closed_at" not in table.c:
        return {}
    repeated = and_(old.status == new.status, old.closed_at.is_not(None), new.closed_at.is_not(None))
    first = case((repeated, _earlier(old.closed_at, new.closed_at)), (on, new.closed_at), else_=old.closed_at)
    return {"closed_at": first}


def _upsert_warning(dialect: str) -> Any:
    statement = upsert(dialect, _warning).values(_all_bound(_warning))
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={"actionable": and_(_warning.c.actionable, statement.excluded.actionable)}
    )


UPSERT_PAYMENT, UPSERT_ROOT = Prepared(_upsert_payment), Prepared(_upsert_root)
UPSERT_TRANSACTION, UPSERT_REFUND = Prepared(_upsert_transaction), Prepared(_upsert_refund)
UPSERT_DISPUTE = Prepared(
    _upsert_latest(
        _dispute,
        ("status", "amount_minor", "due_by", "reason", "has_evidence", "submissions", "said_at"),
        (),
    )
)
UPSERT_PAYOUT = Prepared(
    _upsert_latest(
        _payout,
        ("status", "reconciliation_status", "arrival_on", "destination", "said_at"),
        ("trace_id", "failure_code", "balance_transaction_id", "failure_transaction_id", "original_id"),
    )
)
UPSERT_WARNING = Prepared(_upsert_warning)
SETTLE = Prepared(
    update(_payment)
    .where(_payment.c.id == bindparam("of_payment"), _payment.c.recorded_transaction_id.is_(None))
    .values(recorded_transaction_id=bindparam("of_movement"))
)
CLAIM_TRANSACTIONS = Prepared(
    update(_transaction)
    .where(_transaction.c.source_id == bindparam("of_source"), _transaction.c.payment_id.is_(None))
    .values(payment_id=bindparam("of_payment"))
)
JOIN_PAYOUT = Prepared(
    update(_transaction).where(_transaction.c.id == bindparam("of_movement")).values(payout_id=bindparam("of_payout"))
)
MEMBERS_LISTED = Prepared(update(_payout).where(_payout.c.id == bindparam("of_payout")).values(members_listed=True))
_OF_SOURCE: Any = bindparam("of_source")
CHARGE_OF_SOURCE = Prepared(
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
