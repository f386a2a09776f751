"""Classification of money that no rule can place: payments without a reference, and Stripe transactions of an unknown
kind. A treasurer decides, with a reason and, where the organisation requires two approvals, a second person. The
decision is a fact; the ledger converges on it, and on a later one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, update
from sqlalchemy.engine import Connection

from donations import approvals, facts, giving
from donations.bookkeeping import OF_AN_UNKNOWN_TRANSACTION, is_of_unknown_kind
from donations.errors import (
    AlreadyDone,
    DecisionWaiting,
    MatchedBefore,
    NothingToDecide,
    NotUnclassified,
    SentBefore,
)
from donations.extensions import db
from donations.models import BalanceTransaction, Classification, Fund, Match, Payment
from donations.reconciliation import balance_transactions

MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision: that a payment (`charge_id`), or a Stripe transaction (`balance_transaction_id`, with the `account`
    on its other side), belongs to a fund. `form_key` is made by the form, so that it is decided once."""

    form_key: str
    fund_id: int
    reason: str
    charge_id: str | None = None
    balance_transaction_id: str | None = None
    account: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision as a page shows it; `minor` and `currency` are of the payment or transaction that it is about."""

    id: int
    charge_id: str | None
    balance_transaction_id: str | None
    fund_id: int
    account: int | None
    reason: str
    state: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    minor: int
    currency: str


def ask(conn: Connection, asked: Asked, *, actor: str, at: datetime) -> Classification:
    """Decide at once, or keep the decision for a second person. The same form sent again is the same decision. Raises
    NothingToDecide for a payment that is unknown or a fund that cannot take it, NotUnclassified for a transaction whose
    kind is known, MatchedBefore, DecisionWaiting, SentBefore; then nothing is written."""
    payment = _lock(conn, asked.charge_id, asked.balance_transaction_id, at=at)
    known = db.session.scalar(select(Classification).where(Classification.form_key == asked.form_key))
    if known is not None:
        if _asked(known, asked.charge_id) != asked:
            raise SentBefore()
        return known
    _check(
        asked.charge_id, payment, db.session.get_one(Fund, asked.fund_id), asked.balance_transaction_id, asked.account
    )
    row = Classification(
        form_key=asked.form_key, payment_id=payment.id if payment else None,
        balance_transaction_id=asked.balance_transaction_id, fund_id=asked.fund_id, account=asked.account,
        reason=asked.reason, state="requested", requested_by=actor, requested_at=at,
    )  # fmt: skip
    if db.session.scalar(select(func.count()).where(_same_thing(row), Classification.state == "requested")):
        raise DecisionWaiting()
    db.session.add(row)
    db.session.flush()
    if not needs_another():
        _make(conn, row, payment, actor=actor, at=at)
    return row


def decide(conn: Connection, number: int, *, yes: bool, actor: str, at: datetime) -> Classification:
    """The second person's answer. The requester withdraws it by a no. Raises NeedsAnother, AlreadyDone, and what ask
    raises, on the ledger as it is now."""
    row = db.session.get_one(Classification, number)
    charge = db.session.get_one(Payment, row.payment_id).charge_id if row.payment_id is not None else None
    payment = _lock(conn, charge, row.balance_transaction_id, at=at)
    db.session.refresh(row, with_for_update=True)
    if row.state != "requested":
        raise AlreadyDone()
    if not yes:
        row.state, row.decided_by, row.decided_at = "refused", actor, at
        db.session.flush()
        return row
    approvals.check_second(row.requested_by, by=actor, at=at)
    _check(charge, payment, db.session.get_one(Fund, row.fund_id), row.balance_transaction_id, row.account)
    _make(conn, row, payment, actor=actor, at=at)
    return row


def find(conn: Connection, number: int) -> Shown | None:
    """A decision with what it is about, or None."""
    row = conn.execute(_SHOWN.where(_classification.c.id == number)).first()
    return Shown(**row._asdict()) if row is not None else None


def find_transaction(conn: Connection, balance_transaction_id: str) -> Any:
    """A Stripe transaction of a kind that a person must name, or None."""
    row = conn.execute(select(_transaction).where(_transaction.c.id == balance_transaction_id)).first()
    return row if row is not None and is_of_unknown_kind(row.reporting_category) else None


def history(conn: Connection, balance_transaction_id: str) -> list[Shown]:
    """Every decision about a Stripe transaction, the newest first."""
    asked = _SHOWN.where(_classification.c.balance_transaction_id == balance_transaction_id).order_by(
        _classification.c.id.desc()
    )
    return [Shown(**row._asdict()) for row in conn.execute(asked)]


def latest(conn: Connection) -> list[Shown]:
    """The decisions about Stripe transactions that hold, the newest first."""
    made = (_classification.c.balance_transaction_id.is_not(None), _classification.c.state == "made")
    rows = conn.execute(_SHOWN.where(*made).order_by(_classification.c.decided_at.desc()).limit(MAX_SHOWN))
    return [Shown(**row._asdict()) for row in rows]


def needs_another() -> bool:
    """Whether a second person must agree before money gets its purpose."""
    return approvals.required() > 1


def _lock(
    conn: Connection, charge_id: str | None, balance_transaction_id: str | None, *, at: datetime
) -> Payment | None:
    """Lock what is decided about, so that two decisions take turns: the payment's root always first. Returns the
    payment itself where the decision is about one. Raises NothingToDecide if there is no such thing."""
    if charge_id is not None:
        found = db.session.scalar(select(Payment).where(Payment.charge_id == charge_id))
        if found is None or found.amount_minor is None:  # Of some charges only a refund or so is known.
            raise NothingToDecide(charge=charge_id, fund="")
        facts.lock_root(conn, charge_id, at=at)
        return found
    row = db.session.get(BalanceTransaction, balance_transaction_id)
    if row is None:
        raise NotUnclassified()
    if row.payment_id is not None:
        facts.lock_root(conn, db.session.get_one(Payment, row.payment_id).charge_id, at=at)
    db.session.refresh(row, with_for_update=True)
    return None


def _check(
    charge_id: str | None, payment: Payment | None, fund: Fund, balance_transaction_id: str | None, account: int | None
) -> None:
    if payment is not None:
        if fund.appeal_id is None:
            raise NothingToDecide(charge=charge_id, fund=fund.slug)
        return
    transaction = db.session.get_one(BalanceTransaction, balance_transaction_id)
    if not is_of_unknown_kind(transaction.reporting_category) or account not in OF_AN_UNKNOWN_TRANSACTION:
        raise NotUnclassified()
    if fund.kind == "suspense":
        raise NothingToDecide(charge=balance_transaction_id, fund=fund.slug)
    # A line that was matched to it explains money that would no longer be in transit.
    refs = [transaction.id, transaction.source_id or transaction.id]
    matched = (Match.kind.in_(("own_account", "stripe_topup")), Match.target.in_(refs), Match.state == "confirmed")
    if db.session.scalar(select(func.count()).where(*matched)):
        raise MatchedBefore()


def _make(conn: Connection, row: Classification, payment: Payment | None, *, actor: str, at: datetime) -> None:
    if row.balance_transaction_id is not None:
        earlier = (Classification.balance_transaction_id == row.balance_transaction_id, Classification.state == "made")
        db.session.execute(update(Classification).where(*earlier).values(state="replaced"))
    row.state, row.decided_by, row.decided_at = "made", actor, at
    db.session.flush()
    if payment is not None:
        fund = db.session.get_one(Fund, row.fund_id)
        giving.assign(conn, payment.charge_id, fund, reason=row.reason, actor=actor, at=at)
    else:
        assert row.balance_transaction_id is not None
        balance_transactions.book_again(conn, row.balance_transaction_id, at=at)


def _same_thing(row: Classification) -> ColumnElement[bool]:
    if row.payment_id is not None:
        return Classification.payment_id == row.payment_id
    return Classification.balance_transaction_id == row.balance_transaction_id


def _asked(row: Classification, charge_id: str | None) -> Asked:
    return Asked(row.form_key, row.fund_id, row.reason, charge_id, row.balance_transaction_id, row.account)


_classification: Table = Classification.__table__  # type: ignore[assignment]
_transaction: Table = BalanceTransaction.__table__  # type: ignore[assignment]
_payment: Table = Payment.__table__  # type: ignore[assignment]
_SHOWN = (
    select(
        _classification.c.id, _payment.c.charge_id, _classification.c.balance_transaction_id, _classification.c.fund_id,
        _classification.c.account, _classification.c.reason, _classification.c.state, _classification.c.requested_by,
        _classification.c.requested_at, _classification.c.decided_by, _classification.c.decided_at,
        func.coalesce(_transaction.c.amount_minor, _payment.c.amount_minor).label("minor"),
        func.coalesce(_transaction.c.currency, _payment.c.currency).label("currency"),
    )
    .outerjoin(_transaction, _transaction.c.id == _classification.c.balance_transaction_id)
    .outerjoin(_payment, _payment.c.id == _classification.c.payment_id)
)  # fmt: skip
