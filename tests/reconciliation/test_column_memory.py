"""What an account remembers of its tables: what a person entered and what a file showed for certain, and never a
guess."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from donations.database import write_unit
from donations.errors import BadStatement, StatementAskedFor
from donations.extensions import db
from donations.models import BankAccount, StatementLine
from donations.reconciliation import statements
from tests.reconciliation.bank_cases import FOLDER
from tests.reconciliation.test_statements import an_account, bring

MONZO = (FOLDER / "seq-monzo-note-1.csv").read_text(encoding="utf-8")


@pytest.fixture
def account(app: Flask) -> BankAccount:
    return an_account("Current account")


def say(account: BankAccount, text: str, at: datetime, **said: object) -> None:
    read = statements.read_file(text.encode(), "a.csv", account, said)
    with write_unit() as conn:
        statements.import_file(conn, account, read, by="maya", at=at)


def remembered() -> object:
    return db.session.scalar(select(BankAccount.column_map))


def minors() -> list[int]:
    return list(db.session.scalars(select(StatementLine.amount_minor).order_by(StatementLine.id)))


def test_a_decimal_sign_that_no_amount_told_decides_nothing_later(account: BankAccount, at: datetime) -> None:
    # given a file of whole amounts
    bring(account, "Date;Amount\n13.11.2026;500\n14.11.2026;20\n", at)
    assert remembered() == {"told": {"dates": "dmy"}}
    # when the next can be read in two ways, then it is asked about
    with pytest.raises(StatementAskedFor):
        bring(account, "Date;Amount\n15.11.2026;1.500\n16.11.2026;12.000\n", at)
    # and answered by a file that tells, from which on it is known
    bring(account, "Date;Amount\n17.11.2026;12,50\n", at)
    bring(account, "Date;Amount\n15.11.2026;1.500\n16.11.2026;12.000\n", at)
    assert minors() == [50000, 2000, 1250, 150000, 1200000]


def test_a_file_that_says_otherwise_is_believed_for_itself(account: BankAccount, at: datetime) -> None:
    bring(account, "Date;Amount\n2026-11-13;1,234.50\n", at)
    bring(account, "Date;Amount\n15/11/2026;1.234,50\n", at)
    bring(account, "Date;Amount\n11/14/2026;20.00\n", at)
    assert minors() == [123450, 123450, 2000]


def test_a_guess_is_not_remembered_so_a_bank_that_we_know_is_known_later(account: BankAccount, at: datetime) -> None:
    bring(account, "Date,Name,Transaction ID,Amount\n2026-11-13,Ada,1,10.00\n", at)
    assert statements.read_file(MONZO.encode(), "m.csv", account).read.column_map.bank == "Monzo"  # type: ignore[union-attr]


def test_what_was_said_counts_as_far_as_it_fits(account: BankAccount, at: datetime) -> None:
    # given columns that a person mapped
    say(account, "When;What;Much\n01/02/2026;Gift;5.00\n", at, date="When", amount="Much", dates="mdy")
    # when the bank renames them to what is guessed, and back
    bring(account, "Date;What;Amount\n13.11.2026;Gift;6.00\n", at)
    bring(account, "When;What;Much\n02/03/2026;Gift;7.00\n", at)
    # then both are read, and the answer about the order of days still counts
    assert [str(day) for day in db.session.scalars(select(StatementLine.booked_on).order_by(StatementLine.id))] == [
        "2026-01-02", "2026-11-13", "2026-02-03",
    ]  # fmt: skip
    # but a new answer that does not fit is refused
    with pytest.raises(BadStatement):
        say(account, "Date;What;Amount\n13.11.2026;Gift;6.00\n", at, date="When", amount="Much")


def test_a_map_of_an_earlier_version_is_used_where_it_fits_and_no_default_of_it_is_believed(
    account: BankAccount, at: datetime
) -> None:
    # given a map as it was kept before, with the day order and decimal sign that no file had told
    older = {"date": "When", "amount": "Much", "dates": "ymd", "decimal": ".", "delimiter": ";"}
    with write_unit() as conn:
        conn.execute(update(BankAccount).values(column_map=older))
    db.session.expire_all()
    # then its columns count, and the file tells the rest
    bring(account, "When;Much\n13.11.2026;1.000,50\n", at)
    # and where it does not fit it does no harm
    bring(account, MONZO.replace("13/03/2026", "13/11/2026"), at)
    assert minors() == [100050, 2000]


def test_a_day_order_that_an_earlier_version_kept_by_default_is_not_believed(
    account: BankAccount, at: datetime
) -> None:
    older = {"date": "When", "amount": "Much", "dates": "ymd", "decimal": ".", "delimiter": ";"}
    with write_unit() as conn:
        conn.execute(update(BankAccount).values(column_map=older))
    db.session.expire_all()
    for text in ("When;Much\n01/02/2026;5,00\n", "When;Much\n13/02/2026;1.500\n"):
        with pytest.raises(StatementAskedFor):
            bring(account, text, at)


def test_what_no_column_says_can_be_said(account: BankAccount, at: datetime) -> None:
    text = "Date,Details,Amount,Kind\n2026-11-13,a,10.00,d\n2026-11-14,b,20.00,d\n"
    with pytest.raises(StatementAskedFor):
        bring(account, text, at)
    say(account, text, at, sign="")
    assert minors() == [1000, 2000]


@pytest.mark.parametrize(
    ("text", "pending"),
    [("Date,Details,Amount,Etat\n2026-11-13,a,10.00,gebucht\n2026-11-14,b,5.00,vorgemerkt\n", 1),
     ("Date,Details,Amount,X\n2026-11-13,a,10.00,\n2026-11-14,b,5.00,Pending\n", 1)],
)  # fmt: skip
def test_a_pending_line_is_left_out_whatever_its_column_is_called(
    account: BankAccount, at: datetime, text: str, pending: int
) -> None:
    assert bring(account, text, at).pending == pending
    assert minors() == [1000]


def test_a_pending_line_in_a_column_that_says_other_things_too_is_asked_about(
    account: BankAccount, at: datetime
) -> None:
    text = "Date,Details,Amount,Step\n2026-11-13,a,10.00,Through\n2026-11-14,b,5.00,Pending\n"
    with pytest.raises(StatementAskedFor):
        bring(account, text, at)
    assert minors() == []
