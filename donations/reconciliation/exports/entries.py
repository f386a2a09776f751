"""What every export is made of: the entries of a period with their postings, one after the other from the database, and
the balances before and after them. How a format writes them is not known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Table, case, func, select
from sqlalchemy.engine import Connection

from donations.models import Account, Entry, Fund, Organisation, Posting
from donations.money import exponent

AT_A_TIME = 5_000  # rows held from the database: what bounds the memory


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of an export: entries dated from one day to another, both included; of one fund, of one currency. An
    entry balances in each fund and currency by itself, so what is left of it always balances; a selection of accounts
    does not, and is for tables only."""

    since: date | None = None
    until: date | None = None
    fund_id: int | None = None
    currency: str | None = None
    accounts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account of one fund held before the period and after it, in minor units."""

    account: int
    fund: str
    currency: str
    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A posting: `+` debit, `-` credit, minor units. `fund` is the fund's slug."""

    account: int
    fund: str
    currency: str
    minor: int
    clear_ref: str | None


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """`number` begins with a letter, so that no spreadsheet rounds it."""

    number: str
    entry_date: date
    fact_date: date
    kind: str
    lines: tuple[BookedLine, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """The part of the ledger that is written. `accounts` are (name, kind) by code; `entries` can be gone through once,
    in order of day and number; `postings` is how many lines they have."""

    organisation: str
    currency: str
    scope: Scope
    accounts: dict[int, tuple[str, str]]
    balances: tuple[Balance, ...]
    postings: int
    entries: Iterable[BookedEntry]


def extract(conn: Connection, scope: Scope, *, progress: Callable[[int], None] | None = None) -> Extract:
    """The entries within the scope. They are read as they are asked for, while the connection stays open."""
    house = Organisation.get()
    accounts = {row.code: (row.name, row.kind) for row in conn.execute(select(Account.__table__))}
    funds: dict[int, str] = {row.id: row.slug for row in conn.execute(select(Fund.id, Fund.slug))}
    balances, postings = _balances(conn, scope, funds)
    entries = _entries(conn, scope, funds, progress or (lambda _: None))
    return Extract(house.name, house.currency, scope, accounts, balances, postings, entries)


def major(minor: int, currency: str) -> str:
    """Major units with all decimals of the currency and a dot: -1234.50."""
    places = exponent(currency)
    if not places:
        return str(minor)
    whole, part = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{places}d}"


def _entries(
    conn: Connection, scope: Scope, funds: dict[int, str], progress: Callable[[int], None]
) -> Iterator[BookedEntry]:
    rows = conn.execute(_of_scope(_IN_ORDER, scope, dated=True).execution_options(yield_per=AT_A_TIME))
    for _, of_entry in groupby(rows, key=lambda row: row.id):
        found = list(of_entry)
        head = found[0]
        lines = tuple(
            BookedLine(row.account, funds[row.fund_id], row.currency, int(row.amount_minor), row.clear_ref)
            for row in found
        )
        yield BookedEntry(f"E{head.id}", head.entry_date, head.fact_date, head.kind, lines)
        progress(len(lines))


def _balances(conn: Connection, scope: Scope, funds: dict[int, str]) -> tuple[tuple[Balance, ...], int]:
    """Of all that ever moved up to the end of the period; how many postings lie inside it."""
    before = _entry.c.entry_date < scope.since if scope.since is not None else None
    opening: Any = func.sum(case((before, _posting.c.amount_minor), else_=0)) if before is not None else 0 * _COUNT
    inside: Any = func.sum(case((before, 0), else_=1)) if before is not None else _COUNT
    asked = select(*_PLACE, opening.label("opening"), _CLOSING.label("closing"), inside.label("inside"))
    asked = _of_scope(asked.join_from(_posting, _entry), scope, dated=False).group_by(*_PLACE).order_by(*_PLACE)
    rows = conn.execute(asked).all()
    found = (
        Balance(row.account, funds[row.fund_id], row.currency, int(row.opening), int(row.closing))
        for row in rows
        if row.inside or row.closing or row.opening
    )
    return tuple(found), sum(int(row.inside) for row in rows)


def _of_scope(asked: Any, scope: Scope, *, dated: bool) -> Any:
    """Only what is within the scope; without `dated` also what was before it."""
    if dated and scope.since is not None:
        asked = asked.where(_entry.c.entry_date >= scope.since)
    if scope.until is not None:
        asked = asked.where(_entry.c.entry_date <= scope.until)
    if scope.fund_id is not None:
        asked = asked.where(_posting.c.fund_id == scope.fund_id)
    if scope.currency is not None:
        asked = asked.where(_posting.c.currency == scope.currency)
    if scope.accounts:
        asked = asked.where(_posting.c.account.in_(scope.accounts))
    return asked


_entry: Table = Entry.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
_PLACE = (_posting.c.account, _posting.c.fund_id, _posting.c.currency)
_COUNT, _CLOSING = func.count(), func.sum(_posting.c.amount_minor)
_IN_ORDER = (
    select(_entry.c.id, _entry.c.entry_date, _entry.c.fact_date, _entry.c.kind, *_PLACE)
    .add_columns(_posting.c.amount_minor, _posting.c.clear_ref)
    .join_from(_entry, _posting)
    .order_by(_entry.c.entry_date, _entry.c.id, _posting.c.line)
)
