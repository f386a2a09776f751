"""Lines of statements as a multiset: each has a keyed hash of what it says and the number of its occurrence, by which
it is known again; what is new is sealed and written in bulk."""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from itertools import islice
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from donations import privacy
from donations.models import BankLine, Statement
from donations.models.base import new_id
from donations.prepared import Prepared
from donations.reconciliation.readers import ReadLine, ReadStatement

OLD = timedelta(days=730)
BATCH, MOST_PAYERS = 1000, 20_000
KEY_PURPOSE, PAYER_PURPOSE = "bank line", "bank payer"
SEPARATOR = "\x1f"


class Verdict(NamedTuple):
    """What is thought of one line. `reasons`: twin (a line of that day and amount is here under another number),
    future, old (more than two years), currency (not the account's)."""

    line: ReadLine
    verdict: str  # new, known, suspicious
    reasons: tuple[str, ...]


class Compared:
    """The lines of a file held against those that are here."""

    def __init__(self, statements: tuple[ReadStatement, ...], currency: str, at: datetime) -> None:
        self.statements, self.currency, self.today = statements, currency, at.date()
        self.keys: list[bytes] = []
        # For each line: which occurrence of its key it is; negative where that is here already.
        self.occurrences = array("l")
        self.twins: set[int] = set()
        self.new = self.known = 0

    def lines(self) -> Iterator[ReadLine]:
        for statement in self.statements:
            yield from statement.lines

    def verdicts(self) -> Iterator[Verdict]:
        for place, (line, occurrence) in enumerate(zip(self.lines(), self.occurrences, strict=True)):
            if occurrence < 0:
                yield Verdict(line, "known", ())
                continue
            reasons = (*(("twin",) if place in self.twins else ()), *self._oddities(line))
            yield Verdict(line, "suspicious" if reasons else "new", reasons)

    def odd(self) -> int:
        """How many new lines have a day or currency that is not expected."""
        last, first, own = self.today + timedelta(days=1), self.today - OLD, self.currency
        return sum(
            occurrence > 0 and not (first <= line.booked_on <= last and line.amount.currency == own)
            for line, occurrence in zip(self.lines(), self.occurrences, strict=True)
        )

    def _oddities(self, line: ReadLine) -> tuple[str, ...]:
        found = []
        if line.booked_on > self.today + timedelta(days=1):  # It may be tomorrow already where the bank is.
            found.append("future")
        elif line.booked_on < self.today - OLD:
            found.append("old")
        if line.amount.currency != self.currency:
            found.append("currency")
        return tuple(found)

    def new_of(self, place: int) -> int:
        """How many lines of the statement at this place are new."""
        start = sum(len(each.lines) for each in self.statements[:place])
        return sum(each > 0 for each in self.occurrences[start : start + len(self.statements[place].lines)])

    def first_twin(self) -> str:
        line = next(islice(self.lines(), min(self.twins), None))
        return f"{line.booked_on} {line.amount.plain()} {line.amount.currency}"


def compare(
    conn: Connection, account_id: int, currency: str, statements: tuple[ReadStatement, ...], form: str, at: datetime
) -> Compared:
    """Number the lines of the file, and find those that are here already."""
    compared = Compared(statements, currency, at)
    key_of = _keys(account_id)
    compared.keys = [key_of(line) for line in compared.lines()]
    known = _Known(conn, account_id, compared, form)
    seen: dict[bytes, int] = {}
    for key in compared.keys:
        nth = seen[key] = seen.get(key, 0) + 1
        compared.occurrences.append(-nth if nth <= known.counts.get(key, 0) else nth)
    compared.known = sum(each < 0 for each in compared.occurrences)
    compared.new = len(compared.keys) - compared.known
    if known.counts or known.has_others:
        compared.twins = known.twins(seen)
    return compared


def _keys(account_id: int) -> Callable[[ReadLine], bytes]:
    hashed = privacy.hasher(KEY_PURPOSE)
    own = str(account_id)

    def key(line: ReadLine) -> bytes:
        said = SEPARATOR.join((
            own, line.booked_on.isoformat(), str(line.amount.minor), line.amount.currency, line.native_id, line.name,
            line.account, line.text,
        ))  # fmt: skip
        return hashed(said if said.isascii() else unicodedata.normalize("NFKC", said))

    return key


class _Known:
    """The lines of this account that are here already, in the days of the file."""

    def __init__(self, conn: Connection, account_id: int, compared: Compared, form: str) -> None:
        self.conn, self.compared, self.form = conn, compared, form
        self.counts: dict[bytes, int] = {}
        self.has_others = False
        days = [line.booked_on for line in compared.lines()]
        self.params = {"of_account": account_id, "first": min(days, default=None), "last": max(days, default=None)}
        if not days:
            return
        wanted = set(compared.keys)
        for row in _KEYS_HERE.all(conn, self.params):
            key = bytes(row.dedupe_key)
            if key in wanted:
                self.counts[key] = max(self.counts.get(key, 0), row.occurrence)
            else:
                self.has_others = True

    def twins(self, seen: dict[bytes, int]) -> set[int]:
        """Places of new lines whose day and amount are those of a line here that this file does not know: either the
        bank has numbered it anew, or another format tells of it in other words. In the same format the words must
        agree."""
        strays: dict[tuple[date, int, str], list[Any]] = {}
        for row in _HERE.all(self.conn, self.params):
            if row.occurrence > seen.get(bytes(row.dedupe_key), 0):
                strays.setdefault((row.booked_on, row.amount_minor, row.currency), []).append(row)
        found: set[int] = set()
        for place, line in enumerate(self.compared.lines() if strays else ()):
            here = strays.get((line.booked_on, line.amount.minor, line.amount.currency))
            if here and self.compared.occurrences[place] > 0:
                twin = next((row for row in here if self._says_the_same(row, line)), None)
                if twin is not None:
                    here.remove(twin)
                    found.add(place)
        return found

    def _says_the_same(self, row: Any, line: ReadLine) -> bool:
        if row.format != self.form:
            return True
        sealed = self.conn.scalar(select(_line.c.details_sealed).where(_line.c.id == row.id))
        if sealed is None:
            return False
        text = privacy.unseal(sealed, f"bank_line:{row.id}:details")
        return _folded(text) == _folded(_details(line))


def _folded(details: str) -> str:
    """What a line says, but for its number at the bank."""
    return unicodedata.normalize("NFKC", details.rpartition(',"native_id":')[0]).casefold()


def _details(line: ReadLine) -> str:
    """JSON, made by hand: this runs for every line."""
    return (
        f'{{"name":{quoted(line.name)},"account":{quoted(line.account)},"text":{quoted(line.text)}'
        f',"native_id":{quoted(line.native_id)}}}'
    )


def write_lines(
    conn: Connection,
    account_id: int,
    statement_ids: list[int],
    compared: Compared,
    at: datetime,
    progress: Callable[[int], object],
) -> None:
    """Write the new lines."""
    is_sqlite = conn.dialect.name == "sqlite"
    rows = _rows(account_id, statement_ids, compared, at, date.isoformat if is_sqlite else _as_it_is)
    write = _insert if is_sqlite else _copy
    with _room_for_indexes(conn):
        while batch := list(islice(rows, BATCH)):
            write(conn.connection.cursor(), batch)
            progress(len(batch))


@contextmanager
def _room_for_indexes(conn: Connection) -> Iterator[None]:
    """Keys come by chance, so each row touches pages all over its indexes. SQLite's usual 2 MB of memory would make it
    write the same pages again and again."""
    if conn.dialect.name != "sqlite":
        yield
        return
    before = conn.exec_driver_sql("PRAGMA cache_size").scalar_one()
    conn.exec_driver_sql("PRAGMA cache_size = -32000")
    try:
        yield
    finally:
        with suppress(DBAPIError):  # What is wrong with the connection was said by the statement before.
            conn.exec_driver_sql(f"PRAGMA cache_size = {int(before)}")


def _rows(
    account_id: int, statement_ids: list[int], compared: Compared, at: datetime, kept: Callable[[date], object]
) -> Iterator[tuple[Any, ...]]:
    """The values of COLUMNS for each new line. `kept` makes of a day what the driver takes."""
    seal, hashed = privacy.sealer(), privacy.hasher(PAYER_PURPOSE)
    until = kept(privacy.donor_data_until(at.date()))
    payers: dict[str, bytes | None] = {"": None}
    days: dict[date, object] = {}
    # One after the other: drawn by chance, two of a hundred thousand could be the same.
    line_id, position = new_id(), 0
    for statement_id, statement in zip(statement_ids, compared.statements, strict=True):
        for line in statement.lines:
            key, occurrence = compared.keys[position], compared.occurrences[position]
            position += 1
            if occurrence < 0:
                continue
            line_id += 1
            _, booked_on, _, amount, _, _, account, _ = line
            if account not in payers:
                if len(payers) > MOST_PAYERS:
                    payers = {"": None}
                payers[account] = hashed(account.replace(" ", ""))
            day = days.get(booked_on) or days.setdefault(booked_on, kept(booked_on))
            sealed = seal(_details(line), f"bank_line:{line_id}:details")
            yield (
                line_id, account_id, statement_id, position, day, amount.minor, amount.currency, sealed,
                payers[account], until, key, occurrence,
            )  # fmt: skip


COLUMNS = (
    "id", "bank_account_id", "statement_id", "position", "booked_on", "amount_minor", "currency", "details_sealed",
    "payer_hash", "personal_until", "dedupe_key", "occurrence",
)  # fmt: skip


# With a hundred thousand rows, what SQLAlchemy does for each value would cost as much as the database.
_INTO = f"bank_line ({', '.join(COLUMNS)})"


def _insert(cursor: Any, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    cursor.executemany(f"INSERT INTO {_INTO} VALUES ({marks})", rows)  # noqa: S608, nothing of a file is in it


def _copy(cursor: Any, rows: list[tuple[Any, ...]]) -> None:
    """PostgreSQL's own way for many rows; its constraints and triggers hold as ever."""
    with cursor.copy(f"COPY {_INTO} FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


def _as_it_is(day: date) -> date:
    return day


_line: Table = BankLine.__table__  # type: ignore[assignment]
_statement: Table = Statement.__table__  # type: ignore[assignment]
_day = _line.c.booked_on.type
_IN_THESE_DAYS = (
    _line.c.bank_account_id == bindparam("of_account"),
    _line.c.booked_on.between(bindparam("first", type_=_day), bindparam("last", type_=_day)),
)
_KEYS_HERE = Prepared(select(_line.c.dedupe_key, _line.c.occurrence).where(*_IN_THESE_DAYS))
_HERE = Prepared(
    select(
        _line.c.id, _line.c.dedupe_key, _line.c.occurrence, _line.c.booked_on, _line.c.amount_minor, _line.c.currency,
        _statement.c.format,
    )
    .join_from(_line, _statement, _statement.c.id == _line.c.statement_id)
    .where(*_IN_THESE_DAYS)
)  # fmt: skip
