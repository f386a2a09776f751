"""The only writer of entries. It makes the ledger converge on the entries that bookkeeping calls for: a missing entry
is posted, a changed one reversed and posted again, one no longer called for reversed. Nothing is edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import PUBLIC_ACCOUNTS, Line, Wanted
from donations.models import Appeal, Entry, Fund, Posting
from donations.models.base import new_id
from donations.periods import first_open_day
from donations.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Posted:
    """One line that was posted just now, with the day it counts on."""

    line: Line
    entry_date: date
    kind: str


@dataclass(slots=True)
class _Kept:
    """An entry as the ledger has it."""

    id: int
    key: str
    kind: str
    revision: int
    reverses: int | None
    entry_date: date
    fact_date: date
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """The entries about to be written for one source."""

    conn: Connection
    source: tuple[str, int]
    at: datetime
    day_of: Callable[[datetime], date]
    closed_until: date | None
    actor: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    postings: list[dict[str, Any]] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)

    def enter(self, want: Wanted, revision: int) -> None:
        """Add an entry, dated by its fact."""
        day = self.day_of(want.happened_at)
        self.add(want.key, want.kind, revision, None, want.lines, entry_date=day, fact_date=day)

    def reverse(self, have: _Kept) -> None:
        """Add the reversal of a live entry, under its key and revision and dated like it, so that no period holds one
        without the other."""
        mirrored = tuple(replace(line, minor=-line.minor) for line in have.lines)
        dates = {"entry_date": have.entry_date, "fact_date": have.fact_date}
        self.add(f"{have.key}:reversed", have.kind, have.revision, have.id, mirrored, **dates)

    def add(
        self,
        key: str,
        kind: str,
        revision: int,
        reverses: int | None,
        lines: tuple[Line, ...],
        *,
        entry_date: date,
        fact_date: date,
    ) -> None:
        """Add an entry of these lines, on the first open day if its own is closed."""
        entry_date = self._open_day(entry_date, lines)
        entry_id = new_id()
        self.entries.append(
            {
                "id": entry_id,
                "entry_date": entry_date,
                "fact_date": fact_date,
                "posted_at": self.at,
                "kind": kind,
                "idem_key": key,
                "revision": revision,
                "reverses": reverses,
                "actor": self.actor,
                "memo": "",
                "source_type": self.source[0],
                "source_id": self.source[1],
            }
        )
        for number, line in enumerate(lines, start=1):
            self._post(entry_id, number, line)
            self.posted.append(Posted(line, entry_date, kind))

    def _open_day(self, day: date, lines: tuple[Line, ...]) -> date:
        """The day, or the first later one on which nothing is changed that was signed (a closed period of the ledger)
        or is final (the result of an appeal that counts by month, quarter or year)."""
        if self.closed_until is not None:
            day = max(day, self.closed_until + timedelta(days=1))
        today = self.day_of(self.at)
        if (day.year, day.month) == (today.year, today.month):  # No appeal's period has ended since.
            return day
        for fund_id in {line.fund_id for line in lines if line.account in PUBLIC_ACCOUNTS}:
            home = _PERIOD.first(self.conn, {"of_fund": fund_id})
            if home is not None and home.period is not None:
                day = max(day, first_open_day(home.period, today))
        return day

    def _post(self, entry_id: int, number: int, line: Line) -> None:
        self.postings.append(
            {
                "entry_id": entry_id,
                "line": number,
                "account": line.account,
                "fund_id": line.fund_id,
                "currency": line.currency,
                "amount_minor": line.minor,
                "clear_ref": line.clear_ref,
            }
        )


def converge(
    conn: Connection,
    source: tuple[str, int],
    wanted: Iterable[Wanted],
    *,
    at: datetime,
    day_of: Callable[[datetime], date],
    closed_until: date | None,
    is_new: bool = False,
    actor: str = "stripe",
) -> list[Posted]:
    """Make the entries of one source (its type and id) what `wanted` says. Returns the lines that were posted,
    reversals included; none if nothing changed. The caller holds the lock of the source; `is_new` says that it was made
    in this transaction, so that no entry can exist yet. `closed_until` is the last closed day: a fact from before it,
    or from a period of its appeal that is final, is entered on the first open day, and its own day is kept beside."""
    kept = [] if is_new else _kept(conn, source)
    live = _live(kept)
    revisions = _last_revisions(kept)
    batch = Batch(conn, source, at, day_of, closed_until, actor)
    for want in wanted:
        have = live.pop(want.key, None)
        if have is not None and sorted(have.lines, key=_order) == sorted(want.lines, key=_order):
            continue
        if have is not None:
            batch.reverse(have)
        batch.enter(want, revisions[want.key] + 1)
    for have in live.values():
        batch.reverse(have)
    _write(conn, batch)
    return batch.posted


def _write(conn: Connection, batch: Batch) -> None:
    if not batch.entries:
        return
    _INSERT_POSTINGS.run_many(conn, batch.postings)
    _INSERT_ENTRIES.run_many(conn, batch.entries)  # The entry is the seal: the triggers check its postings here.


def _kept(conn: Connection, source: tuple[str, int]) -> list[_Kept]:
    entries: dict[int, _Kept] = {}
    for row in _KEPT.all(conn, {"source_type": source[0], "source_id": source[1]}):
        head = _Kept(row.id, row.idem_key, row.kind, row.revision, row.reverses, row.entry_date, row.fact_date)
        entry = entries.setdefault(row.id, head)
        if row.account is not None:  # An entry that lost its postings still has its key and revision.
            entry.lines.append(Line(row.account, row.fund_id, row.currency, row.amount_minor, row.clear_ref))
    return list(entries.values())


def _live(kept: list[_Kept]) -> dict[str, _Kept]:
    reversed_ids = {entry.reverses for entry in kept if entry.reverses is not None}
    return {entry.key: entry for entry in kept if entry.reverses is None and entry.id not in reversed_ids}


def _last_revisions(kept: list[_Kept]) -> dict[str, int]:
    revisions: dict[str, int] = defaultdict(int)
    for entry in kept:
        if entry.reverses is None:
            revisions[entry.key] = max(revisions[entry.key], entry.revision)
    return revisions


def _order(line: Line) -> tuple[int, int, str, int, str]:
    return (line.account, line.fund_id, line.currency, line.minor, line.clear_ref or "")


_entry: Table = Entry.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
_PERIOD = Prepared(select(Appeal.period).join(Fund, Fund.appeal_id == Appeal.id).where(Fund.id == bindparam("of_fund")))
_INSERT_POSTINGS = Prepared(insert(_posting))
_INSERT_ENTRIES = Prepared(insert(_entry))
_KEPT = Prepared(
    select(
        _entry.c.id,
        _entry.c.idem_key,
        _entry.c.kind,
        _entry.c.revision,
        _entry.c.reverses,
        _entry.c.entry_date,
        _entry.c.fact_date,
        _posting.c.account,
        _posting.c.fund_id,
        _posting.c.currency,
        _posting.c.amount_minor,
        _posting.c.clear_ref,
    )
    .outerjoin(_posting, _posting.c.entry_id == _entry.c.id)
    .where(_entry.c.source_type == bindparam("source_type"), _entry.c.source_id == bindparam("source_id"))
    .order_by(_entry.c.id, _posting.c.line)
)
