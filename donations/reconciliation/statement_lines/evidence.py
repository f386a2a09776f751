"""Evidence by which a line is recognised, as keyed hashes in a table of their own: the bank's own number, the wording
of another file, the collective entry whose part it is. identity.py decides which evidence counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import BankAccount, Statement, StatementLine, StatementLineEvidence
from donations.reconciliation.readers import ReadLine
from donations.reconciliation.statement_lines import details

NUMBER_PURPOSE, TOTAL_PURPOSE = "bank line number", "bank line total"
SEPARATOR = "\x1f"
BATCH = 500


class Here(NamedTuple):
    """A line that is here, as evidence finds it."""

    id: int
    booked_on: date
    amount_minor: int
    currency: str
    format: str
    details_sealed: bytes | None = None  # None where it was not asked for


def number_of(native_id: str) -> str:
    """The bank's own number of a line; "" where it is none, but a word, zeros, or one character over and over."""
    number = native_id.strip().casefold()
    if not any(character.isdigit() for character in number):
        return ""
    if len({character for character in number if character.isalnum()}) > 1:
        return number
    return number if number.isdecimal() and number.strip("0") and len(number) < 4 else ""


def is_counter(number: str) -> bool:
    """Whether it is so short that the next file may count from it again."""
    return len(number) <= 3 or (number.isdecimal() and len(number) <= 6)


class Hashes:
    """The keyed hashes of one account's evidence; the keys are made ready once."""

    def __init__(self, account_id: int) -> None:
        self.own = f"{account_id}{SEPARATOR}"
        self._number, self._total = privacy.hasher(NUMBER_PURPOSE), privacy.hasher(TOTAL_PURPOSE)

    def number(self, number: str) -> bytes:
        return self._number(self.own + number)

    def total(self, line: ReadLine, minor: int) -> bytes:
        said = (line.booked_on.isoformat(), str(minor), line.amount.currency)
        return self._total(self.own + SEPARATOR.join(said))

    def of_line(self, line: ReadLine) -> Iterator[tuple[str, bytes]]:
        """(kind, hash) of all evidence in a file by which a line may be recognised, except its wording."""
        number = number_of(line.native_id)
        if number:
            yield "number", self.number(number)
        if line.entry is not None:
            ref = number_of(line.entry.ref)
            if ref:
                yield "entry", self.number(ref)
            yield "total", self.total(line, line.entry.minor)


def found(conn: Connection, kind: str, hashes: Iterable[bytes]) -> dict[bytes, list[Here]]:
    """The lines that have this evidence."""
    by_hash: dict[bytes, list[Here]] = {}
    wanted = iter(dict.fromkeys(hashes))
    while batch := list(islice(wanted, BATCH)):
        for row in conn.execute(_FOUND, {"of_kind": kind, "hashes": batch}):
            by_hash.setdefault(bytes(row.hash), []).append(Here(*row[1:]))
    return by_hash


def wordings(conn: Connection, account_id: int, first: Any, last: Any) -> list[tuple[bytes, int]]:
    """(key, line) of the other wordings that files had for lines of these days."""
    rows = conn.execute(_WORDINGS, {"of_account": account_id, "first": first, "last": last})
    return [(bytes(row.hash), row.statement_line_id) for row in rows]


def add(conn: Connection, line_id: int, pieces: Iterable[tuple[str, bytes]], statement_id: int | None) -> None:
    """Keep more evidence of a line; what is known already stays."""
    wanted = dict.fromkeys(pieces)
    here = conn.execute(select(_table.c.kind, _table.c.hash).where(_table.c.statement_line_id == line_id))
    known = {(row.kind, bytes(row.hash)) for row in here}
    rows = [
        {"statement_line_id": line_id, "kind": kind, "hash": hashed, "statement_id": statement_id}
        for kind, hashed in wanted
        if (kind, hashed) not in known
    ]
    if rows:
        conn.execute(insert(_table), rows)


def add_wording(conn: Connection, line_id: int, key: bytes, statement_id: int | None) -> None:
    """Store another wording of a line. The same wording once more is the second of two equal ones."""
    here = select(_table.c.hash).where(_table.c.statement_line_id == line_id, _table.c.kind == "wording")
    known = {bytes(hashed) for hashed in conn.scalars(here)}
    n = 1
    while nth(key, n) in known:
        n += 1
    row = {"statement_line_id": line_id, "kind": "wording", "hash": nth(key, n), "statement_id": statement_id}
    conn.execute(insert(_table), [row])


def nth(key: bytes, n: int) -> bytes:
    """The hash of the n-th of several equal wordings of one line."""
    return key if n == 1 else hashlib.sha256(key + n.to_bytes(4)).digest()


def missing(conn: Connection, account_id: int) -> Iterator[tuple[int, bytes]]:
    """(line, hash) of the numbers of lines that were imported before evidence was kept."""
    hashes = Hashes(account_id)
    known = select(_table.c.statement_line_id).where(_table.c.kind == "number")
    here = (_line.c.bank_account_id == account_id, _line.c.details_sealed.is_not(None), _line.c.id.not_in(known))
    for row in conn.execute(select(_line.c.id, _line.c.details_sealed).where(*here)):
        said = details.opened(row.details_sealed, details.identity(row.id))
        number = number_of(str(said.get("native_id", "")))
        if number:
            yield row.id, hashes.number(number)


def complete(conn: Connection, account_id: int) -> None:
    """Once for each account: find the numbers of the lines that were imported before evidence was kept. Their texts are
    sealed, so no migration can do it."""
    if conn.scalar(select(_account.c.evidence_complete).where(_account.c.id == account_id)):
        return
    found = list(missing(conn, account_id))
    write = [
        {"statement_line_id": line, "kind": "number", "hash": hashed, "statement_id": None} for line, hashed in found
    ]
    for at in range(0, len(write), BATCH * 10):
        conn.execute(insert(_table), write[at : at + BATCH * 10])
    conn.execute(update(_account).where(_account.c.id == account_id).values(evidence_complete=True))


def kinds_of(conn: Connection, line_id: int) -> set[str]:
    """Which kinds of evidence there are of a line."""
    return set(conn.scalars(select(_table.c.kind).where(_table.c.statement_line_id == line_id)))


_table: Table = StatementLineEvidence.__table__  # type: ignore[assignment]
_line: Table = StatementLine.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_statement: Table = Statement.__table__  # type: ignore[assignment]
_FOUND = (
    select(
        _table.c.hash, _line.c.id, _line.c.booked_on, _line.c.amount_minor, _line.c.currency, _statement.c.format,
        _line.c.details_sealed,
    )
    .join_from(_table, _line, _line.c.id == _table.c.statement_line_id)
    .join(_statement, _statement.c.id == _line.c.statement_id)
    .where(_table.c.kind == bindparam("of_kind"), _table.c.hash.in_(bindparam("hashes", expanding=True)))
    .order_by(_line.c.id)
)  # fmt: skip
_WORDINGS = (
    select(_table.c.hash, _table.c.statement_line_id)
    .join(_line, _line.c.id == _table.c.statement_line_id)
    .where(_table.c.kind == "wording", _line.c.bank_account_id == bindparam("of_account"))
    .where(_line.c.booked_on.between(bindparam("first", type_=_line.c.booked_on.type),
                                     bindparam("last", type_=_line.c.booked_on.type)))
)  # fmt: skip
