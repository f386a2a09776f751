"""Entries reversed by a person because they should not exist: one that is in the ledger twice, one that was tampered
with. What cannot be mirrored, because it does not balance, is balanced on the account of written-off differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, insert, or_, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import Line
from donations.bookkeeping.accounts import WRITTEN_OFF
from donations.ledger.convergence import Batch, Posted
from donations.models import Entry, Fund, Organisation, Posting


@dataclass(frozen=True, slots=True)
class Live:
    """An entry that is not reversed, for a person to look at."""

    id: int
    revision: int
    entry_date: date
    posted_at: datetime
    source_type: str
    source_id: int
    lines: tuple[Line, ...]


def live_entries(conn: Connection, key: str) -> list[Live]:
    """The unreversed entries of a key, the oldest revision first. There should be one."""
    rows = conn.execute(select(_entry).where(_entry.c.idem_key == key).order_by(_entry.c.revision)).all()
    lines = _lines(conn, [row.id for row in rows])
    taken_back = set(conn.scalars(select(_entry.c.reverses).where(_entry.c.reverses.in_([row.id for row in rows]))))
    return [
        Live(row.id, row.revision, row.entry_date, row.posted_at, row.source_type, row.source_id, tuple(lines[row.id]))
        for row in rows
        if row.id not in taken_back and row.reverses is None
    ]


def reverse_entry(
    conn: Connection, entry_id: int, *, at: datetime, today: date, closed_until: date | None, actor: str
) -> list[Posted]:
    """Reverse an entry, together with the reversal it may have had already: afterwards both come to nothing but their
    difference, which is posted to 5900 under `entry:<id>`. Returns the lines posted, none if there is nothing to
    reverse. The caller holds the lock of the stop."""
    pair = _pair(conn, entry_id)
    lines = _lines(conn, {entry_id, *(row.id for row in pair)})
    entry = next((row for row in pair if row.id == entry_id), None)
    ref = f"entry:{entry.reverses or entry.id if entry is not None else entry_id}"
    counter = _counter([line for one in lines.values() for line in one], ref)
    is_live = entry is not None and len(pair) == 1 and entry.reverses is None
    if is_live and not counter:
        counter = _formal(conn, ref)
    if not counter:
        return []
    source = (entry.source_type, entry.source_id) if entry is not None and is_live else ("correction", entry_id)
    batch = Batch(conn, source, at, lambda moment: today, closed_until, actor)
    day = entry.entry_date if entry is not None else today
    if entry is not None and is_live:
        batch.add(f"{entry.idem_key}:reversed", entry.kind, entry.revision, entry.id, counter,
                  entry_date=day, fact_date=entry.fact_date)  # fmt: skip
    else:
        key = f"correction:{entry_id}"
        taken = conn.scalars(select(_entry.c.revision).where(_entry.c.idem_key == key)).all()
        batch.add(key, "correction", max(taken, default=0) + 1, None, counter, entry_date=day, fact_date=day)
    conn.execute(insert(_posting), batch.postings)
    conn.execute(insert(_entry), batch.entries)  # The entry is the seal: the triggers check its postings here.
    return batch.posted


def has_tampered(conn: Connection, source: tuple[str, int]) -> bool:
    """Whether a live entry of this source (its type and id) does not balance or lacks postings: it cannot be converged
    on what the facts call for before it is reversed."""
    of_source = (_entry.c.source_type == source[0], _entry.c.source_id == source[1])
    rows = conn.execute(select(_entry.c.id, _entry.c.reverses).where(*of_source)).all()
    taken_back = {row.reverses for row in rows}
    live = [row.id for row in rows if row.reverses is None and row.id not in taken_back]
    lines = _lines(conn, live)
    return any(len(lines[one]) < 2 or _imbalance(lines[one]) for one in live)


def _imbalance(lines: Iterable[Line]) -> dict[tuple[int, str], int]:
    """By fund and currency, what the lines do not come to nothing by."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for line in lines:
        sums[line.fund_id, line.currency] += line.minor
    return {key: minor for key, minor in sums.items() if minor}


def _pair(conn: Connection, entry_id: int) -> Sequence[Any]:
    """The entry, what it reverses and what reverses it."""
    reverses = select(_entry.c.reverses).where(_entry.c.id == entry_id).scalar_subquery()
    named = or_(_entry.c.id == entry_id, _entry.c.id == reverses, _entry.c.reverses == entry_id)
    return conn.execute(select(_entry).where(named)).all()


def _lines(conn: Connection, entry_ids: Iterable[int]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    asked = select(_posting).where(_posting.c.entry_id.in_(list(entry_ids)))
    for row in conn.execute(asked.order_by(_posting.c.entry_id, _posting.c.line)):
        found[row.entry_id].append(Line(row.account, row.fund_id, row.currency, row.amount_minor, row.clear_ref))
    return found


def _counter(lines: Sequence[Line], ref: str) -> tuple[Line, ...]:
    """The lines that bring these to nothing, and what is needed to balance them by fund and currency."""
    sums: dict[tuple[int, int, str, str | None], int] = defaultdict(int)
    for line in lines:
        sums[line.account, line.fund_id, line.currency, line.clear_ref] -= line.minor
    for (fund_id, currency), minor in _imbalance(lines).items():
        sums[WRITTEN_OFF, fund_id, currency, ref] += minor
    return tuple(Line(a, f, c, minor, ref) for (a, f, c, ref), minor in sums.items() if minor)


def _formal(conn: Connection, ref: str) -> tuple[Line, ...]:
    """An entry without a posting is reversed by a penny in and out: a seal needs two postings."""
    fund_id = conn.execute(select(Fund.id).where(Fund.kind == "suspense")).scalar_one()
    currency = conn.execute(select(Organisation.currency)).scalar_one()
    return Line(WRITTEN_OFF, fund_id, currency, 1, ref), Line(WRITTEN_OFF, fund_id, currency, -1, ref)


_entry: Table = Entry.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
