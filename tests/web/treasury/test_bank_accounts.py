"""Bank accounts added, statements looked at and imported: once, whole, and only after the preview."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import BankAccount, StatementLine
from tests.reconciliation.steps import a_bank_account
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, refusal, said_beside

HEAD = "Date;Name;Transaction ID;Amount\n"
ROWS = "13.11.2026;Maya;1;10,00\n13.11.2026;Maya;2;10,00\n14.11.2026;=cmd|Ivan;3;-20,50\n"


@pytest.fixture(autouse=True)
def shelf(app: Flask, tmp_path: Path) -> Path:
    """Where files wait."""
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    return tmp_path / "files" / "statements"


def look(browser: Browser, text: str = HEAD + ROWS, account: int = 1, **more: str) -> TestResponse:
    return browser.post(f"/treasury/bank-accounts/{account}", file=(io.BytesIO(text.encode()), "november.csv"), **more)


def waits(answer: TestResponse) -> str:
    found = re.search(r'name="waiting" value="([0-9a-f]{64})"', answer.text)
    assert found is not None
    return found[1]


def take(browser: Browser, waiting: str, account: int = 1, **more: str) -> TestResponse:
    return browser.post(f"/treasury/bank-accounts/{account}", waiting=waiting, file_name="november.csv", **more)


def lines() -> list[int]:
    return [row.amount_minor for row in db.session.query(StatementLine).order_by(StatementLine.position)]


def test_an_account_is_added_and_its_number_never_shown(treasurer: Browser) -> None:
    answer = treasurer.post(
        "/treasury/bank-accounts", name=" Current  account", currency="GBP", number="GB29NWBK60161331926819"
    )
    assert answer.headers["Location"] == "/treasury/bank-accounts/1"
    account = db.session.get_one(BankAccount, 1)
    assert (account.name, account.currency, account.identifier_end) == ("Current account", "GBP", "6819")
    assert "60161331" not in treasurer.get("/treasury/bank-accounts").text
    assert last_act() == ("bank_account.added", account.ref, {})


WRONG_ACCOUNTS = {
    "no name": ({"name": "", "currency": "GBP"}, "name", "Enter a name, for example “Current account”."),
    "a known name": ({"name": "Current", "currency": "GBP"}, "name",
                     "An account with this name already exists. Enter another name."),
    "a long name": ({"name": "x" * 61, "currency": "GBP"}, "name", "This is too long. Enter at most 60 characters."),
    "a currency that is not settled in": ({"name": "New", "currency": "XAU"}, "currency", "Not a valid choice."),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_ACCOUNTS)
def test_an_account_that_is_wrong_is_refused_beside_its_field(treasurer: Browser, what: str) -> None:
    a_bank_account()
    typed, field, sentence = WRONG_ACCOUNTS[what]
    before = kept()
    answer = treasurer.post("/treasury/bank-accounts", **typed)
    assert (answer.status_code, said_beside(answer, field)) == (422, sentence)
    assert kept() == before
    if typed["name"]:
        assert f'value="{typed["name"]}"' in answer.text


def test_the_same_number_is_one_account(treasurer: Browser) -> None:
    for name in ("One", "Two"):
        answer = treasurer.post("/treasury/bank-accounts", name=name, currency="GBP", number="12345678")
    assert (answer.status_code, said_beside(answer, "number")) == (
        422,
        "An account with this number already exists. Check the number.",
    )
    assert db.session.query(BankAccount).count() == 1


def test_a_statement_is_looked_at_and_then_imported(treasurer: Browser, shelf: Path) -> None:
    a_bank_account()
    before = kept()
    # when a file is given
    seen = look(treasurer)
    # then it is shown what it would do, and nothing is done
    assert seen.status_code == 200
    assert "november.csv" in seen.text
    assert kept() == before
    # when that is agreed to
    answer = take(treasurer, waits(seen))
    # then it is done, and the file does not wait any more
    assert answer.headers["Location"] == "/treasury/statement-lines"
    assert lines() == [1000, 1000, -2050]
    assert last_act()[2]["new"] == 3
    assert list(shelf.iterdir()) == []
    assert "=cmd|Ivan" in treasurer.get("/treasury/statement-lines").text  # A page is no spreadsheet.


def test_what_waits_is_sealed(treasurer: Browser, shelf: Path) -> None:
    a_bank_account()
    look(treasurer)
    (file,) = shelf.iterdir()
    assert b"Maya" not in file.read_bytes()


def test_a_statement_twice_adds_nothing(treasurer: Browser) -> None:
    a_bank_account()
    take(treasurer, waits(look(treasurer)))
    after = kept()
    seen = look(treasurer)
    assert "This file was imported before" in seen.text
    assert take(treasurer, waits(seen)).status_code == 303
    assert {**kept(), "audit": 0} == {**after, "audit": 0}
    # nor does one that overlaps
    take(treasurer, waits(look(treasurer, HEAD + ROWS + "15.11.2026;Uma;4;5,00\n")))
    assert lines() == [1000, 1000, -2050, 500] or sorted(lines()) == [-2050, 500, 1000, 1000]


def test_the_button_pressed_twice_imports_once(treasurer: Browser) -> None:
    a_bank_account()
    waiting = waits(look(treasurer))
    take(treasurer, waiting)
    after = kept()
    answer = take(treasurer, waiting)
    assert (answer.status_code, "no longer here" in refusal(answer)) == (404, True)
    assert kept() == after


WRONG_FILES = {
    "nothing of a statement": "hello\n",
    "an amount that is none": HEAD + "13.11.2026;Maya;1;ten\n",
    "a day that is none": HEAD + "31.02.2026;Maya;1;10,00\n",
    "nothing at all": "",
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_file_that_cannot_be_read_is_refused_whole(treasurer: Browser, what: str) -> None:
    a_bank_account()
    before = kept()
    answer = look(treasurer, WRONG_FILES[what])
    assert answer.status_code == 422
    assert "imported" in refusal(answer) or "read" in refusal(answer)
    assert kept() == before


def test_no_file_is_said_beside_the_field(treasurer: Browser) -> None:
    a_bank_account()
    answer = treasurer.post("/treasury/bank-accounts/1")
    assert (answer.status_code, said_beside(answer, "file")) == (422, "Choose the statement file from your bank.")


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "x"])
def test_what_does_not_wait_is_not_imported(treasurer: Browser, name: str) -> None:
    a_bank_account()
    before = kept()
    assert take(treasurer, name).status_code == 404
    assert kept() == before


def test_lines_that_look_known_need_a_word_more(treasurer: Browser) -> None:
    # given a line, and a file that has it under another number
    a_bank_account()
    take(treasurer, waits(look(treasurer, HEAD + "13.11.2026;Maya;1;10,00\n")))
    text = HEAD + "13.11.2026;Maya;77;10,00\n"
    seen = look(treasurer, text)
    assert 'name="doubtful" value="import"' in seen.text
    # when it is imported without that confirmation, then nothing is
    after = kept()
    answer = take(treasurer, waits(seen))
    assert (answer.status_code, kept()) == (409, after)
    # and with it, it is
    assert take(treasurer, waits(look(treasurer, text)), doubtful="import").status_code == 303
    assert lines() == [1000, 1000]
