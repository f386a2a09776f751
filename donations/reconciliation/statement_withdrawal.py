"""Withdraw an import: its lines go, with what it has taught the account, as long as none of them is matched or posted.
The statement itself stays readable, with who withdrew it and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from donations.errors import ImportInUse, ImportWithdrawn, ReasonNeeded
from donations.models import (
    BankAccount,
    Entry,
    Match,
    Statement,
    StatementLine,
    StatementLineEvidence,
    StatementLineQuestion,
    StatementLineVersion,
)
from donations.reconciliation.statement_accounts import FROM_PERSON
from donations.reconciliation.statement_lines import questions


@dataclass(frozen=True, slots=True)
class Withdrawable:
    """An import as a whole: a file may hold several statements. `in_use` of its `lines` were matched or booked."""

    account_id: int
    file_name: str
    sha256: str
    statement_ids: tuple[int, ...]
    imported_at: datetime
    imported_by: str
    lines: int
    in_use: int
    is_withdrawn: bool


def find(conn: Connection, statement_id: int) -> Withdrawable | None:
    """The import that this statement came with."""
    one = conn.execute(select(_statement).where(_statement.c.id == statement_id)).first()
    if one is None:
        return None
    same = (
        _statement.c.bank_account_id == one.bank_account_id, _statement.c.file_sha256 == one.file_sha256,
        _statement.c.imported_at == one.imported_at,
    )  # fmt: skip
    together = or_(_statement.c.id == one.id, and_(*same))
    ids = tuple(conn.scalars(select(_statement.c.id).where(together).order_by(_statement.c.id)))
    mine = select(func.count()).select_from(_line).where(_line.c.statement_id.in_(ids))
    return Withdrawable(
        one.bank_account_id, one.file_name, one.file_sha256, ids, one.imported_at, one.imported_by,
        int(conn.scalar(mine) or 0), int(conn.scalar(mine.where(_used())) or 0), one.withdrawn_at is not None,
    )  # fmt: skip


def withdraw(conn: Connection, statement_id: int, *, reason: str, by: str, at: datetime) -> Withdrawable:
    """Take the whole import back. Raises ReasonNeeded, ImportWithdrawn, and ImportInUse if any of its lines was ever
    matched or booked; then nothing is changed."""
    if not reason:
        raise ReasonNeeded()
    found = find(conn, statement_id)
    assert found is not None, "the caller has found it"
    conn.execute(select(_account.c.id).where(_account.c.id == found.account_id).with_for_update())
    found = find(conn, statement_id)
    assert found is not None, "statements are never deleted"
    if found.is_withdrawn:
        raise ImportWithdrawn()
    if found.in_use:
        raise ImportInUse(count=found.in_use)
    ids = found.statement_ids
    values = {"withdrawn_at": at, "withdrawn_by": by, "withdrawn_reason": reason}
    conn.execute(update(_statement).where(_statement.c.id.in_(ids)).values(**values))
    _delete_lines(conn, ids, by, at)
    _forget(conn, found.account_id)
    return found


def overlapping(conn: Connection, found: Withdrawable) -> Sequence[str]:
    """The names of other files of the account that tell of the same days: what they share with this one was known when
    they came, so they must be imported again after it has gone."""
    mine = conn.execute(
        select(func.min(_statement.c.starts_on), func.max(_statement.c.ends_on)).where(
            _statement.c.id.in_(found.statement_ids)
        )
    ).one()
    if None in mine:
        return []
    first, last = mine
    names = select(_statement.c.file_name).where(
        _statement.c.bank_account_id == found.account_id, _statement.c.id.not_in(found.statement_ids),
        _statement.c.withdrawn_at.is_(None), _statement.c.starts_on <= last, _statement.c.ends_on >= first,
    )  # fmt: skip
    return conn.scalars(names.distinct().order_by(_statement.c.file_name)).all()


def _delete_lines(conn: Connection, ids: Sequence[int], by: str, at: datetime) -> None:
    """Delete the lines, their open questions, and the evidence the file gave for other lines. Words that it has added
    to those stay: a version beside them holds the earlier text."""
    lines = select(_line.c.id).where(_line.c.statement_id.in_(ids))
    # What another file told, and was held against one of these, is money of its own now.
    of_others = select(_question.c.id).where(
        _question.c.statement_line_id.in_(lines), _question.c.statement_id.not_in(ids), _question.c.state == "open"
    )
    for question_id in conn.scalars(of_others).all():
        questions.answer(conn, question_id, questions.ANOTHER, actor=by, at=at)
    about = [_question.c.statement_line_id.in_(lines), _question.c.statement_id.in_(ids)]
    conn.execute(delete(_question).where(or_(*about)))
    conn.execute(
        delete(_evidence).where(or_(_evidence.c.statement_line_id.in_(lines), _evidence.c.statement_id.in_(ids)))
    )
    conn.execute(delete(_version).where(_version.c.statement_line_id.in_(lines)))
    conn.execute(delete(_match).where(_match.c.statement_line_id.in_(lines)))
    conn.execute(delete(_line).where(_line.c.statement_id.in_(ids)))


def _forget(conn: Connection, account_id: int) -> None:
    """What the account knows must be what a person or another file has told: its number, and the columns of its
    tables."""
    row = conn.execute(select(_account).where(_account.c.id == account_id)).one()
    live = (_statement.c.bank_account_id == account_id, _statement.c.withdrawn_at.is_(None))
    others = conn.execute(select(_statement.c.names_account).where(*live)).scalars().all()
    # Of imports before this was stored it is unknown whether they named the account.
    is_known = row.number_from == FROM_PERSON or any(others) or (row.number_from is None and bool(others))
    values: dict[str, object] = {}
    if not is_known:
        values |= {"identifier_hash": None, "identifier_end": None, "number_from": None}
    columns = select(_statement.c.column_map).where(*live, _statement.c.column_map.is_not(None))
    values["column_map"] = conn.scalar(columns.order_by(_statement.c.id.desc()).limit(1))
    conn.execute(update(_account).where(_account.c.id == account_id).values(**values))


def _used() -> ColumnElement[bool]:
    matched = exists().where(_match.c.statement_line_id == _line.c.id, _match.c.state.in_(("confirmed", "undone")))
    booked = exists().where(_entry.c.source_type == "bank_line", _entry.c.source_id == _line.c.id)
    return or_(matched, booked)


_statement: Table = Statement.__table__  # type: ignore[assignment]
_line: Table = StatementLine.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_entry: Table = Entry.__table__  # type: ignore[assignment]
_evidence: Table = StatementLineEvidence.__table__  # type: ignore[assignment]
_version: Table = StatementLineVersion.__table__  # type: ignore[assignment]
_question: Table = StatementLineQuestion.__table__  # type: ignore[assignment]
