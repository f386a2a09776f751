"""R4 on importing a bank statement: whichever call to the database fails, in whatever way, after the next try all is
as if nothing had failed."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from donations.database import write_unit
from donations.extensions import db
from donations.models import BankAccount, Statement, StatementLine
from donations.reconciliation import statements
from tests.events import fresh
from tests.factories import NOON
from tests.faults.failures import Faults

pytestmark = pytest.mark.parametrize("kind", Faults.KINDS)
ROWS = "13.11.2026;Maya;1;10,00\n13.11.2026;Maya;1;10,00\n14.11.2026;Ivan;2;20,50\n"
TEXT = "Date;Name;Transaction ID;Amount\n"


def an_account(name: str) -> int:
    """An account with a line of the file in it already."""
    with write_unit():
        account = BankAccount(name=name, currency="GBP")
        db.session.add(account)
    bring(account.id, TEXT + ROWS[: ROWS.index("\n") + 1])
    return account.id


def bring(account_id: int, text: str) -> None:
    account = db.session.get_one(BankAccount, account_id)
    read = statements.read_file(text.encode(), "a.csv", account)
    with write_unit() as conn:
        statements.import_file(conn, account, read, by="maya", at=NOON)


def state_of(account_id: int) -> tuple[Any, ...]:
    """All that is kept of an account, without what chance or its own number make."""
    fresh()
    account = db.session.get_one(BankAccount, account_id)
    of_statement = (
        Statement.format,
        Statement.starts_on,
        Statement.ends_on,
        Statement.lines_new,
        Statement.lines_known,
    )
    of_line = (
        StatementLine.position,
        StatementLine.booked_on,
        StatementLine.amount_minor,
        StatementLine.occurrence,
        StatementLine.personal_until,
    )
    return (
        account.column_map,
        [tuple(row) for row in db.session.execute(
            select(*of_statement).where(Statement.bank_account_id == account_id).order_by(Statement.id))],
        [tuple(row) for row in db.session.execute(
            select(*of_line).where(StatementLine.bank_account_id == account_id).order_by(StatementLine.id))],
    )  # fmt: skip


def test_whichever_call_fails_while_a_statement_is_imported_the_next_try_makes_it_good(
    failing_app: Flask, faults: Faults, kind: str
) -> None:
    # given what becomes of it when nothing fails
    undisturbed = an_account("Undisturbed")
    before = state_of(undisturbed)
    bring(undisturbed, TEXT + ROWS)
    expected = state_of(undisturbed)
    assert len(expected[2]) == 3

    for fatal in itertools.count(1):
        # when one call fails, and it is imported once more
        account_id = an_account(f"Account {fatal}")
        faults.arm(fatal, kind)
        with suppress(SQLAlchemyError, sqlite3.Error, psycopg.Error):
            bring(account_id, TEXT + ROWS)
        faults.disarm()
        # then it was kept whole or not at all
        assert state_of(account_id) in (before, expected), f"call {fatal}"
        bring(account_id, TEXT + ROWS)
        assert state_of(account_id) == expected, f"call {fatal}"
        if not faults.struck:
            break
    assert fatal > 6
