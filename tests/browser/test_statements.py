"""Statements in a real browser: what a file asks is answered on the page, a line in doubt is decided, and an import is
withdrawn, all within what everyone can use."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from donations.extensions import db
from donations.models import BankAccount, Statement, StatementLine
from tests.browser.test_reach import ALL, ASK_AXE, OF_COLOURS, SMALL_TARGETS, WIDER
from tests.browser.test_treasury import app, page, url_of

__all__ = ["app", "page"]
pytestmark = pytest.mark.browser
ROWS = ("01/02/2026;Ada Alder;Gift;TX-000001;1.500", "03/02/2026;Ben Birch;Gift;TX-000002;40,00")
ODD = "\n".join(("Wann;Wer;Was;Nummer;Wieviel", *ROWS, ""))


def faults_of(page: Page) -> list[str]:
    """The findings of axe on this page, narrow and wide, light and dark."""
    faults: list[str] = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        faults += page.evaluate(ASK_AXE, ALL) + page.evaluate(WIDER) + page.evaluate(SMALL_TARGETS)
        page.emulate_media(color_scheme="dark")
        faults += page.evaluate(ASK_AXE, OF_COLOURS)
    return faults


def choose(page: Page, app: Flask, account: int, text: str) -> None:
    page.goto(f"{url_of(app)}/treasury/bank-accounts/{account}")
    page.set_input_files("#file", {"name": "odd.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("form:has(#file) button").click()


def decided_and_withdrawn(app: Flask, page: Page, account: int, before: int) -> list[str]:
    """The line in doubt is decided on the to-do list, and the import withdrawn. Returns what axe says."""
    found: list[str] = []
    page.goto(f"{url_of(app)}/treasury/to-do/same_line")
    page.locator("a[href*='/treasury/bank-accounts/questions/']").first.click()
    found += faults_of(page)
    page.get_by_role("button", name="Same money").click()
    page.wait_for_url("**/treasury/statement-lines/*")
    # and the import is withdrawn
    with app.app_context():
        assert db.session.query(StatementLine).count() == before + 2
        number = (
            db.session.query(Statement.id).filter(Statement.lines_new == 2).order_by(Statement.id.desc()).first()[0]
        )
    page.goto(f"{url_of(app)}/treasury/bank-accounts/imports/{number}/withdraw")
    found += faults_of(page)
    page.fill("#reason", "Only a trial")
    page.get_by_role("button", name="Withdraw import").click()
    page.wait_for_url(f"**/treasury/bank-accounts/{account}")
    found += faults_of(page)
    with app.app_context():
        assert db.session.query(StatementLine).count() == before
    return found


def test_a_volunteer_brings_in_a_file_that_nobody_knows(app: Flask, page: Page, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path)
    with app.app_context():
        account = db.session.query(BankAccount.id).order_by(BankAccount.id).first()[0]
        before = db.session.query(StatementLine).count()
    # given a table whose headings we do not know: the page asks, with the first rows beside it
    choose(page, app, account, ODD)
    assert page.locator("#columns").get_attribute("open") is not None
    found = faults_of(page)
    # when its columns are mapped, and the ambiguous order of its days chosen
    for field, heading in (
        ("date", "Wann"),
        ("amount", "Wieviel"),
        ("name", "Wer"),
        ("id", "Nummer"),
        ("dates", "dmy"),
    ):
        page.select_option(f"#{field}", heading)
    page.locator("#text label", has_text="Was").click()
    page.get_by_role("button", name="Preview again").click()
    found += faults_of(page)
    page.get_by_role("button", name="Import statement").click()
    page.wait_for_url("**/treasury/statement-lines")
    # and the bank renumbers a line
    choose(page, app, account, ODD.replace("TX-000002", "TX-000009"))
    found += faults_of(page)
    page.get_by_role("button", name="Import statement").click()
    page.wait_for_url("**/treasury/statement-lines")
    found += decided_and_withdrawn(app, page, account, before)
    assert found == []
