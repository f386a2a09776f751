"""A payout for the person who must understand it: what it is made of, what is left unexplained and what that could be,
its statement line, whose money it is. Reads only; posting is in balance_transactions.py, the allocation in
payout_allocation.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, case, func, or_, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import PAYOUT_CATEGORIES
from donations.models import BalanceTransaction, BankAccount, Match, Payout, StatementLine
from donations.reconciliation import payout_allocation

PAGE_LENGTH, MAX_CANDIDATES, MAX_MEMBERS = 50, 20, 500
# The parts of a payout, by what Stripe reports each balance transaction as.
PARTS = {
    "gross": ("charge", "charge_failure", "partial_capture_reversal"),
    "refunds": ("refund", "refund_failure"),
    "disputes": ("dispute", "dispute_reversal"),
    "fees": ("fee", "network_cost", "tax"),
    "reserves": ("risk_reserved_funds",),
}


@dataclass(frozen=True, slots=True)
class Made:
    """What a payout is made of, in minor units: amounts by part with fees taken out of them, `unexplained` what the
    members do not come to, `net` what was sent."""

    gross: int
    refunds: int
    disputes: int
    fees: int
    reserves: int
    other: int
    unexplained: int
    net: int
    members: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the unexplained rest of a payout may be. `why`: `unpaid` (a balance transaction that was available, or comes
    to the rest, and is in no payout), `twin` (another payout of the same amount), `elsewhere` (a member of another
    payout that comes to the rest: it may have been listed in both), `surplus` (a member without which nothing would be
    left)."""

    why: str
    ref: str
    minor: int
    category: str
    fits: bool  # it comes to the whole rest by itself
    payout_id: str | None = None


def listed(conn: Connection, page: int = 1) -> list[Any]:
    """Payouts, the newest first, each with what its members come to and its statement line: a page and one more."""
    asked = _LISTED.limit(PAGE_LENGTH + 1).offset((page - 1) * PAGE_LENGTH)
    return list(conn.execute(asked, {}))


def find(conn: Connection, payout_id: str) -> Any:
    """Its row, or None."""
    return conn.execute(select(_payout).where(_payout.c.id == payout_id)).first()


def made_of(conn: Connection, payout: Any) -> Made:
    """Its parts. A payout whose members were not listed is wholly unexplained; one made by hand has no members."""
    row = conn.execute(_SUMS, {"of_payout": payout.id, "of_currency": payout.currency}).one()
    known = {name: int(minor or 0) for name, minor in row._asdict().items()}
    members = known.pop("members")
    explained = sum(known.values())
    rest = payout.amount_minor - explained if payout_allocation.has_members(payout) else 0
    return Made(**known, unexplained=rest, net=payout.amount_minor, members=members)


def unexplained_since(conn: Connection, since: datetime) -> list[str]:
    """Ids of the payouts made since then whose members were listed and do not come to them."""
    return list(conn.scalars(_UNEXPLAINED, {"since": since}))


def members(conn: Connection, payout_id: str) -> list[Any]:
    """The balance transactions that it is made of, in order."""
    return list(conn.execute(_MEMBERS, {"of_payout": payout_id}))


def candidates(conn: Connection, payout: Any, rest: int) -> list[Candidate]:
    """What the rest may be, what fits it by itself first."""
    if not rest:
        return []
    told = {"of_payout": payout.id, "of_currency": payout.currency, "rest": rest}
    unpaid = conn.execute(_UNPAID, told | {"until": payout.arrival_on}).all()
    twins = conn.execute(_TWINS, told | {"of_amount": payout.amount_minor}).all()
    found = [_candidate("unpaid", row, row.net_minor == rest) for row in unpaid]
    found += [
        Candidate("twin", row.id, row.amount_minor, "payout", fits=row.amount_minor == rest, payout_id=row.id)
        for row in twins
    ]
    if not any(one.fits for one in found):
        found += [_candidate("elsewhere", row, fits=True) for row in conn.execute(_ELSEWHERE, told)]
    found += [_candidate("surplus", row, fits=True) for row in conn.execute(_SURPLUS, told)]
    return sorted(found, key=lambda one: not one.fits)[:MAX_CANDIDATES]


def statement_line(conn: Connection, payout_id: str) -> Any:
    """The line of a bank statement that it was matched to, or None."""
    return conn.execute(_LINE, {"of_payout": payout_id}).first()


def by_fund(conn: Connection, payout: Any) -> Sequence[tuple[int, int]]:
    """(fund id, minor units) of it, positive towards the bank."""
    return payout_allocation.parts_of(conn, payout)


def is_estimated(payout: Any) -> bool:
    """Whether its division over the funds is an estimate, because Stripe names no members of it."""
    return payout_allocation.is_estimated(payout)


def _candidate(why: str, row: Any, fits: bool) -> Candidate:
    return Candidate(why, row.id, row.net_minor, row.reporting_category, fits, row.payout_id)


def _part(categories: Sequence[str]) -> ColumnElement[Any]:
    return func.sum(case((_transaction.c.reporting_category.in_(categories), _transaction.c.amount_minor), else_=0))


_payout: Table = Payout.__table__  # type: ignore[assignment]
_transaction: Table = BalanceTransaction.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_statement_line: Table = StatementLine.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_named = tuple(category for categories in PARTS.values() for category in categories)
_of_members = (
    _transaction.c.payout_id == bindparam("of_payout"),
    _transaction.c.reporting_category.not_in(sorted(PAYOUT_CATEGORIES)),
    _transaction.c.currency == bindparam("of_currency"),
)
_SUMS = select(
    _part(PARTS["gross"]).label("gross"),
    _part(PARTS["refunds"]).label("refunds"),
    _part(PARTS["disputes"]).label("disputes"),
    # What Stripe takes by itself, and what it keeps of each balance transaction.
    (_part(PARTS["fees"]) - func.sum(_transaction.c.fee_minor)).label("fees"),
    _part(PARTS["reserves"]).label("reserves"),
    func.sum(case((_transaction.c.reporting_category.in_(_named), 0), else_=_transaction.c.amount_minor)).label(
        "other"
    ),
    func.count().label("members"),
).where(*_of_members)
_MEMBERS = (
    select(_transaction)
    .where(_transaction.c.payout_id == bindparam("of_payout"))
    .where(_transaction.c.reporting_category.not_in(sorted(PAYOUT_CATEGORIES)))
    .order_by(_transaction.c.created_at, _transaction.c.id)
    .limit(MAX_MEMBERS)
)
_one_transaction = select(
    _transaction.c.id, _transaction.c.net_minor, _transaction.c.reporting_category, _transaction.c.payout_id
).where(
    _transaction.c.currency == bindparam("of_currency"),
    _transaction.c.reporting_category.not_in(sorted(PAYOUT_CATEGORIES)),
)  # fmt: skip
_UNPAID = (
    _one_transaction.where(_transaction.c.payout_id.is_(None))
    .where(
        or_(
            _transaction.c.available_on <= bindparam("until", type_=_transaction.c.available_on.type),
            _transaction.c.net_minor == bindparam("rest"),
        )
    )
    .order_by(_transaction.c.net_minor != bindparam("rest"), _transaction.c.available_on.desc(), _transaction.c.id)
    .limit(MAX_CANDIDATES)
)
_ELSEWHERE = (
    _one_transaction.where(
        _transaction.c.payout_id != bindparam("of_payout"), _transaction.c.net_minor == bindparam("rest")
    )
    .order_by(_transaction.c.created_at.desc(), _transaction.c.id)
    .limit(5)
)
_SURPLUS = (
    _one_transaction.where(
        _transaction.c.payout_id == bindparam("of_payout"), _transaction.c.net_minor == -bindparam("rest")
    )
    .order_by(_transaction.c.id)
    .limit(MAX_CANDIDATES)
)
_TWINS = (
    select(_payout.c.id, _payout.c.amount_minor)
    .where(_payout.c.amount_minor == bindparam("of_amount"), _payout.c.currency == bindparam("of_currency"))
    .where(_payout.c.id != bindparam("of_payout"))
    .order_by(_payout.c.arrival_on.desc(), _payout.c.id)
    .limit(MAX_CANDIDATES)
)
_lines_of = (_match.c.kind == "payout", _match.c.state == "confirmed")
_LINE = (
    select(_statement_line.c.id, _statement_line.c.booked_on, _statement_line.c.amount_minor, _account.c.name)
    .join_from(_match, _statement_line, _statement_line.c.id == _match.c.statement_line_id)
    .join(_account, _account.c.id == _statement_line.c.bank_account_id)
    .where(*_lines_of, _match.c.target == bindparam("of_payout"))
    .order_by(_statement_line.c.booked_on.desc())
    .limit(1)
)
_come_to = (
    select(func.coalesce(func.sum(_transaction.c.net_minor), 0))
    .where(_transaction.c.payout_id == _payout.c.id, _transaction.c.currency == _payout.c.currency)
    .where(_transaction.c.reporting_category.not_in(sorted(PAYOUT_CATEGORIES)))
    .scalar_subquery()
)
_UNEXPLAINED = select(_payout.c.id).where(
    _payout.c.automatic, _payout.c.members_listed, _payout.c.amount_minor > 0,
    _payout.c.created_at >= bindparam("since", type_=_payout.c.created_at.type), _come_to != _payout.c.amount_minor,
)  # fmt: skip
_LISTED = (
    select(
        _payout,
        _come_to.label("of_members"),
        select(func.max(_match.c.statement_line_id))
        .where(*_lines_of, _match.c.target == _payout.c.id)
        .scalar_subquery()
        .label("line_id"),
    )
    .order_by(_payout.c.arrival_on.desc(), _payout.c.created_at.desc(), _payout.c.id)
)  # fmt: skip
