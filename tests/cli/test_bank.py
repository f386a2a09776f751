"""`donations bank`: accounts, and statements looked at and imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from donations.errors import BankAccountUnclear, DonationsError
from donations.extensions import db
from donations.models import StatementLine
from tests.reconciliation.readers.examples import FOLDER

CAMT = str(FOLDER / "camt053.xml")


def bank(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["bank", *words])


def lines() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(StatementLine)) or 0


@pytest.fixture
def account(app: Flask) -> str:
    bank(app, "add-account", "Current account")
    return "Current account"


def test_an_account_is_added_and_listed(app: Flask) -> None:
    assert "No bank accounts yet" in bank(app, "accounts").output
    assert bank(app, "add-account", "Current account", "--number", "GB29 NWBK 6016 1331 9268 19").exit_code == 0
    assert bank(app, "accounts").output == "Current account  GBP  …6819\n"
    listed = json.loads(bank(app, "accounts", "--json").output)
    assert listed == {"accounts": [{"name": "Current account", "currency": "GBP", "ends_in": "6819"}]}


def test_an_account_is_not_added_twice_nor_in_no_currency(app: Flask, account: str) -> None:
    assert isinstance(bank(app, "add-account", account).exception, BankAccountUnclear)
    assert bank(app, "add-account", "Other", "--currency", "XXX").exit_code == 2


def test_a_dry_run_says_what_would_be_done_and_does_nothing(app: Flask, account: str) -> None:
    done = bank(app, "import", CAMT, "--dry-run")
    assert (done.exit_code, lines()) == (0, 0)
    assert "camt.053, 4 new, 0 known, 0 suspicious lines" in done.output
    assert "Maya Example Gift for Ana and her family" in done.output
    said = json.loads(bank(app, "import", CAMT, "--dry-run", "--json").output)
    assert [line["verdict"] for line in said["accounts"][0]["lines"]] == ["new"] * 4


def test_a_file_is_imported_once(app: Flask, account: str) -> None:
    first = bank(app, "import", CAMT)
    assert (first.exit_code, lines()) == (0, 4)
    assert "4 lines imported, 0 were known" in first.output
    assert "lines left out because the bank has not booked them yet: 1" in first.output
    again = json.loads(bank(app, "import", CAMT, "--json").output)
    assert (again["accounts"][0]["new"], again["accounts"][0]["known"], lines()) == (0, 4, 4)


def test_columns_are_said_and_then_remembered(app: Flask, account: str, tmp_path: Path) -> None:
    # given a table that is not understood by itself
    file = tmp_path / "a.csv"
    file.write_text("When;What;Much\n01/02/2026;Gift;5.00\n", encoding="utf-8")
    assert isinstance(bank(app, "import", str(file)).exception, DonationsError)
    # when its columns are mapped
    said = ("--map", "date=When", "--map", "amount=Much", "--map", "text=What", "--map", "dates=dmy")
    assert bank(app, "import", str(file), *said).exit_code == 0
    # then the next file needs no answer
    file.write_text("When;What;Much\n01/03/2026;Gift;5.00\n", encoding="utf-8")
    assert bank(app, "import", str(file)).exit_code == 0
    assert lines() == 2


def test_among_several_accounts_the_file_says_which_or_a_person_does(app: Flask, account: str) -> None:
    # given two accounts, none of whose numbers is known
    bank(app, "add-account", "Savings")
    assert isinstance(bank(app, "import", CAMT).exception, BankAccountUnclear)
    # when it is entered once
    assert bank(app, "import", CAMT, "--account", account).exit_code == 0
    # then it is known
    assert "4 were known" in bank(app, "import", CAMT).output
    assert isinstance(bank(app, "import", CAMT, "--account", "Nobody's").exception, BankAccountUnclear)


@pytest.mark.parametrize("words", [("--map", "date"), ("--map", "colour=Red")])
def test_words_that_mean_nothing_are_refused(app: Flask, account: str, words: tuple[str, ...]) -> None:
    assert bank(app, "import", CAMT, *words).exit_code != 0
    assert lines() == 0
