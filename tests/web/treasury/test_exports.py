"""The ledger as files, downloaded from the pages: what the page shows is what the file holds, and no cell is a
formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from donations.database import write_unit
from donations.extensions import db
from donations.models import Fund
from donations.reconciliation.matches import Said
from tests.reconciliation.matching_steps import said
from tests.reconciliation.steps import a_bank_account, accepted, match
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, said_beside


def take(browser: Browser, query: str) -> TestResponse:
    answer = browser.client.get(f"/treasury/exports/file?{query}")
    answer.get_data()  # As a server reads it to its end, and lets go of the file.
    answer.close()
    return answer


def rows(browser: Browser, query: str) -> list[dict[str, str]]:
    answer = take(browser, query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def something() -> None:
    accepted(25000)
    accepted(1000, fund="sakharovo")
    match(said(a_bank_account(), -120), Said("charge", -120))


def test_the_filter_on_screen_is_that_of_the_file(treasurer: Browser) -> None:
    something()
    every = rows(treasurer, "format=csv")
    assert len(every) == 6
    ours = rows(treasurer, "format=csv&fund=ali&currency=GBP")
    assert {(row["fund"], row["amount"]) for row in ours} == {("ali", "250.00"), ("ali", "-250.00")}
    # the page of a fund's account links to just that
    text = treasurer.get("/treasury/funds/ali?account=4010&currency=GBP").text
    link = "/treasury/exports/file?fund=ali&amp;currency=GBP&amp;account=4010&amp;format=csv"
    assert link in text
    (row,) = rows(treasurer, "fund=ali&currency=GBP&account=4010&format=csv")
    assert (row["account"], row["amount"]) == ("4010", "-250.00")
    # and so do days
    assert rows(treasurer, "format=csv&since=2026-11-22") == []
    assert len(rows(treasurer, "format=csv&since=2026-11-21&until=2026-11-21")) == 6


@pytest.mark.parametrize("format_", ["csv", "xlsx", "beancount", "hledger"])
def test_every_format_is_a_download_that_the_audit_names(treasurer: Browser, format_: str) -> None:
    something()
    answer = take(treasurer, f"format={format_}&fund=ali")
    suffix = {"hledger": "journal"}.get(format_, format_)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="books-ali.{suffix}"'
    assert (answer.headers["Cache-Control"], len(answer.data) > 100) == ("no-store", True)
    assert last_act() == ("books.exported", "", {"fund": "ali", "format": format_})


def test_the_statement_of_funds_is_of_a_period(treasurer: Browser) -> None:
    something()
    answer = take(treasurer, "format=pdf&since=2026-11-01&until=2026-11-30&fund=ali")
    assert (answer.data[:5], answer.mimetype) == (b"%PDF-", "application/pdf")
    assert "funds-2026-11-01-2026-11-30-ali.pdf" in answer.headers["Content-Disposition"]
    wrong = treasurer.get("/treasury/exports/file?format=pdf")
    assert (wrong.status_code, said_beside(wrong, "until")) == (422, "Enter the last day of the statement.")


def test_no_cell_is_a_formula(treasurer: Browser) -> None:
    something()
    with write_unit():
        db.session.query(Fund).filter(Fund.slug == "ali").update({"slug": "=cmd|ali"})
    text = take(treasurer, "format=csv").get_data(as_text=True)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=cmd|ali" in cells
    assert [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")] == []
    assert all(cell.lstrip("-").replace(".", "").isdecimal() for cell in cells if cell.startswith("-"))


WRONG = {
    "a day that is none": ("since=x&format=csv", "since"),
    "the end before the beginning": ("since=2026-11-02&until=2026-11-01&format=csv", "until"),
    "a fund that is none": ("fund=nobody&format=csv", "fund"),
    "a currency that is none": ("currency=XAU&format=csv", "currency"),
    "a format that is none": ("format=exe", "format"),
    "no format": ("", "format"),
    "a part that does not balance": ("account=4010&format=beancount", "format"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.databases("sqlite")
def test_what_is_wrong_stands_beside_its_field(treasurer: Browser, what: str) -> None:
    query, field = WRONG[what]
    before = kept()
    answer = treasurer.get(f"/treasury/exports/file?{query}")
    assert (answer.status_code, bool(said_beside(answer, field))) == (422, True)
    assert kept() == before


def test_files_are_for_who_has_just_signed_in(
    treasurer: Browser, signed_in: Callable[..., Browser], clock: time_machine.Traveller
) -> None:
    assert signed_in("auditor").get("/treasury/exports").status_code == 200
    assert signed_in("organiser").get("/treasury/exports/file?format=csv").status_code == 403
    clock.shift(timedelta(minutes=6))
    answer = treasurer.get("/treasury/exports/file?format=csv&fund=ali")
    assert answer.headers["Location"].startswith("/staff/again?next=/treasury/exports/file")


def test_a_huge_number_of_an_account_is_passed_over(treasurer: Browser) -> None:
    something()
    assert len(rows(treasurer, f"format=csv&account={'9' * 18}")) == 6
