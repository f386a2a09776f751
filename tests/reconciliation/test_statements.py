"""Importing statements: a multiset of lines, whole files or nothing, balances that agree, and the right account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from donations import privacy
from donations.database import write_unit
from donations.errors import (
    BadStatementLine,
    BankAccountUnclear,
    StatementLooksKnown,
    StatementOfAnotherAccount,
    StatementOffBalance,
)
from donations.extensions import db
from donations.models import BankAccount, Statement, StatementLine
from donations.reconciliation import statements
from donations.reconciliation.statements import Imported, Preview
from tests.reconciliation.readers.examples import FILES, example

HEAD = "Date;Name;Reference;Transaction ID;Amount\n"


@pytest.fixture
def account(app: Flask) -> BankAccount:
    return an_account("Current account")


def an_account(name: str, currency: str = "GBP") -> BankAccount:
    with write_unit():
        made = BankAccount(name=name, currency=currency)
        db.session.add(made)
    return made


def bring(account: BankAccount, data: bytes | str, at: datetime, name: str = "a.csv", **how: Any) -> Imported:
    read = statements.read_file(data.encode() if isinstance(data, str) else data, name, account)
    with write_unit() as conn:
        return statements.import_file(conn, account, read, by="maya", at=at, **how)


def look(account: BankAccount, data: bytes | str, at: datetime) -> Preview:
    read = statements.read_file(data.encode() if isinstance(data, str) else data, "a.csv", account)
    found = statements.preview(db.session.connection(), account, read, at=at)
    db.session.rollback()
    return found


def table(*rows: str) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(StatementLine)) or 0


MAYA, IVAN = "13.11.2026;Maya;Gift;1;10,00", "14.11.2026;Иван;Взнос;2;20,50"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_format_imported_twice_is_there_once(app: Flask, at: datetime, file: Any) -> None:
    # given
    currency = "EUR" if file.suffix == ".sta" or "ing" in file.name or "2." in file.name else "GBP"
    account = an_account("Any", currency)
    # when
    first = bring(account, file.read_bytes(), at)
    second = bring(account, file.read_bytes(), at)
    # then
    assert first.new == count() > 0
    assert (second.new, second.known) == (0, first.new)
    assert db.session.scalar(select(func.count()).select_from(Statement)) == first.statements


def test_equal_lines_are_counted_and_overlapping_files_double_and_lose_nothing(
    account: BankAccount, at: datetime
) -> None:
    # given a file with two equal lines
    bring(account, table(MAYA, MAYA, IVAN), at)
    # when another has three of them, and one more
    done = bring(account, table(MAYA, MAYA, MAYA, "15.11.2026;Maya;Gift;3;10,00"), at)
    # then one and one are added
    assert (done.new, done.known, count()) == (2, 2, 5)
    lines = db.session.scalars(select(StatementLine).order_by(StatementLine.id)).all()
    assert [line.occurrence for line in lines] == [1, 2, 1, 3, 1]


@pytest.mark.parametrize(
    "other", [IVAN.replace(";2;", ";4;"), IVAN.replace("Взнос", "Взносы"), IVAN.replace("Иван;Взнос", "ИванВ;знос")]
)
def test_what_differs_in_any_word_is_another_line_of_the_same_file(
    account: BankAccount, at: datetime, other: str
) -> None:
    bring(account, table(IVAN), at)
    assert bring(account, table(IVAN, other), at).new == 1


def test_letters_in_other_forms_are_the_same_line(account: BankAccount, at: datetime) -> None:
    bring(account, table(IVAN), at)
    assert bring(account, table(IVAN.replace("Взнос", "Взнос").replace("Иван", "ИВАН")), at).new == 0


def test_what_a_line_says_is_sealed_and_its_payer_is_found_by_a_keyed_hash(account: BankAccount, at: datetime) -> None:
    # given
    with write_unit() as conn:
        account.currency = "EUR"
        read = statements.read_file(example("bank2.ofx"), "b.ofx", account)
        statements.import_file(conn, account, read, by="maya", at=at)
    # when
    line = db.session.scalars(select(StatementLine)).one()
    # then
    assert line.details_sealed is not None
    text = privacy.unseal(line.details_sealed, f"bank_line:{line.id}:details")
    assert text == '{"name":"Иван Пример","account":"","text":"Для Ани <3","native_id":"X1"}'
    assert line.personal_until == privacy.donor_data_until(at.date())
    assert line.payer_hash is None


def test_a_preview_says_new_known_and_suspicious_and_writes_nothing(account: BankAccount, at: datetime) -> None:
    # given a line that is here
    bring(account, table(MAYA, IVAN), at)
    # when a file repeats one of them, renumbers the other, and has odd days
    odd = ("01.01.2027;A;;5;1,00", "01.01.2020;B;;6;1,00", "14.11.2026;C;;7;5")
    found = look(account, table(MAYA, IVAN.replace(";2;", ";9;"), *odd), at)
    # then
    assert [(line.verdict, line.reasons) for line in found.lines] == [
        ("known", ()), ("suspicious", ("twin",)), ("suspicious", ("future",)), ("suspicious", ("old",)), ("new", ()),
    ]  # fmt: skip
    assert count() == 2


def test_lines_that_look_known_under_another_number_are_imported_only_when_that_is_said(
    account: BankAccount, at: datetime
) -> None:
    bring(account, table(MAYA, IVAN), at)
    renumbered = table(MAYA.replace(";1;", ";8;"), IVAN)
    with pytest.raises(StatementLooksKnown):
        bring(account, renumbered, at)
    assert count() == 2
    assert bring(account, renumbered, at, twins_too=True).new == 1


def test_a_statement_that_does_not_add_up_is_refused_with_the_difference(account: BankAccount, at: datetime) -> None:
    text = example("camt053.xml").decode().replace(">163.80<", ">163.81<")
    with pytest.raises(StatementOffBalance) as refused:
        bring(account, text, at)
    assert refused.value.facts["difference"] == "0.01 GBP"
    assert look(account, text, at).off_balance is not None
    assert count() == 0


def test_a_statement_that_is_missing_between_two_is_named_with_its_amount(account: BankAccount, at: datetime) -> None:
    # given
    text = example("camt053.xml").decode()
    bring(account, text, at)
    later = text.replace("REF", "NEXT").replace("2026-03-0", "2026-03-1")
    later = later.replace(">100.00<", ">170.00<").replace(">163.80<", ">233.80<")
    # when
    (gap,) = bring(account, later, at).breaks
    # then
    assert (str(gap.after), str(gap.before), gap.missing.minor, gap.is_gap) == ("2026-03-03", "2026-03-11", 620, True)


def test_the_first_import_teaches_the_number_and_another_account_is_refused(account: BankAccount, at: datetime) -> None:
    # given
    text = example("camt053.xml").decode()
    bring(account, text, at)
    assert account.identifier_end == "6819"
    # when the statement of another account is brought, or this one to another account
    with pytest.raises(StatementOfAnotherAccount):
        bring(account, text.replace("NWBK60161331926819", "BARC20201530093459"), at)
    with pytest.raises(StatementOfAnotherAccount):
        bring(an_account("Savings"), text, at)
    # then the same account by its national number is known
    assert bring(account, example("bank1.ofx"), at, twins_too=True).new == 2


def test_a_file_of_several_accounts_teaches_none_and_each_takes_its_own(app: Flask, at: datetime) -> None:
    # given two statements of two accounts
    account = an_account("Euros", "EUR")
    text = example("mt940.sta").decode()
    second = text.rindex(":25:")
    both = text[:second] + text[second:].replace("0012345678", "0099999999", 1)
    with pytest.raises(BankAccountUnclear):
        bring(account, both, at)
    # when the number is known
    bring(account, text[: text.index(":20:STARTUMS", 100)], at)
    # then
    with pytest.raises(StatementOfAnotherAccount):
        bring(account, both, at)
    assert bring(account, both, at, only_own=True).known == 3


def test_the_column_map_is_remembered_with_the_account(account: BankAccount, at: datetime) -> None:
    # given a table whose columns were mapped
    text = "When;What;Much\n01/02/2026;Gift;5.00\n"
    read = statements.read_file(text.encode(), "a.csv", account, {"date": "When", "amount": "Much", "dates": "mdy"})
    with write_unit() as conn:
        statements.import_file(conn, account, read, by="maya", at=at)
    # when the next one comes
    done = bring(account, text + "02/03/2026;Gift;6.00\n", at)
    # then nothing has to be entered again
    assert (done.new, done.known) == (1, 1)


def test_a_bad_line_at_the_end_keeps_the_whole_file_out(account: BankAccount, at: datetime) -> None:
    with pytest.raises(BadStatementLine):
        bring(account, table(MAYA, IVAN, "15.11.2026;Maya;Gift;3;ten"), at)
    assert count() == 0
