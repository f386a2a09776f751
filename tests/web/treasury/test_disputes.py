"""The page of disputes and warnings of fraud: what each says, where it leads, and a warning answered by one click."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from donations.extensions import db
from donations.models import Dispute
from tests.events import fresh
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import raised
from tests.web.staff.conftest import Browser
from tests.web.treasury.refund_steps import Given, SignIn, a_gift, attempts, state

PAGE = "/treasury/disputes"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def given(client: FlaskClient, at_stripe: Stripe, treasurer: Browser) -> Given:
    return a_gift(client, at_stripe)


def warn(given: Given) -> str:
    """The card's network warns of the donation. Returns the warning's id."""
    made = str(given.at_stripe.order("early_fraud_warnings", charge=given.charge)["id"])
    given.bring()
    return made


def click(browser: Browser, given: Given) -> int:
    """Press the button of the only warning, with what its form holds."""
    form = re.search(rf'<form[^>]+action="({given.path}/refund)".*?</form>', browser.get(PAGE).text, re.S)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    fields.pop("csrf_token")
    return browser.post(form[1], **fields).status_code


def test_a_warning_is_answered_by_one_click_however_often(treasurer: Browser, given: Given) -> None:
    # given a donation that the card's network warns of
    warning = warn(given)
    text = treasurer.get(PAGE).text
    assert warning in text
    assert "will most likely dispute the donation" in text
    # when the button is pressed, and an older copy of the page once more
    form = {"form_key": f"warning-{warning}", "amount": "20", "reason": "fraudulent", "note": warning}
    assert click(treasurer, given) == 303
    assert treasurer.post(f"{given.path}/refund", **form).status_code == 303
    # then it was refunded once, and the page says so
    assert (given.refunds(), attempts()) == ([("succeeded", 2000)], [("made", 2000, None)])
    assert (state(), raised()) == ("refunded", 0)
    assert given.asked()[0]["form"].count(["reason", "fraudulent"]) == 1
    given.bring()
    text = treasurer.get(PAGE).text
    assert "refunded" in text
    assert f'action="{given.path}/refund"' not in text


def test_of_a_gift_given_back_in_part_the_rest_is_offered(treasurer: Browser, given: Given) -> None:
    warn(given)
    given.at_stripe.order("refunds", charge=given.charge, amount=500)
    given.bring()
    assert "Refund £15.00" in treasurer.get(PAGE).text
    assert click(treasurer, given) == 303
    assert state() == "refunded"


def test_a_warning_whose_gift_is_disputed_says_so_and_offers_nothing(treasurer: Browser, given: Given) -> None:
    warn(given)
    given.at_stripe.order("disputes", charge=given.charge)
    given.bring()
    text = treasurer.get(PAGE).text
    assert "dispute: response needed" in text
    assert f'action="{given.path}/refund"' not in text


def test_an_auditor_sees_the_warning_and_no_button(signed_in: SignIn, given: Given) -> None:
    warning = warn(given)
    text = signed_in("auditor").get(PAGE).text
    assert warning in text
    assert f'action="{given.path}/refund"' not in text


def test_a_dispute_says_what_the_bank_was_told_and_leads_to_its_gift(treasurer: Browser, given: Given) -> None:
    # given a dispute without an answer
    dispute = given.at_stripe.order("disputes", charge=given.charge)["id"]
    given.bring()
    text = treasurer.get(PAGE).text
    assert f'href="{given.path}"' in text
    assert "nothing yet" in text
    # when evidence is written at Stripe, and then sent
    api = given.at_stripe.api
    api("POST", f"/v1/disputes/{dispute}", {"evidence[uncategorized_text]": "winning_evidence", "submit": "false"})
    given.bring()
    assert "not sent yet" in treasurer.get(PAGE).text
    api("POST", f"/v1/disputes/{dispute}", {"evidence[uncategorized_text]": "winning_evidence"})
    given.bring()
    # then the page says so
    assert "evidence sent 1 time" in treasurer.get(PAGE).text
    assert "evidence sent 1 time" in treasurer.get(given.path).text
    fresh()
    assert db.session.get_one(Dispute, dispute).submissions == 1


@pytest.mark.databases("sqlite")
def test_a_gift_is_found_by_any_of_its_numbers(treasurer: Browser, given: Given) -> None:
    dispute = given.at_stripe.order("disputes", charge=given.charge)["id"]
    given.bring()
    row = treasurer.get(given.path).text
    receipt, reference = re.search(r"R-\d+", row)[0], re.search(r"<code>(\w{20})</code>", row)[1]  # type: ignore[index]
    for number in (given.charge, receipt, receipt.lower(), reference, f" {reference.upper()} ", dispute):
        answer = treasurer.get(f"/treasury/card-payments?find={number}")
        assert (answer.status_code, answer.headers["Location"]) == (303, given.path), number
    for number in ("R-999999", "%", "_", "'", "x" * 5000):
        answer = treasurer.get(f"/treasury/card-payments?find={number}")
        assert answer.status_code == 200, number
        assert "No donation has this number" in answer.text
    assert f'href="{given.path}"' in treasurer.get("/treasury/card-payments").text
    for before in ("x", "-1", "9" * 30):
        assert treasurer.get(f"/treasury/card-payments?before={before}").status_code == 200
