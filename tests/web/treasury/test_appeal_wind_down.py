"""Ending an appeal: what is left and what was promised about it, the ways to move it on, and the close."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from donations.appeals import wordings
from donations.database import write_unit
from donations.extensions import db
from donations.models import Adjustment, Appeal, AuditRecord
from donations.web.page import now
from donations.worker.sessions import expire_checkouts
from tests.events import fresh
from tests.factories import NOON
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import a_bank_account, accepted, banked, raised, sound
from tests.reconciliation.test_payment_requests import adjust, ask_for, two_must_approve
from tests.web.checkout_steps import give, sessions
from tests.web.staff.conftest import Browser
from tests.web.treasury.refund_steps import SignIn, fields

PAGE = "/treasury/appeals/hands-off-ali/ending"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def appeal_state(slug: str = "hands-off-ali") -> str:
    fresh()
    return Appeal.any_by_slug(slug).state


def acts() -> list[str]:
    fresh()
    return [row.act for row in db.session.query(AuditRecord).order_by(AuditRecord.id)]


def links(browser: Browser, words: str) -> list[str]:
    return [unescape(path) for path in re.findall(r'href="(/treasury/' + words + r'[^"]*)"', browser.get(PAGE).text)]


def test_it_says_what_is_left_and_what_was_promised(treasurer: Browser) -> None:
    # given a fund with money, of which a part is committed
    banked(80000)
    accepted(5000)
    ask_for(30000)
    # when its appeal is looked at
    text = unescape(treasurer.get(PAGE).text)
    # then the remainder, the wording shown to donors and the requests in progress are there
    for words in ("£850.00", "1 donation", "goes to the others held", "lawyer", "requested", "no money left"):
        assert words in text, words
    assert "Cash and cheques: £50.00. Available once paid in." in text


def test_the_rest_is_moved_by_the_form_it_leads_to(treasurer: Browser) -> None:
    # given 800.00 in the bank
    account = a_bank_account()
    adjust("opening", 80000, bank_account_id=account)
    # when the first link to a transfer is followed, and the form sent with where it goes
    form = fields(treasurer, links(treasurer, r"adjustments/new\?kind=transfer")[0])
    assert (form["fund"], form["amount"], form["currency"], form["account"]) == ("ali", "800", "GBP", str(account))
    assert "has ended" in form["reason"]
    answer = treasurer.post("/treasury/adjustments/new", **form | {"other_fund": "sakharovo", "authority": "committee"})
    # then it is booked, and nothing is left
    assert answer.status_code == 303, answer.text
    fresh()
    assert db.session.query(Adjustment.state).filter(Adjustment.kind == "transfer").scalar() == "made"
    assert sound() == ()
    assert not links(treasurer, r"adjustments/new\?kind=transfer&amp;fund=ali&")


def test_where_two_people_decide_the_transfer_waits_and_is_named(treasurer: Browser) -> None:
    two_must_approve()
    account = a_bank_account()
    adjust("opening", 80000, bank_account_id=account)
    form = fields(treasurer, links(treasurer, r"adjustments/new\?kind=transfer")[0])
    treasurer.post("/treasury/adjustments/new", **form | {"other_fund": "sakharovo", "authority": "committee"})
    assert "waiting for a second person" in treasurer.get(PAGE).text


def test_all_of_it_is_handed_on_by_a_request(treasurer: Browser) -> None:
    banked(80000)
    form = fields(treasurer, links(treasurer, "payment-requests/new")[0])
    assert (form["fund"], form["amount"], form["currency"]) == ("ali", "800", "GBP")


def test_closing_ends_the_open_payment_pages(treasurer: Browser, client: FlaskClient, at_stripe: Stripe) -> None:
    # given a supporter who is about to pay
    give(client)
    # when the appeal is closed
    answer = treasurer.post(PAGE, act="close")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    # then it takes no donation, and the payment page is closed by the worker
    expire_checkouts(now())
    assert appeal_state() == "closed"
    assert [one["status"] for one in sessions(at_stripe)] == ["expired"]
    refused = client.post("/appeals/hands-off-ali/donations", data={"amount": "20", "currency": "GBP"})
    assert "has ended and takes no more donations" in refused.text
    assert len(sessions(at_stripe)) == 1
    assert acts().count("appeal.closed") == 1
    # and money that is left is on the first page
    accepted(500)
    assert PAGE in treasurer.get("/treasury/").text
    assert raised() == 500


def test_closing_twice_is_recorded_once(treasurer: Browser) -> None:
    assert [treasurer.post(PAGE, act="close").status_code for _ in range(2)] == [303, 303]
    assert acts().count("appeal.closed") == 1


@pytest.mark.databases("sqlite")
def test_who_may_not_close_does_not(signed_in: SignIn, app: Flask, clock: time_machine.Traveller) -> None:
    for role in ("auditor", "organiser"):
        assert signed_in(role).post(PAGE, act="close").status_code == 403
    assert "/staff/sign-in" in Browser(app).post(PAGE, act="close").headers["Location"]
    late = signed_in("treasurer")
    clock.shift(timedelta(minutes=6))
    assert late.post(PAGE, act="close").headers["Location"].startswith("/staff/again")
    assert late.get(PAGE).status_code == 200
    assert appeal_state() == "open"


@pytest.mark.databases("sqlite")
def test_what_is_not_asked_properly_closes_nothing(treasurer: Browser) -> None:
    with write_unit():
        Appeal.any_by_slug("kurmanov").state = "draft"
    assert treasurer.post(PAGE).status_code == 422
    assert treasurer.post(PAGE, act="approve").status_code == 422
    assert treasurer.post(PAGE, csrf=False, act="close").status_code == 400
    assert treasurer.post("/treasury/appeals/kurmanov/ending", act="close").status_code == 409
    assert treasurer.get("/treasury/appeals/nobody/ending").status_code == 404
    assert treasurer.post("/treasury/appeals/nobody/ending", act="close").status_code == 404
    assert treasurer.client.put(PAGE).status_code == 405
    assert (appeal_state(), appeal_state("kurmanov")) == ("open", "draft")


def change(surplus: str) -> int:
    """A new wording. Returns its id."""
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.surplus = {"en": surplus}
        kept = wordings.record(appeal, by="staff:1", at=NOON, source="page")
        assert kept is not None
        return kept.id


def test_each_wording_stands_with_its_donations_and_leads_to_the_fund_that_it_names(treasurer: Browser) -> None:
    # given donations under two wordings, and 100.00 in the bank
    accepted(3000)
    accepted(3000)
    wording = change("What is left goes to the lawyers.")
    accepted(2000)
    banked(10000)
    # when the end of the appeal is looked at
    text = unescape(treasurer.get(PAGE).text)
    # then each is listed with its count and sum, and its share of what is in the bank
    for words in ("Wording 1, since", "2 donations", "£60.00", "Wording 2, since", "1 donation", "£20.00",
                  "Transfer £75.00 to “Others held at Sakharovo”", "Transfer £25.00 to another fund",
                  "This wording names no fund that we know."):  # fmt: skip
        assert words in text, words
    # and nothing offers the general fund, which neither names
    assert not any("other_fund=general" in link for link in links(treasurer, "adjustments/new"))
    # and the form has the wording, its text and where the money is
    second = next(link for link in links(treasurer, "adjustments/new") if f"wording={wording}" in link)
    form = fields(treasurer, second)
    assert (form["wording"], form["amount"]) == (str(wording), "25")
    page = unescape(treasurer.get(second).text)
    for words in ("What is left goes to the lawyers.", "goes to the others held at Sakharovo", "Cash and cheques"):
        assert words in page, words
    answer = treasurer.post("/treasury/adjustments/new", **form | {"other_fund": "sakharovo", "authority": "committee"})
    assert answer.status_code == 303, answer.text
    assert "What is left goes to the lawyers." in treasurer.get(answer.headers["Location"]).text
    fresh()
    assert db.session.query(Adjustment.wording_id).filter(Adjustment.kind == "transfer").scalar() == wording


def test_who_moves_money_given_under_two_wordings_says_under_which(treasurer: Browser) -> None:
    accepted(3000)
    other = db.session.query(Appeal).filter(Appeal.slug == "karaganda-four").one()
    foreign = wordings.history(other)[0].id
    change("What is left goes to the lawyers.")
    accepted(2000)
    account = banked(10000)
    typed = {"kind": "transfer", "fund": "ali", "other_fund": "sakharovo", "account": str(account), "amount": "5"}
    typed |= {"currency": "GBP", "on": "2026-11-21", "reason": "so", "authority": "committee", "form_key": "k"}
    for wording in ("", str(foreign), "nonsense"):
        answer = treasurer.post("/treasury/adjustments/new", **typed, wording=wording)
        assert answer.status_code == 422
        assert "Select the wording under which this money was given." in answer.text
    fresh()
    assert db.session.query(Adjustment).filter(Adjustment.kind == "transfer").count() == 0


def test_money_that_is_not_in_the_bank_is_not_offered(treasurer: Browser) -> None:
    accepted(8000)
    text = unescape(treasurer.get(PAGE).text)
    assert "No money is in a bank account yet." in text
    assert links(treasurer, "adjustments/new") == []
    assert links(treasurer, "payment-requests/new") == []
