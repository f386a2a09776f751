"""Cash and cheques put on a paying-in slip and taken to the bank, as a treasurer does it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import PayingInSlip
from tests.reconciliation.matching_steps import said
from tests.reconciliation.steps import a_bank_account, a_gift, accepted, raised, sound
from tests.reconciliation.test_payment_requests import booked
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, number_in, refusal, said_beside


def pay_in(browser: Browser, *gifts: int, **typed: Any) -> TestResponse:
    told = {"amount": "250", "currency": "GBP", "count": str(len(gifts)), "account": "1", "on": "2026-11-21",
            "number": "100001", "gift": [str(one) for one in gifts]}  # fmt: skip
    return browser.post("/treasury/paying-in-slips/new", **{**told, **typed})


def test_a_slip_is_paid_in_and_credited_short(treasurer: Browser) -> None:
    # given cash and a cheque that were accepted
    account = a_bank_account()
    gifts = [accepted(20000), accepted(5000, "cheque")]
    # when they are put on a paying-in slip: row 10
    number = number_in(pay_in(treasurer, *gifts))
    assert last_act()[:2] == ("slip.paid_in", f"slip:{number}")
    assert booked("slip:") == [
        (1010, "ali", "GBP", -20000), (1020, "ali", "GBP", -5000), (1030, "ali", "GBP", 25000),
    ]  # fmt: skip
    # and the bank credits a pound less
    line = said(account, 24900)
    treasurer.post(f"/treasury/statement-lines/{line}", act="match", target=f"slip:{number}")
    # then the pound stays open on the paying-in slip, and the total is what was given
    text = treasurer.get(f"/treasury/paying-in-slips/{number}").text
    assert "The bank credited less than the slip" in text
    assert "£1.00" in text or "£1" in text
    assert (raised(), sound()) == (25000, ())


def test_a_gift_is_on_one_slip(treasurer: Browser) -> None:
    a_bank_account()
    gift = accepted(25000)
    number_in(pay_in(treasurer, gift))
    after = kept()
    answer = pay_in(treasurer, gift)
    assert (answer.status_code, "already" in refusal(answer)) == (409, True)
    assert kept() == after


@pytest.mark.parametrize("typed", [{"amount": "249"}, {"count": "2"}, {"amount": "250.01"}])
def test_a_slip_that_says_something_else_than_its_gifts_is_refused(treasurer: Browser, typed: dict[str, str]) -> None:
    a_bank_account()
    gift = accepted(25000)
    before = kept()
    answer = pay_in(treasurer, gift, **typed)
    assert (answer.status_code, "1 donation, £250" in refusal(answer)) == (409, True)
    assert (kept(), booked("slip:")) == (before, [])


def test_what_is_not_accepted_or_not_there_goes_on_no_slip(treasurer: Browser) -> None:
    a_bank_account()
    waiting, on_its_way, good = a_gift(5000), a_gift(5000, "bank"), accepted(20000)
    before = kept()
    for other in (waiting, on_its_way, 77):
        assert pay_in(treasurer, good, other).status_code == 409
    assert kept() == before


WRONG = {
    "amount": ({"amount": ""}, "Enter the amount, for example 20 or 20.50."),
    "account": ({"account": "9"}, "Not a valid choice."),
    "count": ({"count": "0"}, "Enter the number of donations on the slip."),
    "on": ({"on": "soon"}, "Enter the date like 2026-11-21."),
    "number": ({"number": "1" * 41}, "This is too long. Enter at most 40 characters."),
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_stands_beside_its_field(treasurer: Browser, field: str) -> None:
    a_bank_account()
    typed, sentence = WRONG[field]
    gift = accepted(25000)
    before = kept()
    answer = pay_in(treasurer, gift, **typed)
    assert (answer.status_code, sentence in said_beside(answer, field)) == (422, True)
    assert kept() == before
    assert db.session.query(PayingInSlip).count() == 0


def test_a_count_that_is_no_figure_is_refused(treasurer: Browser) -> None:
    a_bank_account()
    for count in ("two", "", "9" * 30):
        answer = pay_in(treasurer, accepted(25000), count=count)
        assert (answer.status_code, bool(said_beside(answer, "count"))) == (422, True)
