"""Sums of what was posted up to a mark, so that a page need not add up every posting: calculated from the ledger alone,
discarded and calculated again each time. The reader adds what was posted since; entries up to the mark never change.
Only pages read them: approvals, receipts and exports read the postings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Table, bindparam, cast, delete, func, insert, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import CLEARING
from donations.models import BalanceSnapshot, DailyTotalSnapshot, Entry, OpenItemSnapshot, Posting
from donations.models.base import least_id

# Ids are made in order of time, but a transaction may still be on its way: nothing younger than this is marked.
MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """Sums up to and with the entry `through`, as rows of the three tables."""

    through: int
    balances: Sequence[dict[str, Any]]
    days: Sequence[dict[str, Any]]
    rests: Sequence[dict[str, Any]]


def calculate(conn: Connection, *, at: datetime) -> Marks:
    """Add up every posting of entries made an hour before that moment and earlier."""
    through = int(conn.execute(_THROUGH, {"before": least_id(at - MARGIN)}).scalar_one())
    told = {"through": through}
    balances = [{**row._asdict(), **told} for row in conn.execute(_BALANCES, told)]
    days = [{**row._asdict(), **told} for row in conn.execute(_DAYS, told)]
    return Marks(through, balances, days, [{**row._asdict(), **told} for row in conn.execute(_RESTS, told)])


def keep(conn: Connection, marks: Marks) -> None:
    """Put them in the place of the earlier ones."""
    for table, rows in ((_balance, marks.balances), (_day, marks.days), (_rest, marks.rests)):
        conn.execute(delete(table))
        if rows:
            conn.execute(insert(table), list(rows))


_balance: Table = BalanceSnapshot.__table__  # type: ignore[assignment]
_day: Table = DailyTotalSnapshot.__table__  # type: ignore[assignment]
_rest: Table = OpenItemSnapshot.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
_entry: Table = Entry.__table__  # type: ignore[assignment]
_SUM = cast(func.sum(_posting.c.amount_minor), BigInteger).label("amount_minor")
_THROUGH = select(func.coalesce(func.max(_entry.c.id), 0)).where(_entry.c.id < bindparam("before"))
_of_mark = _posting.c.entry_id <= bindparam("through")
_of_balance = (_posting.c.fund_id, _posting.c.currency, _posting.c.account)
_BALANCES = select(*_of_balance, _SUM).where(_of_mark).group_by(*_of_balance)
_of_day = (_entry.c.entry_date, _posting.c.currency, _posting.c.account)
_DAYS = (
    select(*_of_day, _SUM).join(_entry, _entry.c.id == _posting.c.entry_id).where(_of_mark).group_by(*_of_day)
)  # fmt: skip
_of_rest = (_posting.c.account, func.coalesce(_posting.c.clear_ref, "").label("clear_ref"), _posting.c.currency,
            _posting.c.fund_id)  # fmt: skip
_RESTS = (
    select(*_of_rest, _SUM, func.min(_posting.c.entry_id).label("entry_id"))
    .where(_of_mark, _posting.c.account.in_(sorted(CLEARING)))
    .group_by(*_of_rest)
    .having(func.sum(_posting.c.amount_minor) != 0)
)
