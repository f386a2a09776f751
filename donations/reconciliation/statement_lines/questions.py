"""Lines of a file that may be lines which are here. Each waits for a person, who says that it is the same money or
another; until then it is no line, and nothing of it is booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from donations import privacy
from donations.errors import QuestionAnswered
from donations.models import BankAccount, StatementLine, StatementLineQuestion
from donations.models.base import new_id
from donations.money import Money
from donations.reconciliation.readers import ReadLine
from donations.reconciliation.statement_lines import details, evidence
from donations.reconciliation.statement_lines.evidence import Hashes
from donations.reconciliation.statement_lines.insert import absorb, payer_hash, question_identity

SAME, ANOTHER = "same", "another"


class Question(NamedTuple):
    """A line of a file, and the line that it may be."""

    id: int
    account: str
    reason: str
    state: str
    booked_on: date
    amount: Money
    said: details.Details
    line_id: int
    line_booked_on: date
    line_amount: Money
    line_said: details.Details


def find(conn: Connection, question_id: int) -> Question | None:
    """The question of that number, answered or not."""
    row = conn.execute(_QUESTION, {"of_question": question_id}).first()
    return row and _question_of(row)


def beside(conn: Connection, line_id: int) -> Sequence[int]:
    """The questions that wait about a line."""
    asked = select(_question.c.id).where(_question.c.statement_line_id == line_id, _question.c.state == "open")
    return conn.scalars(asked.order_by(_question.c.id)).all()


def answer(conn: Connection, question_id: int, answer: str, *, actor: str, at: datetime) -> int:
    """Decide that a line in doubt is the `same` as the stored one, which then gets its wording, or `another`, which
    becomes a line of its own. Returns the id of the resulting line. Raises QuestionAnswered."""
    row = conn.execute(_LOCK, {"of_question": question_id}).first()
    if row is None or row.state != "open":
        raise QuestionAnswered()
    said = details.opened(row.details_sealed, question_identity(question_id))
    line = ReadLine(
        row.position, row.booked_on, None, Money(row.amount_minor, row.currency), said.get("native_id", ""),
        said.get("name", ""), said.get("account", ""), said.get("text", ""),
    )  # fmt: skip
    if answer == SAME:
        line_id = int(row.statement_line_id)
        whole = conn.execute(select(_line.c.amount_minor, _line.c.bank_account_id).where(_line.c.id == line_id)).one()
        theirs, ours = abs(whole.amount_minor), abs(row.amount_minor)
        how = SAME if theirs == ours else "part" if ours < theirs else "whole"
        hashes = Hashes(whole.bank_account_id)
        absorb(conn, line_id, line, bytes(row.dedupe_key), hashes, how=how, by=row.statement_id, at=at)
    else:
        line_id = _make_line(conn, row, line, at)
    values = {"state": answer, "answered_by": actor, "answered_at": at}
    conn.execute(update(_question).where(_question.c.id == question_id).values(**values))
    return line_id


def _make_line(conn: Connection, row: Any, line: ReadLine, at: datetime) -> int:
    account_id = conn.scalar(select(_line.c.bank_account_id).where(_line.c.id == row.statement_line_id))
    assert account_id is not None, "a question is about a line"
    key = bytes(row.dedupe_key)
    last = conn.scalar(
        select(func.max(_line.c.occurrence)).where(_line.c.bank_account_id == account_id, _line.c.dedupe_key == key)
    )
    line_id = new_id()
    conn.execute(insert(_line).values(
        id=line_id, bank_account_id=account_id, statement_id=row.statement_id, position=row.position,
        booked_on=row.booked_on, amount_minor=row.amount_minor, currency=row.currency,
        details_sealed=privacy.seal(details.made(line), details.identity(line_id)),
        payer_hash=payer_hash(line.account) if line.account else None, personal_until=row.personal_until,
        dedupe_key=key, occurrence=(last or 0) + 1,
    ))  # fmt: skip
    evidence.add(conn, line_id, Hashes(account_id).of_line(line), row.statement_id)
    return line_id


def _question_of(row: Any) -> Question:
    return Question(
        row.id, row.name, row.reason, row.state, row.booked_on, Money(row.amount_minor, row.currency),
        details.opened(row.details_sealed, question_identity(row.id)), row.line_id, row.line_booked_on,
        Money(row.line_minor, row.line_currency), details.opened(row.line_sealed, details.identity(row.line_id)),
    )  # fmt: skip


_line: Table = StatementLine.__table__  # type: ignore[assignment]
_question: Table = StatementLineQuestion.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_LOCK = select(_question).where(_question.c.id == bindparam("of_question")).with_for_update()
_QUESTION = (
    select(
        _question.c.id, _account.c.name, _question.c.reason, _question.c.state, _question.c.booked_on,
        _question.c.amount_minor, _question.c.currency, _question.c.details_sealed, _line.c.id.label("line_id"),
        _line.c.booked_on.label("line_booked_on"), _line.c.amount_minor.label("line_minor"),
        _line.c.currency.label("line_currency"), _line.c.details_sealed.label("line_sealed"),
    )
    .join(_line, _line.c.id == _question.c.statement_line_id)
    .join(_account, _account.c.id == _line.c.bank_account_id)
    .where(_question.c.id == bindparam("of_question"))
)  # fmt: skip
