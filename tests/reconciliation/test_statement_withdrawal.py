"""Withdrawal of an import: its lines go and what it has taught is forgotten, as long as none of them is matched."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Delete, delete, func, select, text
from sqlalchemy.exc import DatabaseError

from donations.database import INTEGRITY_ERRORS, write_unit
from donations.errors import ImportInUse, ImportWithdrawn, ReasonNeeded
from donations.extensions import db
from donations.models import BankAccount, Match, Statement, StatementLine, StatementLineEvidence, StatementLineQuestion
from donations.reconciliation import matches, statement_withdrawal
from donations.reconciliation.matches import Said
from tests.reconciliation import steps
from tests.reconciliation.readers.examples import example
from tests.reconciliation.test_statement_identity import row
from tests.reconciliation.test_statements import an_account, bring, count

CAMT = example("camt053.xml").decode()
LATER = CAMT.replace("2026-03-0", "2026-03-1").replace("REF", "NEXT")


@pytest.fixture
def account(app: Flask) -> BankAccount:
    return an_account("Current account")


def withdraw(at: datetime, statement_id: int | None = None, reason: str = "Wrong account") -> int:
    number = statement_id or db.session.scalar(select(func.max(Statement.id))) or 0
    with write_unit() as conn:
        return statement_withdrawal.withdraw(conn, number, reason=reason, by="maya", at=at).lines


def learnt() -> tuple[object, object]:
    db.session.rollback()
    return tuple(db.session.execute(select(BankAccount.identifier_end, BankAccount.column_map)).one())  # type: ignore[return-value]


def test_a_wrong_import_goes_with_what_it_taught_and_comes_again(account: BankAccount, at: datetime) -> None:
    # given a statement, and what the rules suggest for a line of it
    bring(account, CAMT, at)
    assert learnt()[0] == "6819"
    with write_unit() as conn:
        matches.propose(conn, db.session.scalars(select(StatementLine.id)).first() or 0, [Said("unidentified", 1)],
                        rule="scored", at=at)  # fmt: skip
    # when it is withdrawn
    assert withdraw(at) == 4
    # then nothing of it counts any more, and the statement says who took it back
    assert (count(), learnt()) == (0, (None, None))
    assert [db.session.scalar(select(func.count()).select_from(one)) for one in (Match, StatementLineEvidence)] == [
        0,
        0,
    ]
    assert db.session.execute(select(Statement.withdrawn_by, Statement.withdrawn_reason)).one() == (
        "maya", "Wrong account",
    )  # fmt: skip
    # and another statement goes in, with no gap to one that counts for nothing; so does the first one
    later = LATER.replace(">100.00<", ">170.00<").replace(">163.80<", ">233.80<")
    assert (bring(account, later, at).breaks, bring(account, CAMT, at).new, count()) == ((), 4, 8)


def test_what_a_person_or_another_file_has_told_stays(account: BankAccount, at: datetime) -> None:
    bring(account, CAMT, at)
    bring(account, LATER, at + timedelta(hours=1))
    withdraw(at)
    assert learnt()[0] == "6819"


def test_only_a_whole_import_that_nobody_has_matched_goes(account: BankAccount, at: datetime) -> None:
    bring(account, row(), at)
    line_id = db.session.scalars(select(StatementLine.id)).one()
    with pytest.raises(ReasonNeeded):
        withdraw(at, reason="")
    steps.match(line_id, Said("unidentified", 2000))
    for _ in ("matched", "undone"):
        with pytest.raises(ImportInUse):
            withdraw(at)
        assert count() == 1
        with write_unit() as conn:
            if _ == "matched":
                matches.undo(conn, line_id, actor="maya", at=at)


def test_an_import_is_taken_back_once(account: BankAccount, at: datetime) -> None:
    bring(account, row(), at)
    withdraw(at)
    with pytest.raises(ImportWithdrawn):
        withdraw(at)


def test_what_another_file_told_beside_it_becomes_a_line_and_is_not_lost(account: BankAccount, at: datetime) -> None:
    # given a line of another file that waits, because it may be the one of the first
    bring(account, row(), at)
    first = db.session.scalars(select(Statement.id)).one()
    bring(account, row(number="tx_00010Xyz"), at + timedelta(hours=1), ask_later=True)
    # when the first is withdrawn
    withdraw(at, first)
    # then that money is a line of its own, and no question is left
    assert (count(), db.session.scalar(select(func.count()).select_from(StatementLineQuestion))) == (1, 0)


def test_the_database_lets_no_line_and_no_match_go_otherwise(account: BankAccount, at: datetime) -> None:
    bring(account, row(), at)
    line_id = db.session.scalars(select(StatementLine.id)).one()
    steps.match(line_id, Said("unidentified", 2000))
    for statement in (delete(Match), delete(StatementLine)):
        # not even where its import is called withdrawn
        for is_withdrawn in (False, True):
            with pytest.raises((*INTEGRITY_ERRORS, DatabaseError)):
                _try_to_delete(statement, is_withdrawn)
    assert count() == 1


def _try_to_delete(statement: Delete, is_withdrawn: bool) -> None:
    with write_unit() as conn:
        conn.execute(delete(StatementLineEvidence))
        if is_withdrawn:
            conn.execute(text("UPDATE statement SET withdrawn_at = '2026-11-21 12:00:00'"))
        conn.execute(statement)
