"""Bank statements, previewed and imported: which lines are new, known or suspicious, whether balances agree, and the
whole file written or nothing of it. Nothing is booked here: lines wait to be matched (matching.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from donations.errors import StatementLooksKnown, StatementOffBalance
from donations.extensions import db
from donations.models import BankAccount, Statement
from donations.money import Money
from donations.reconciliation import readers
from donations.reconciliation.readers import ColumnMap, ReadStatement, ReadStatements, column_maps
from donations.reconciliation.statement_accounts import Identity, own_statements
from donations.reconciliation.statement_chain import Break, breaks
from donations.reconciliation.statement_lines import Compared, Verdict, compare, write_lines

Progress = Callable[[int], object]
__all__ = ["Break", "Imported", "Preview", "ReadFile", "Verdict", "import_file", "preview", "read_file"]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read and not yet imported."""

    name: str
    sha256: str
    read: ReadStatements

    @property
    def lines(self) -> int:
        return sum(len(statement.lines) for statement in self.read.statements)


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing a file would do. `lines` has a verdict for each line, in the file's order."""

    format: str
    column_map: ColumnMap | None
    statements: tuple[ReadStatement, ...]
    lines: tuple[Verdict, ...]
    breaks: tuple[Break, ...]
    off_balance: StatementOffBalance | None  # with this, importing is refused
    was_imported: bool  # this very file, before

    def count(self, verdict: str) -> int:
        return sum(line.verdict == verdict for line in self.lines)


@dataclass(frozen=True, slots=True)
class Imported:
    """What was done. `twins` of the new lines look like lines that were here already."""

    format: str
    statements: int
    new: int
    known: int
    pending: int
    twins: int
    odd: int  # new lines whose day or currency is not what is expected
    breaks: tuple[Break, ...]


def read_file(
    data: bytes, name: str, account: BankAccount | None = None, column_map: Mapping[str, object] | None = None
) -> ReadFile:
    """Read it, with what is remembered of the account's CSV statements, and `column_map` over that. Raises BadStatement
    and its like. Nothing of the database changes, so this is done before a write unit is opened."""
    remembered = account.column_map if account else None
    given = column_maps.made(remembered) if remembered else None
    if column_map:
        # What a person says now is about this file; what is remembered must not come between.
        given = column_maps.made(column_map, given if set(column_map) <= _DETAILS else None)
    currency = account.currency if account else "GBP"
    read = readers.read(data, column_map=given, name=name, currency=currency)
    return ReadFile(name, hashlib.sha256(data).hexdigest(), read)


_DETAILS = {"dates", "decimal", "currency", "delimiter"}


def preview(conn: Connection, account: BankAccount, file: ReadFile, *, at: datetime, only_own: bool = False) -> Preview:
    """What importing the file would do. Raises StatementOfAnotherAccount."""
    statements = own_statements(conn, Identity.of(account), file.read, only_own=only_own)
    compared = compare(conn, account.id, account.currency, statements, file.read.format, at)
    return Preview(
        file.read.format,
        file.read.column_map,
        statements,
        tuple(compared.verdicts()),
        tuple(breaks(conn, account.id, statements)),
        next((error for each in statements if (error := _off_balance(account.name, each))), None),
        _was_imported(conn, account.id, file.sha256),
    )


def import_file(
    conn: Connection,
    account: BankAccount,
    file: ReadFile,
    *,
    by: str,
    at: datetime,
    twins_too: bool = False,
    only_own: bool = False,
    progress: Progress = lambda done: None,
) -> Imported:
    """Write the statements of this account in the file, in the caller's write unit: all of it or nothing. The first
    import teaches the account its number, each CSV its column map. `only_own` passes over statements of other accounts.
    Raises StatementOffBalance, StatementOfAnotherAccount, and StatementLooksKnown unless `twins_too`."""
    identity = Identity.of(account)
    statements = own_statements(conn, identity, file.read, only_own=only_own)
    for statement in statements:
        error = _off_balance(identity.name, statement)
        if error:
            raise error
    compared = compare(conn, identity.id, identity.currency, statements, file.read.format, at)
    found = tuple(breaks(conn, identity.id, statements))
    if compared.twins and not twins_too:
        raise StatementLooksKnown(count=len(compared.twins), first=compared.first_twin())
    _remember(account, identity, statements, file.read.column_map)
    if compared.new or not _was_imported(conn, identity.id, file.sha256):
        ids = [_write_statement(conn, identity.id, file, each, compared, place, by, at)
               for place, each in enumerate(statements)]  # fmt: skip
        write_lines(conn, identity.id, ids, compared, at, progress)
    pending = sum(each.pending for each in statements)
    return Imported(
        file.read.format, len(statements), compared.new, compared.known, pending, len(compared.twins), compared.odd(),
        found )  # fmt: skip


def _off_balance(name: str, statement: ReadStatement) -> StatementOffBalance | None:
    """I7 within one statement: opening balance and lines come to the closing balance, where both are stated."""
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None:
        return None
    minor = sum(line.amount.minor for line in statement.lines)
    lines = Money(minor, statement.currency)
    difference = closing - opening - lines
    if not difference:
        return None
    shown = {"opening": opening, "closing": closing, "lines": lines, "difference": difference}
    words = {key: f"{amount.plain()} {amount.currency}" for key, amount in shown.items()}
    return StatementOffBalance(account=name, **words)


def _was_imported(conn: Connection, account_id: int, sha256: str) -> bool:
    found = conn.execute(
        select(Statement.id).where(Statement.bank_account_id == account_id, Statement.file_sha256 == sha256).limit(1)
    )
    return found.first() is not None


def _remember(
    account: BankAccount,
    identity: Identity,
    statements: tuple[ReadStatement, ...],
    column_map: ColumnMap | None,
) -> None:
    learnt = identity.learnt(statements)
    if column_map is not None and column_map.as_json() != account.column_map:
        learnt["column_map"] = column_map.as_json()
    for column, value in learnt.items():
        setattr(account, column, value)
    db.session.flush()


def _write_statement(
    conn: Connection,
    account_id: int,
    file: ReadFile,
    statement: ReadStatement,
    compared: Compared,
    place: int,
    by: str,
    at: datetime,
) -> int:
    new = compared.new_of(place)
    done = conn.execute(
        insert(Statement).values(
            bank_account_id=account_id,
            file_name=file.name[:200],
            file_sha256=file.sha256,
            format=file.read.format,
            starts_on=statement.starts_on,
            ends_on=statement.ends_on,
            opening_minor=None if statement.opening is None else statement.opening.minor,
            closing_minor=None if statement.closing is None else statement.closing.minor,
            lines_new=new,
            lines_known=len(statement.lines) - new,
            imported_by=by,
            imported_at=at,
        )
    )
    return int(done.inserted_primary_key[0])  # type: ignore[index]
