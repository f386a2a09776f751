"""The gift shown once more before payment: asked for by the form's own button, keeps nothing, and leads on or back."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from donations import tokens
from tests.web.conftest import CHECKOUT, Give, kept

pytestmark = pytest.mark.databases("sqlite")
TYPED = {
    "amount": "12,50", "currency": "EUR", "fund": "sakharovo", "name": "Rosa Example", "email": "rosa@example.org",
    "message": "Courage!\nWe are <many>.", "display": "initials",
}  # fmt: skip


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def test_the_check_shows_the_gift_and_keeps_nothing(give: Give) -> None:
    answer = give(step="check", **TYPED)

    page = html.unescape(answer.text)
    assert answer.status_code == 200
    for said in ("€12.50", "Hands Off Ali", "Others held at Sakharovo", "My initials", "rosa@example.org", "Courage!"):
        assert said in page
    assert "SFF DONATION" in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert kept() == 0


def test_what_the_check_sends_on_leads_to_payment(give: Give, client: FlaskClient) -> None:
    fields = hidden(give(step="check", **TYPED).text)
    assert {name: fields[name] for name in TYPED} == TYPED

    answer = client.post("/appeals/hands-off-ali/donations", data=fields)

    assert (answer.status_code, answer.location) == (303, CHECKOUT)
    assert kept() == 1


def test_who_wants_to_change_something_gets_the_form_with_every_word(give: Give) -> None:
    answer = give(step="change", **TYPED)

    page = html.unescape(answer.text)
    assert (answer.status_code, kept()) == (200, 0)
    assert 'id="errors"' not in page
    assert 'value="12,50"' in page
    assert "Courage!\nWe are <many>.</textarea>" in page
    assert re.search(r'name="fund" value="sakharovo" checked', page)


def test_without_a_fund_it_says_how_the_gift_is_divided(give: Give) -> None:
    page = give(step="check", amount="10").text

    assert "Where it is needed most" in page
    assert "Ali Feruz 60%" in page
    assert "As a link on the next page" in page


@pytest.mark.parametrize("wrong", [{"amount": "a lot"}, {"email": "rosa@"}, {"token": "invented"}, {"fund": "kozlov"}])
def test_a_fault_is_said_before_the_check(give: Give, wrong: dict[str, str]) -> None:
    answer = give(step="check", **{**TYPED, **wrong})

    assert (answer.status_code, 'id="errors"' in answer.text) == (422, True)


def test_no_check_is_shown_for_an_appeal_that_has_stopped(give: Give, change) -> None:
    change("hands-off-ali", state="paused")

    answer = give(step="check", **TYPED)

    assert answer.status_code == 422
    assert "is paused and takes no donations" in answer.text
    assert "Courage!" in answer.text


@pytest.mark.parametrize("step", [None, "", "pay", "anything"])
def test_a_form_without_the_checks_name_goes_on_to_payment(give: Give, step: str | None) -> None:
    assert give(step=step).status_code == 303


def test_the_check_speaks_the_language_of_its_form(give: Give) -> None:
    token = tokens.for_form(tokens.FormToken(slug="hands-off-ali", nonce="another"))
    page = give(prefix="/ru", step="check", token=token, amount="7,50").text

    assert '<html lang="ru"' in page
    assert "7,50" in page
    assert 'action="/ru/appeals/hands-off-ali/donations"' in page
