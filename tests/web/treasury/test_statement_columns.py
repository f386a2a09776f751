"""What a file asks is answered on the page, as long as it takes, without choosing the file again."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from donations.extensions import db
from donations.models import BankAccount, StatementLine
from tests.reconciliation.steps import a_bank_account
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, refusal
from tests.web.treasury.test_bank_accounts import look, shelf, take, waits

__all__ = ["shelf"]
ODD = "Wann;Was;Wieviel;Richtung\n01/02/2026;Gift Ada;1.500;rein\n03/02/2026;Hall;40,00;raus\n"


def answer(browser: Browser, waiting: str, **columns: str) -> str:
    seen = browser.post("/treasury/bank-accounts/1", waiting=waiting, file_name="odd.csv", act="columns", **columns)
    return seen.text


def lines() -> list[tuple[str, int]]:
    db.session.rollback()
    rows = db.session.execute(select(StatementLine.booked_on, StatementLine.amount_minor).order_by(StatementLine.id))
    return [(str(on), minor) for on, minor in rows]


def test_a_question_of_a_file_is_answered_on_the_page_and_remembered(treasurer: Browser, shelf: Path) -> None:
    # given a table that is not understood
    a_bank_account()
    before = kept()
    seen = look(treasurer, ODD)
    # then it is refused, asks on the page, shows the first rows, and is kept
    assert seen.status_code == 422
    assert "--map" not in seen.text
    assert "in the form below" in refusal(seen)
    assert "<td>Gift Ada</td>" in seen.text
    assert len(list(shelf.iterdir())) == 1
    # when only some of it is answered, then it asks for the rest, with what was answered still there
    said = {"date": "Wann", "amount": "Wieviel", "text": "Was"}
    half = answer(treasurer, waits(seen), **said)
    assert re.search(r'<option value="Wann" selected>', half)
    assert kept() == before
    # and when the rest is answered, it is looked at and imported
    whole = treasurer.post(
        "/treasury/bank-accounts/1", waiting=waits(seen), file_name="odd.csv", act="columns", dates="dmy", **said
    )
    assert whole.status_code == 200, refusal(whole)
    hidden = re.search(r'name="map" value="([^"]+)"', whole.text)
    assert hidden is not None
    assert take(treasurer, waits(whole), map=unescape(hidden[1])).status_code == 303
    assert lines() == [("2026-02-01", 150000), ("2026-02-03", 4000)]
    # and the next file needs no answer
    assert look(treasurer, ODD.replace("/02/", "/03/")).status_code == 200


def test_a_table_without_headings_is_read_by_what_is_chosen(treasurer: Browser) -> None:
    a_bank_account()
    seen = look(treasurer, "13.03.2026,Gift Ada,100.00\n14.03.2026,Hall,-40.00\n")
    assert seen.status_code == 422
    assert "Column 1: 13.03.2026" in seen.text
    said = {"date": "1", "text": "2", "amount": "3"}
    found = treasurer.post("/treasury/bank-accounts/1", waiting=waits(seen), file_name="a.csv", act="columns", **said)
    assert found.status_code == 200, refusal(found)
    assert "£100" in found.text


def test_a_first_row_that_is_no_heading_can_be_said_to_be_none(treasurer: Browser) -> None:
    a_bank_account()
    seen = look(treasurer, "Gift;Ada;gut\nThanks;Ben;gut\n")
    assert seen.status_code == 422
    assert "The first row has no headings" in seen.text


def test_the_preview_shows_the_guess_what_was_passed_over_and_what_is_pending(treasurer: Browser) -> None:
    a_bank_account()
    seen = look(treasurer, "Date,Name,Purpose,Status,Amount\n13.11.2026,Ada,Gift,Booked,1.00\n"
                           "14.11.2026,Ben,Gift,Pending,2.00\n")  # fmt: skip
    assert "Columns not used: Purpose" in seen.text
    assert re.search(r"<dt>Pending, not imported</dt><dd>1</dd>", seen.text)


@pytest.mark.parametrize("bad", ["{", "[]", '{"colour": "red"}', '{"date": 7}', "x" * 30_000])
def test_a_map_that_was_tampered_with_imports_nothing(treasurer: Browser, app: Flask, bad: str) -> None:
    a_bank_account()
    waiting = waits(look(treasurer))
    before = kept()
    assert take(treasurer, waiting, map=bad).status_code == 422
    assert kept() == before
    assert db.session.scalar(select(BankAccount.column_map)) is None
