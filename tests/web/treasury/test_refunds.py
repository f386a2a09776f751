"""Refunding a donation from its page, against the sandbox over HTTP: once, whatever is clicked and whatever answer is
lost; never more than remains, never in a dispute, never without the right."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from donations.database import write_unit
from donations.extensions import db
from donations.models import PostingStop, RefundAttempt
from donations.reconciliation import dashboard
from donations.web.page import now
from donations.worker.refunds import continue_refunds
from donations.worker.stripe_sync import sync_transactions
from tests.events import balances
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import raised, sound
from tests.web.staff.conftest import Browser
from tests.web.treasury.refund_steps import Given, SignIn, a_gift, acts, attempts, fields, receipts, refund, state


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def given(client: FlaskClient, at_stripe: Stripe, treasurer: Browser) -> Given:
    return a_gift(client, at_stripe)


def test_a_gift_is_given_back_whole(treasurer: Browser, given: Given) -> None:
    # given a donation that counts
    assert raised() == 2000
    assert 'value="20"' in treasurer.get(f"{given.path}/refund").text
    # when all of it is refunded
    answer = refund(treasurer, given, note="He gave twice")
    # then Stripe has one refund, and total, receipt and ledger follow before any event came
    assert (answer.status_code, answer.headers["Location"]) == (303, given.path)
    assert given.refunds() == [("succeeded", 2000)]
    assert (state(), raised(), receipts()) == ("refunded", 0, [("void", 2000)])
    # and the events say nothing new
    given.bring()
    assert (state(), raised(), attempts()) == ("refunded", 0, [("made", 2000, None)])
    assert sum(minor for key, minor in balances([given.charge]).items() if key[0] == 4050) == 2000
    assert acts() == ["refund.asked_for"]
    assert sound() == ()
    text = treasurer.get(given.path).text
    assert "He gave twice" in text
    assert "Refund made: £20" in text
    assert "Refund donation" not in text


def test_parts_are_given_back_until_nothing_is_left(treasurer: Browser, given: Given) -> None:
    assert refund(treasurer, given, "7.50").status_code == 303
    assert (state(), raised(), receipts()) == ("part_refunded", 1250, [("replaced", 2000), ("live", 1250)])
    assert refund(treasurer, given, "12.51", form_key="form-2").status_code == 409
    assert refund(treasurer, given, "12.50", form_key="form-2").status_code == 303
    assert (state(), raised(), receipts()[-1]) == ("refunded", 0, ("void", 1250))
    answer = refund(treasurer, given, "0.01", form_key="form-3")
    assert (answer.status_code, len(given.asked())) == (409, 2)


def test_the_same_form_sent_twice_makes_one_refund(
    treasurer: Browser, given: Given, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        assert refund(treasurer, given, "5").status_code == 303
        clock.shift(timedelta(seconds=1))
    assert given.refunds() == [("succeeded", 500)]
    assert (len(given.asked()), attempts(), acts()) == (1, [("made", 500, None)], ["refund.asked_for"])


def test_the_same_form_with_another_amount_is_refused(treasurer: Browser, given: Given) -> None:
    refund(treasurer, given, "5")
    assert refund(treasurer, given, "6").status_code == 409
    assert given.refunds() == [("succeeded", 500)]


@pytest.mark.parametrize("mode", ["reset_after", "500_after", "reset_before", "500"])
def test_a_lost_answer_is_found_by_the_worker_and_makes_no_second_refund(
    treasurer: Browser, given: Given, clock: time_machine.Traveller, mode: str
) -> None:
    # given Stripe that does it, or does not, and never says so
    given.at_stripe.order("faults", mode=mode, times=2, path="/v1/refunds", method="POST")
    answer = refund(treasurer, given)
    assert answer.status_code == 303
    assert attempts() == [("asked", 2000, None)]
    assert "Stripe has not answered yet" in treasurer.get(given.path).text
    # when another one is asked for meanwhile
    assert refund(treasurer, given, "1", form_key="form-2").status_code == 409
    # and the worker continues with it
    clock.shift(timedelta(minutes=2))
    assert continue_refunds(now()) == 1
    # then there is one
    assert given.refunds() == [("succeeded", 2000)]
    assert (attempts(), state(), raised()) == ([("made", 2000, None)], "refunded", 0)
    assert continue_refunds(now() + timedelta(days=2)) == 0


def test_a_lost_answer_is_found_by_the_next_click_too(treasurer: Browser, given: Given) -> None:
    given.at_stripe.order("faults", mode="reset_after", times=2, path="/v1/refunds", method="POST")
    refund(treasurer, given)
    number = db.session.query(RefundAttempt.id).scalar()
    answer = treasurer.post(f"{given.path}/refund/{number}")
    assert answer.status_code == 303
    assert (attempts(), given.refunds()) == ([("made", 2000, None)], [("succeeded", 2000)])
    assert acts() == ["refund.asked_for", "refund.asked_again"]


def test_its_event_ends_an_attempt_whose_answer_was_lost(treasurer: Browser, given: Given) -> None:
    given.at_stripe.order("faults", mode="reset_after", times=2, path="/v1/refunds", method="POST")
    refund(treasurer, given)
    given.bring()
    assert (attempts(), state()) == ([("made", 2000, None)], "refunded")


def test_what_never_reached_stripe_is_not_made_days_later(treasurer: Browser, given: Given) -> None:
    # given a request that was lost on its way, and a worker that was away for a day
    given.at_stripe.order("faults", mode="reset_before", times=2, path="/v1/refunds", method="POST")
    refund(treasurer, given)
    # when it comes back
    continue_refunds(now() + timedelta(days=1))
    # then nothing is refunded unnoticed, and it may be requested again
    assert (given.refunds(), attempts()) == ([], [("refused", 2000, "never_arrived")])
    assert refund(treasurer, given, form_key="form-2").status_code == 303
    assert given.refunds() == [("succeeded", 2000)]


def test_a_disputed_gift_is_not_given_back(treasurer: Browser, given: Given) -> None:
    given.at_stripe.order("disputes", charge=given.charge)
    given.bring()
    answer = refund(treasurer, given)
    assert (answer.status_code, attempts(), given.asked()) == (409, [], [])
    assert "has disputed this donation" in answer.text
    text = treasurer.get(given.path).text
    assert "you cannot refund it here" in text
    assert f'href="{given.path}/refund"' not in text


def test_an_inquiry_may_be_answered_by_giving_back(treasurer: Browser, given: Given) -> None:
    given.at_stripe.order("disputes", charge=given.charge, inquiry=True)
    given.bring()
    assert refund(treasurer, given).status_code == 303
    assert state() == "refunded"


def test_a_dispute_of_which_we_have_not_heard_yet_is_refused_by_stripe(treasurer: Browser, given: Given) -> None:
    given.at_stripe.order("disputes", charge=given.charge)
    answer = refund(treasurer, given)
    assert answer.status_code == 409
    assert "the payment is disputed" in answer.text
    assert attempts() == [("refused", 2000, "charge_disputed")]
    assert 'value="form-1"' not in answer.text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "typed",
    [
        {"amount": ""}, {"amount": "nonsense"}, {"amount": "0"}, {"amount": "-5"}, {"amount": "1.234"},
        {"reason": "because"}, {"reason": ""}, {"note": "x" * 501},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_said_beside_its_field(treasurer: Browser, given: Given, typed: dict[str, str]) -> None:
    answer = refund(treasurer, given, **typed)
    assert answer.status_code == 422
    assert f'id="{next(iter(typed))}-error"' in answer.text
    assert (attempts(), given.asked(), acts()) == ([], [], [])


@pytest.mark.databases("sqlite")
def test_the_currency_is_the_gifts_own_whatever_is_sent(treasurer: Browser, given: Given) -> None:
    assert refund(treasurer, given, currency="EUR").status_code == 303
    assert given.refunds() == [("succeeded", 2000)]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", ["auditor", "admin", "organiser"])
def test_only_a_treasurer_gives_back(signed_in: SignIn, given: Given, role: str) -> None:
    browser = signed_in(role)
    assert refund(browser, given).status_code == 403
    assert browser.get(f"{given.path}/refund").status_code == 403
    assert attempts() == []
    if role == "auditor":
        assert f'href="{given.path}/refund"' not in browser.get(given.path).text


@pytest.mark.databases("sqlite")
def test_who_has_not_signed_in_is_asked_to(app: Flask, given: Given) -> None:
    answer = refund(Browser(app), given)
    assert "/staff/sign-in" in answer.headers["Location"]
    assert attempts() == []


def test_a_sign_in_that_is_not_fresh_is_asked_for_again(
    treasurer: Browser, given: Given, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=6))
    for answer in (refund(treasurer, given), treasurer.get(f"{given.path}/refund")):
        assert answer.headers["Location"].startswith("/staff/again")
    assert treasurer.get(given.path).status_code == 200
    assert attempts() == []


@pytest.mark.databases("sqlite")
def test_what_nobody_knows_cannot_be_given_back(treasurer: Browser, given: Given) -> None:
    for path in ("ch_unknown", "x" * 300):
        assert treasurer.get(f"/treasury/card-payments/{path}").status_code == 404
        assert treasurer.get(f"/treasury/card-payments/{path}/refund").status_code == 404
        assert treasurer.post(f"/treasury/card-payments/{path}/refund", amount="1").status_code == 404
    assert treasurer.post(f"{given.path}/refund/{10**30}").status_code == 404
    assert treasurer.post(f"{given.path}/refund/7").status_code == 404
    assert treasurer.client.put(f"{given.path}/refund").status_code == 405
    assert treasurer.post(given.path).status_code == 405


def test_an_attempt_of_another_gift_is_not_there(treasurer: Browser, given: Given) -> None:
    other = a_gift(given.client, given.at_stripe)
    given.at_stripe.order("faults", mode="reset_before", times=2, path="/v1/refunds", method="POST")
    refund(treasurer, given)
    number = db.session.query(RefundAttempt.id).scalar()
    assert treasurer.post(f"{other.path}/refund/{number}").status_code == 404
    assert given.refunds() == []


@pytest.mark.databases("sqlite")
def test_a_form_without_its_token_gives_nothing_back(treasurer: Browser, given: Given) -> None:
    answer = treasurer.post(f"{given.path}/refund", csrf=False, amount="20", reason="duplicate", form_key="f")
    assert (answer.status_code, attempts()) == (400, [])


def test_a_refund_that_bounced_may_be_given_back_once_more_but_not_twice(
    client: FlaskClient, at_stripe: Stripe, treasurer: Browser
) -> None:
    # given a refund that came back
    given = a_gift(client, at_stripe, "pm_card_refundFail")
    refund(treasurer, given)
    made = at_stripe.api("GET", "/v1/refunds").json["data"][0]["id"]
    at_stripe.order(f"refunds/{made}/become", status="failed")
    given.bring()
    hear_transactions()
    assert "£20.00 is owed to the donor" in treasurer.get(given.path).text
    # when it is refunded again
    assert refund(treasurer, given, form_key="form-2").status_code == 303
    # then nothing is owed, and the total has not fallen twice
    hear_transactions()
    given.bring()
    assert "is owed to the donor" not in treasurer.get(given.path).text
    assert (raised(), state()) == (0, "refunded")
    assert refund(treasurer, given, "1", form_key="form-3").status_code == 409
    assert sound() == ()


def test_what_bounced_and_is_kept_is_a_gift_again_and_the_rest_may_still_be_given_back(
    client: FlaskClient, at_stripe: Stripe, treasurer: Browser
) -> None:
    # given a donation to one fund, with a failed refund of 8.00
    given = a_gift(client, at_stripe, "pm_card_refundFail", fund="ali")
    refund(treasurer, given, "8")
    made = at_stripe.api("GET", "/v1/refunds").json["data"][0]["id"]
    at_stripe.order(f"refunds/{made}/become", status="failed")
    hear_transactions()
    given.bring()
    # when its supporter lets us keep it, by the link of the page
    link = re.search(r'href="(/treasury/adjustments/new[^"]+)"', treasurer.get(given.path).text)
    assert link is not None
    form = fields(treasurer, unescape(link[1])) | {"reason": "she wrote so", "authority": "committee of 3 November"}
    assert form["amount"] == "8"
    assert treasurer.post("/treasury/adjustments/new", **form).status_code == 303
    # then it counts, and only what was not kept is left to refund
    assert raised() == 2000
    assert "is owed to the donor" not in treasurer.get(given.path).text
    assert refund(treasurer, given, "12.01", form_key="form-2").status_code == 409
    assert refund(treasurer, given, "12", form_key="form-3").status_code == 303
    hear_transactions()
    assert (raised(), sound()) == (800, ())
    assert dashboard.not_cleared(db.session.connection(), (2020,)) == []


def hear_transactions() -> None:
    sync_transactions(now())


def test_halted_books_give_nothing_back(treasurer: Browser, given: Given) -> None:
    with write_unit():
        db.session.add(PostingStop(id=1, since=now(), reason="I1"))
    assert refund(treasurer, given).status_code == 503
    assert (attempts(), given.refunds()) == ([], [])
