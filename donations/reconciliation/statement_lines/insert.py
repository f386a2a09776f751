"""Write the result of a comparison: new lines in bulk, further wordings of stored lines, evidence, questions.
With a hundred thousand rows, what SQLAlchemy does for each value would cost as much as the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from donations import privacy
from donations.models import StatementLine, StatementLineQuestion, StatementLineVersion
from donations.models.base import new_id
from donations.reconciliation.readers import ReadLine
from donations.reconciliation.statement_lines import details, evidence
from donations.reconciliation.statement_lines.comparison import Compared, Doubt
from donations.reconciliation.statement_lines.evidence import Hashes

BATCH, MAX_PAYERS = 1000, 20_000
PAYER_PURPOSE = "bank payer"


def write(
    conn: Connection,
    account_id: int,
    statement_ids: list[int],
    compared: Compared,
    at: datetime,
    progress: Callable[[int], object],
    *,
    later: Mapping[int, Doubt],
) -> None:
    """Write the new lines; those of `later` as questions for a person. Stored lines get the words that this file
    adds."""
    is_sqlite = conn.dialect.name == "sqlite"
    rows = _rows(account_id, statement_ids, compared, at, date.isoformat if is_sqlite else _as_it_is, later)
    insert_many = _insert if is_sqlite else _copy
    with _room_for_indexes(conn):
        while batch := list(islice(rows, BATCH)):
            cursor = conn.connection.cursor()
            insert_many(cursor, _LINES, [line for line, _ in batch])
            insert_many(cursor, _EVIDENCE, [piece for _, pieces in batch for piece in pieces])
            progress(len(batch))
    if later or compared.updates:
        _write_rest(conn, account_id, statement_ids, compared, at, later)


def _write_rest(
    conn: Connection, account_id: int, statement_ids: list[int], compared: Compared, at: datetime,
    later: Mapping[int, Doubt],
) -> None:  # fmt: skip
    hashes = Hashes(account_id)
    lines = list(compared.lines())
    statement_of = {
        place: statement_id for nth, statement_id in enumerate(statement_ids) for place in compared.places_of(nth)
    }
    for place, (line_id, how) in compared.updates.items():
        absorb(conn, line_id, lines[place], compared.keys[place], hashes, how=how, by=statement_of[place], at=at)
    for place, doubt in later.items():
        line, question_id = lines[place], new_id()
        sealed = privacy.seal(details.made(line), question_identity(question_id))
        conn.execute(insert(_question).values(
            id=question_id, statement_line_id=doubt.line_id, statement_id=statement_of[place], position=place + 1,
            reason=doubt.reason, booked_on=line.booked_on, amount_minor=line.amount.minor,
            currency=line.amount.currency, details_sealed=sealed, dedupe_key=compared.keys[place], state="open",
            personal_until=privacy.donor_data_until(at.date()),
        ))  # fmt: skip


def question_identity(question_id: int) -> str:
    """The identity under which the details of a line in doubt are sealed."""
    return f"line_question:{question_id}:details"


def absorb(
    conn: Connection, line_id: int, line: ReadLine, key: bytes, hashes: Hashes, *, how: str, by: int | None,
    at: datetime,
) -> None:  # fmt: skip
    """Merge a file's version into a stored line: the texts are merged, the old text is kept as a version, and the next
    file with this wording is recognised at once. Its matches stay."""
    evidence.add_wording(conn, line_id, key, by)
    if how == "same":
        evidence.add(conn, line_id, hashes.of_line(line), by)
    if how == "whole":
        return
    row = conn.execute(_OF_LINE, {"of_line": line_id}).one()
    before = details.opened(row.details_sealed, details.identity(line_id))
    if details.is_locked(row.details_sealed):  # Its own text cannot be merged: that of the file is kept beside it.
        _keep_version(conn, line_id, details.of_line(line), row.personal_until, by=by, at=at)
        return
    after = details.with_part(before, line) if how == "part" else details.joined(before, details.of_line(line))
    if not before or after == before:
        return
    _keep_version(conn, line_id, before, row.personal_until, by=by, at=at)
    payer = row.payer_hash or (payer_hash(line.account) if line.account and how == "same" else None)
    sealed = privacy.seal(details.sealed_json(after), details.identity(line_id))
    values = {
        "details_sealed": sealed,
        "payer_hash": payer,
        "under_offline_key": False,
    }  # The offline key seals it again.
    conn.execute(update(_line).where(_line.c.id == line_id).values(values))


def _keep_version(
    conn: Connection, line_id: int, words: details.Details, until: date, *, by: int | None, at: datetime
) -> None:
    version_id = new_id()
    kept = privacy.seal(details.sealed_json(words), f"bank_line_version:{version_id}:details")
    conn.execute(insert(_version).values(
        id=version_id, statement_line_id=line_id, details_sealed=kept, replaced_by=by, replaced_at=at,
        personal_until=until,
    ))  # fmt: skip


def payer_hash(account: str) -> bytes:
    """The keyed hash of the other side's account."""
    return privacy.lookup_hash(account.replace(" ", ""), PAYER_PURPOSE)


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
        with suppress(DBAPIError):  # A fault of the connection was raised by the statement before.
            conn.exec_driver_sql(f"PRAGMA cache_size = {int(before)}")


Row = tuple[Any, ...]


def _rows(
    account_id: int, statement_ids: list[int], compared: Compared, at: datetime, kept: Callable[[date], object],
    later: Mapping[int, Doubt],
) -> Iterator[tuple[Row, list[Row]]]:  # fmt: skip
    """The values of each new line, and of its evidence. `kept` makes of a day what the driver takes."""
    seal, hashed, hashes = privacy.sealer(), privacy.hasher(PAYER_PURPOSE), Hashes(account_id)
    until = kept(privacy.donor_data_until(at.date()))
    payers: dict[str, bytes | None] = {"": None}
    days: dict[date, object] = {}
    # One after the other: drawn by chance, two of a hundred thousand could be the same.
    line_id, position = new_id(), 0
    for statement_id, statement in zip(statement_ids, compared.statements, strict=True):
        for line in statement.lines:
            place = position
            key, occurrence = compared.keys[place], compared.occurrences[place]
            position += 1
            if not occurrence or place in later:
                continue
            line_id += 1
            booked_on, amount, account = line.booked_on, line.amount, line.account
            if account not in payers:
                if len(payers) > MAX_PAYERS:
                    payers = {"": None}
                payers[account] = hashed(account.replace(" ", ""))
            day = days.get(booked_on) or days.setdefault(booked_on, kept(booked_on))
            sealed = seal(details.made(line), details.identity(line_id))
            pieces = [(line_id, kind, hash_, statement_id) for kind, hash_ in hashes.of_line(line)]
            yield (
                line_id, account_id, statement_id, position, day, amount.minor, amount.currency, sealed,
                payers[account], until, key, occurrence,
            ), pieces  # fmt: skip


_LINES = ("statement_line", (
    "id", "bank_account_id", "statement_id", "position", "booked_on", "amount_minor", "currency", "details_sealed",
    "payer_hash", "personal_until", "dedupe_key", "occurrence",
))  # fmt: skip
_EVIDENCE = ("statement_line_evidence", ("statement_line_id", "kind", "hash", "statement_id"))
Into = tuple[str, tuple[str, ...]]


def _insert(cursor: Any, into: Into, rows: list[Row]) -> None:
    table, columns = into
    marks = ", ".join("?" * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608, names only


def _copy(cursor: Any, into: Into, rows: list[Row]) -> None:
    """PostgreSQL's own way for many rows; its constraints and triggers hold as ever."""
    table, columns = into
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


def _as_it_is(day: date) -> date:
    return day


_line: Table = StatementLine.__table__  # type: ignore[assignment]
_version: Table = StatementLineVersion.__table__  # type: ignore[assignment]
_question: Table = StatementLineQuestion.__table__  # type: ignore[assignment]
_OF_LINE = select(_line.c.details_sealed, _line.c.payer_hash, _line.c.personal_until).where(
    _line.c.id == bindparam("of_line")
)
