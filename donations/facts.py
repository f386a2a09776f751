"""The mirrors: what Stripe says happened, written forward only, and the lock of a payment's root. A later, poorer or
repeated word about the same thing changes nothing that is already known. Nothing is booked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.engine import Connection

from donations.models import Allocation, Appeal, BalanceTransaction, Donation, Fund, Organisation, Payment, Period
from donations.models.base import new_id
from donations.money import Money
from donations.prepared import Prepared, upsert


@dataclass(frozen=True, slots=True)
class Charge:
    """What Stripe says of a charge. `status` is pending, succeeded or failed; times are aware."""

    charge_id: str
    intent_id: str | None
    reference: str | None  # our own, from its metadata; None if the charge is not of our making
    amount: Money
    status: str
    charged_at: datetime
    method: str | None
    failure_code: str | None
    balance_transaction_id: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance transaction: net = amount - fee, whole minor units of the settlement currency."""

    id: str
    source_id: str | None
    charge_id: str | None  # the charge it belongs to, if it belongs to one
    type: str
    reporting_category: str
    balance_type: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: str | None
    created_at: datetime
    available_on: date
    description: str | None


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """Everything known of one payment, as plain values: what bookkeeping reckons with. `shares` are (fund id, minor
    units intended); a payment without a donation of ours has none and belongs to the suspense fund."""

    payment_id: int
    charge_id: str
    amount: Money | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    shares: tuple[tuple[int, int], ...]
    fee_bearer: str
    general_fund_id: int | None
    suspense_fund_id: int
    settlement_currencies: tuple[str, ...]
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A payment's root, locked for the rest of this transaction. `is_new` says that it was made just now, so that
    nothing hangs on it yet."""

    row: Any
    is_new: bool


@dataclass(frozen=True, slots=True)
class Root:
    """Everything known of a payment, with what the steps after the books need."""

    payment: Any
    is_new: bool
    donation: Any | None
    facts: PaymentFacts
    timezone: str
    closed_until: date | None


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


def record_movement(conn: Connection, movement: Movement, *, at: datetime) -> Known | None:
    """Write a balance transaction; lock the root of the charge it belongs to. Gives that root, if there is one."""
    known = None if movement.charge_id is None else lock_root(conn, movement.charge_id, at=at)
    said = {name: getattr(movement, name) for name in _MOVEMENT_COLUMNS}
    _UPSERT_MOVEMENT.run(conn, {**said, "payment_id": known.row.id if known else None})
    return Known(known.row, is_new=False) if known else None


def lock_root(conn: Connection, charge_id: str, *, at: datetime) -> Known:
    """Lock the root of a charge, made empty if nothing was known of it."""
    payment_id = new_id()
    row = _UPSERT_ROOT.one(conn, {"id": payment_id, "charge_id": charge_id, "first_seen_at": at})
    return Known(row, is_new=row.id == payment_id)


def load_root(conn: Connection, known: Known) -> Root:
    """All that is known of a payment whose root this transaction has locked; locks its donation too, because the
    donation's state follows from all its payments."""
    payment, donation = known.row, None
    shares: tuple[tuple[int, int], ...] = ()
    if payment.donation_id is not None:
        house = donation = _DONATION.one(conn, {"donation_id": payment.donation_id})
        shares = tuple((row.fund_id, row.amount_minor) for row in _SHARES.all(conn, {"donation_id": donation.id}))
    else:
        house = _HOUSE.one(conn, {})
    movements = [] if known.is_new else _MOVEMENTS.all(conn, {"payment_id": payment.id})
    facts = PaymentFacts(
        payment_id=payment.id,
        charge_id=payment.charge_id,
        amount=Money(payment.amount_minor, payment.currency) if payment.amount_minor else None,
        succeeded_at=payment.succeeded_at,
        failed_at=payment.failed_at,
        shares=shares,
        fee_bearer=donation.fee_bearer if donation is not None else "fund",
        general_fund_id=house.general_fund_id,
        suspense_fund_id=house.suspense_fund_id,
        settlement_currencies=tuple(house.settlement_currencies),
        movements=tuple(Movement(charge_id=payment.charge_id, **row._asdict()) for row in movements),
    )
    return Root(payment, known.is_new, donation, facts, house.timezone, house.closed_until)


_MOVEMENT_COLUMNS = (
    "id", "source_id", "type", "reporting_category", "balance_type", "amount_minor", "fee_minor", "net_minor",
    "currency", "exchange_rate", "created_at", "available_on", "description",
)  # fmt: skip
_payment: Table = Payment.__table__  # type: ignore[assignment]
_movement: Table = BalanceTransaction.__table__  # type: ignore[assignment]

_HOUSE_COLUMNS = (
    Organisation.settlement_currencies,
    Organisation.timezone,
    select(Fund.id).where(Fund.kind == "general").scalar_subquery().label("general_fund_id"),
    select(Fund.id).where(Fund.kind == "suspense").scalar_subquery().label("suspense_fund_id"),
    select(func.max(Period.ends_on)).where(Period.state == "closed").scalar_subquery().label("closed_until"),
)
_HOUSE = Prepared(select(*_HOUSE_COLUMNS).where(Organisation.id == 1))
_DONATION = Prepared(
    select(Donation.__table__, Appeal.period, *_HOUSE_COLUMNS)
    .join(Appeal, Appeal.id == Donation.appeal_id)
    .join(Organisation, Organisation.id == 1)
    .where(Donation.id == bindparam("donation_id"))
    # NO KEY UPDATE: a payment of the same donation that another transaction is writing refers to its key only.
    .with_for_update(of=Donation.__table__, key_share=True)
)
_SHARES = Prepared(
    select(Allocation.fund_id, Allocation.amount_minor)
    .where(Allocation.donation_id == bindparam("donation_id"))
    .order_by(Allocation.fund_id)
)
_MOVEMENTS = Prepared(
    select(*(_movement.c[name] for name in _MOVEMENT_COLUMNS))
    .where(_movement.c.payment_id == bindparam("payment_id"))
    .order_by(_movement.c.created_at, _movement.c.id)
)


def _upsert_payment(dialect: str) -> Any:
    """Insert or complete: what is known stays, what was empty is filled in."""
    known = select(Donation.id).where(Donation.reference == bindparam("reference", type_=_payment.c.reference.type))
    names = [column.name for column in _payment.columns if column.name != "donation_id"]
    statement = upsert(dialect, _payment).values(
        donation_id=known.scalar_subquery(), **{name: bindparam(name) for name in names}
    )
    filled = [*(name for name in names if name not in ("id", "charge_id", "first_seen_at")), "donation_id"]
    return statement.on_conflict_do_update(
        index_elements=["charge_id"],
        set_={name: func.coalesce(_payment.c[name], statement.excluded[name]) for name in filled},
    ).returning(_payment)


def _upsert_root(dialect: str) -> Any:
    statement = upsert(dialect, _payment).values(
        {name: bindparam(name) for name in ("id", "charge_id", "first_seen_at")}
    )
    return statement.on_conflict_do_update(
        index_elements=["charge_id"], set_={"charge_id": statement.excluded.charge_id}
    ).returning(_payment)


def _upsert_movement(dialect: str) -> Any:
    """A balance transaction does not change; only the payment it belongs to may become known."""
    statement = upsert(dialect, _movement).values(
        {name: bindparam(name) for name in (*_MOVEMENT_COLUMNS, "payment_id")}
    )
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"payment_id": func.coalesce(_movement.c.payment_id, statement.excluded.payment_id)},
    )


_UPSERT_PAYMENT, _UPSERT_ROOT = Prepared(_upsert_payment), Prepared(_upsert_root)
_UPSERT_MOVEMENT = Prepared(_upsert_movement)
