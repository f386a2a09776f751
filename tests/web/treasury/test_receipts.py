"""A receipt's page in the treasury: what became of it and why, what waits, and a copy to print, marked and recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from donations import receipts
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, ReceiptChange, ReceiptEvent
from donations.reconciliation import matches
from donations.reconciliation.matches import Said
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp
from tests.paper.pdf_text import words
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, match
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import last_act

pytestmark = pytest.mark.databases("sqlite")
PAGE, COPY = "/treasury/receipts/R-000001", "/treasury/receipts/R-000001/copy"


def test_a_copy_is_marked_and_recorded_with_who_printed_it(treasurer: Browser) -> None:
    accepted(3000)
    for _ in range(2):
        answer = treasurer.post(COPY)
        assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
            200, "application/pdf", "no-store",
        )  # fmt: skip
        assert "COPY" in words(answer.data)
        assert "The copy is not a second donation." in words(answer.data)
    fresh()
    printed = db.session.query(ReceiptEvent).filter_by(kind="reprinted").all()
    assert [one.actor for one in printed] == ["staff:1"] * 2
    assert last_act()[:2] == ("receipt.reprinted", "receipt:R-000001")
    assert "Copy printed" in treasurer.get(PAGE).text
    assert receipts.by_label("R-000001").state == "live"


def test_a_copy_speaks_the_donors_language(treasurer: Browser) -> None:
    with write_unit():
        reference = a_donation(Appeal.by_slug("hands-off-ali"), gbp("20.00"), language="ru").reference
    hear(a_charge(reference, gbp("20.00")))
    assert "КОПИЯ" in words(treasurer.post(COPY).data).upper()


def test_only_a_treasurer_who_has_just_proved_who_they_are_prints_a_copy(
    app: Flask, signed_in: Callable[..., Browser], treasurer: Browser, clock: object
) -> None:
    accepted(3000)
    for role in ("auditor", "admin", "organiser"):
        assert signed_in(role).post(COPY).status_code == 403
    clock.shift(timedelta(minutes=6))  # type: ignore[attr-defined]
    assert "/staff/again" in treasurer.post(COPY).headers["Location"]
    fresh()
    assert db.session.query(ReceiptEvent).filter_by(kind="reprinted").count() == 0


def test_the_page_shows_every_receipt_of_the_donation_and_leads_to_the_donation(treasurer: Browser) -> None:
    accepted(3000)
    page = treasurer.get(PAGE).text
    assert "£30.00" in page
    assert 'href="/treasury/offline-donations"' in page
    assert treasurer.get("/treasury/receipts/R-999999").status_code == 404


def test_a_receipt_of_an_offline_donation_is_found_by_its_number(treasurer: Browser) -> None:
    accepted(3000)
    answer = treasurer.get("/treasury/card-payments?find=r-000001")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)


def test_the_press_that_undoes_a_match_says_before_what_is_mailed_and_when(treasurer: Browser) -> None:
    # given a matched line whose donor has an address
    gift, line = a_gift(3000, "bank"), a_line(a_bank_account(), 3000)
    match(line, Said("offline_gift", 3000, target=str(gift)))
    page = unescape(treasurer.get(f"/treasury/statement-lines/{line}").text)
    assert "the totals change at once. Receipt R-000001 changes in 2 hours." in page
    assert re.search(r"The donor gets an email then, not before.*?Undo match", page, re.DOTALL)
    # when it is undone
    treasurer.post(f"/treasury/statement-lines/{line}", act="undo")
    fresh()
    due = db.session.query(ReceiptChange.due_at).one()[0]
    # then the pages say what waits, and until when
    for path in (f"/treasury/statement-lines/{line}", PAGE):
        assert f"{due.strftime('%H:%M')}" in treasurer.get(path).text
    assert "The donor does not know yet" in treasurer.get(f"/treasury/statement-lines/{line}").text
    # and once it is matched again nothing waits
    with write_unit() as conn:
        matches.confirm(conn, line, [Said("offline_gift", 3000, target=str(gift))], rule="x", actor="y", at=NOON)
    assert "does not know yet" not in treasurer.get(f"/treasury/statement-lines/{line}").text


def test_a_donation_recorded_from_its_line_is_said_to_go_with_its_match(treasurer: Browser) -> None:
    line = a_line(a_bank_account(), 3000)
    treasurer.post(f"/treasury/statement-lines/{line}", act="gift", purpose="hands-off-ali", name="Maya")
    page = treasurer.get(f"/treasury/statement-lines/{line}").text
    assert "the donation recorded from this line is cancelled. Its receipt R-000001 becomes void in 2 hours." in page
    assert "We have no email address for this donor, so no email is sent." in page
    treasurer.post(f"/treasury/statement-lines/{line}", act="undo")
    assert "was cancelled with its match" in treasurer.get(f"/treasury/statement-lines/{line}").text


def test_a_line_that_is_no_donation_says_nothing_of_receipts(treasurer: Browser) -> None:
    line = a_line(a_bank_account(), 3000)
    match(line, Said("unidentified", 3000))
    page = treasurer.get(f"/treasury/statement-lines/{line}").text
    assert "Undo match" in page
    assert "Receipt" not in page.partition("<main")[2]
