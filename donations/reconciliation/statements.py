"""Bank statements, previewed and imported: which lines are new, known or suspicious, whether balances agree, and the
whole file written or nothing of it. Nothing is booked here: lines wait to be matched (matching/)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from donations.errors import StatementInOtherCurrency, StatementLooksKnown, StatementOffBalance
from donations.extensions import db
from donations.models import BankAccount, Statement
from donations.money import Money
from donations.reconciliation import column_memory, readers
from donations.reconciliation.readers import ColumnMap, Outline, ReadStatement, ReadStatements, column_maps
from donations.reconciliation.statement_accounts import Identity, own_statements
from donations.reconciliation.statement_chain import Break, breaks
from donations.reconciliation.statement_lines import Compared, Verdict, compare, complete_evidence, write

DOUBTS = ("twin", "moved", "number", "entry")
Progress = Callable[[int], object]
__all__ = [
    "Break",
    "Imported",
    "Outline",
    "Preview",
    "ReadFile",
    "Verdict",
    "import_file",
    "outline",
    "preview",
    "read_file",
]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read and not yet imported."""

    name: str
    sha256: str
    read: ReadStatements
    given: Mapping[str, object] | None = None  # the columns as a person mapped them

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
    pending: int  # lines left out, because the bank has not booked them
    passed_over: tuple[str, ...]  # headings of columns with text that nothing was taken from

    def count(self, verdict: str) -> int:
        return sum(line.verdict == verdict for line in self.lines)

    @property
    def updated(self) -> int:
        """How many stored lines get more words."""
        return sum("updated" in line.reasons for line in self.lines)

    @property
    def in_doubt(self) -> int:
        """How many lines may be lines that are here already."""
        return sum(line.verdict == "suspicious" and line.reasons[0] in DOUBTS for line in self.lines)


@dataclass(frozen=True, slots=True)
class Imported:
    """What was done. `twins` of the new lines may be lines that were here already; `waiting` says how many of them wait
    for a person, and are no lines yet."""

    format: str
    statements: int
    new: int
    known: int
    pending: int
    twins: int
    odd: int  # new lines whose day is not what is expected
    breaks: tuple[Break, ...]
    waiting: int = 0
    updated: int = 0


def read_file(
    data: bytes, name: str, account: BankAccount | None = None, column_map: Mapping[str, object] | None = None
) -> ReadFile:
    """Read it, with what is remembered of the account's CSV statements, and `column_map` over that. Raises BadStatement
    and its like. Nothing of the database changes, so this is done before a write unit is opened."""
    memory = column_memory.opened(account.column_map if account else None)
    given = column_maps.made(column_map) if column_map else None
    if given and not set(column_map or ()) <= column_memory.DETAILS:
        # What a person enters now is about this file; earlier answers must not interfere.
        memory = readers.Memory(told=memory.told)
    currency = account.currency if account else "GBP"
    read = readers.read(data, column_map=given, memory=memory, currency=currency)
    return ReadFile(name, hashlib.sha256(data).hexdigest(), read, column_map or None)


def outline(data: bytes, account: BankAccount, column_map: Mapping[str, object] | None = None) -> Outline | None:
    """What a CSV table looks like, so that a person can say what its columns are; None for any other file."""
    given = column_maps.made(column_map) if column_map else None
    return readers.outline(data, column_map=given, memory=column_memory.opened(account.column_map))


def preview(conn: Connection, account: BankAccount, file: ReadFile, *, at: datetime, only_own: bool = False) -> Preview:
    """What importing the file would do. Raises StatementOfAnotherAccount and StatementInOtherCurrency."""
    statements = own_statements(conn, Identity.of(account), file.read, only_own=only_own)
    _refuse_other_currencies(file, account.name, account.currency, statements)
    compared = compare(conn, account.id, statements, file.read.format, at)
    return Preview(
        file.read.format,
        file.read.column_map,
        statements,
        tuple(compared.verdicts()),
        tuple(breaks(conn, account.id, statements)),
        next((error for each in statements if (error := _off_balance(account.name, each))), None),
        _was_imported(conn, account.id, file.sha256),
        sum(each.pending for each in statements),
        file.read.passed_over,
    )


def import_file(
    conn: Connection,
    account: BankAccount,
    file: ReadFile,
    *,
    by: str,
    at: datetime,
    twins_too: bool = False,
    ask_later: bool = False,
    only_own: bool = False,
    progress: Progress = lambda done: None,
) -> Imported:
    """Write the statements of this account in the file, in the caller's write unit: all of it or nothing. The first
    import teaches the account its number, and a person's mapping of a table is remembered. Lines in doubt become
    questions with `ask_later`, and lines with `twins_too`. `only_own` passes over statements of other accounts. Raises
    StatementOffBalance, StatementOfAnotherAccount, StatementInOtherCurrency, and StatementLooksKnown."""
    # One import after the other: two that compare at once would not know each other's lines.
    db.session.refresh(account, with_for_update=True)
    identity = Identity.of(account)
    statements = _sound_statements(conn, identity, file, only_own)
    complete_evidence(conn, identity.id)
    compared = compare(conn, identity.id, statements, file.read.format, at)
    found = tuple(breaks(conn, identity.id, statements))
    if compared.doubts and not (twins_too or ask_later):
        raise StatementLooksKnown(count=len(compared.doubts), first=compared.first_doubt())
    is_changed = bool(compared.new or compared.updates) or not _was_imported(conn, identity.id, file.sha256)
    if is_changed:
        remembered = _remember(account, identity, statements, file)
        later = compared.doubts if ask_later and not twins_too else {}
        ids = [
            _write_statement(conn, identity, file, each, _counts(compared, place, later), remembered, by, at)
            for place, each in enumerate(statements)
        ]
        write(conn, identity.id, ids, compared, at, progress, later=later)
    doubts, waiting = len(compared.doubts), len(compared.doubts) if ask_later and not twins_too else 0
    return Imported(
        file.read.format, len(statements), compared.new - waiting, compared.known,
        sum(each.pending for each in statements), doubts, compared.odd(), found, waiting, len(compared.updates),
    )  # fmt: skip


def _sound_statements(
    conn: Connection, identity: Identity, file: ReadFile, only_own: bool
) -> tuple[ReadStatement, ...]:
    statements = own_statements(conn, identity, file.read, only_own=only_own)
    _refuse_other_currencies(file, identity.name, identity.currency, statements)
    for statement in statements:
        error = _off_balance(identity.name, statement)
        if error:
            raise error
    return statements


def _refuse_other_currencies(file: ReadFile, name: str, own: str, statements: tuple[ReadStatement, ...]) -> None:
    """Raises StatementInOtherCurrency: money of two currencies cannot lie in one account."""
    for statement in statements:
        line = next((line for line in statement.lines if line.amount.currency != own), None)
        currency = line.amount.currency if line else statement.currency or own
        if currency != own:
            raise StatementInOtherCurrency(
                file=file.name or file.read.format, account=name, own=own, line=line.place if line else 1,
                currency=currency,
            )  # fmt: skip


def _counts(compared: Compared, statement: int, later: Mapping[int, object]) -> tuple[int, int]:
    """How many lines of a statement of the file are new, and how many known."""
    places = compared.places_of(statement)
    new = sum(compared.occurrences[place] > 0 for place in places)
    return new - sum(place in later for place in places), len(places) - new


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
        select(Statement.id)
        .where(Statement.bank_account_id == account_id, Statement.file_sha256 == sha256)
        .where(Statement.withdrawn_at.is_(None))
        .limit(1)
    )
    return found.first() is not None


def _remember(
    account: BankAccount, identity: Identity, statements: tuple[ReadStatement, ...], file: ReadFile
) -> dict[str, object] | None:
    """Remember what the file shows of the account. Returns what the account remembers of its tables now."""
    learnt = identity.learnt(statements)
    remembered = column_memory.after(account.column_map, file.read, file.given)
    if remembered != account.column_map:
        learnt["column_map"] = remembered
    for column, value in learnt.items():
        setattr(account, column, value)
    db.session.flush()
    return remembered


def _write_statement(
    conn: Connection,
    identity: Identity,
    file: ReadFile,
    statement: ReadStatement,
    counts: tuple[int, int],
    remembered: dict[str, object] | None,
    by: str,
    at: datetime,
) -> int:
    done = conn.execute(
        insert(Statement).values(
            bank_account_id=identity.id,
            file_name=file.name[:200],
            file_sha256=file.sha256,
            format=file.read.format,
            starts_on=statement.starts_on,
            ends_on=statement.ends_on,
            opening_minor=None if statement.opening is None else statement.opening.minor,
            closing_minor=None if statement.closing is None else statement.closing.minor,
            lines_new=counts[0],
            lines_known=counts[1],
            imported_by=by,
            imported_at=at,
            names_account=bool(statement.account),
            column_map=remembered,
        )
    )
    return int(done.inserted_primary_key[0])  # type: ignore[index]
