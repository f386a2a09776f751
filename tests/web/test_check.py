"""The donation shown once more before payment, under an address of its own: what was typed is kept there for a day, its
one button makes one donation, and a used address shows nothing of anybody."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, Organisation
from tests.events import a_charge, hear, rows
from tests.factories import eur, gbp
from tests.web.checkout_steps import go_on, key_of
from tests.web.conftest import CHECKOUT, Give, kept

pytestmark = pytest.mark.databases("sqlite")
TYPED = {
    "amount": "12,50", "currency": "EUR", "fund": "sakharovo", "name": "Rosa Example", "email": "rosa@example.org",
    "message": "Courage!\nWe are <many>.", "display": "initials", "updates": "y",
}  # fmt: skip
PERSONAL = ("Rosa", "rosa@", "Courage", "12.50", "R-0")
USED = "This form has been used. Start a new donation."


@pytest.fixture
def check(fill_in: Give) -> str:
    """The address of a check."""
    return str(fill_in(**TYPED).location)


def the_donation() -> Donation:
    return db.session.scalars(select(Donation)).one()


def test_good_fields_lead_to_an_address_that_says_nothing_of_them(fill_in: Give) -> None:
    answer = fill_in(**TYPED)

    assert answer.status_code == 303
    assert re.fullmatch(r"/donations/check/[\w-]{32}", answer.location)
    assert fill_in(**TYPED).location != answer.location
    assert kept() == 0


def test_the_check_shows_the_donation_and_keeps_nothing_but_the_form(client: FlaskClient, check: str) -> None:
    answer = client.get(check)

    page = html.unescape(answer.text)
    assert answer.status_code == 200
    for said in ("€12.50", "Hands Off Ali", "Others held at Sakharovo", "My initials", "rosa@example.org", "Courage!"):
        assert said in page
    assert "SFF DONATION" in page
    assert "once you have confirmed your address" in page
    assert '<meta name="robots" content="noindex">' in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert kept() == 0


def test_its_one_form_posts_the_key_and_nothing_else(client: FlaskClient, check: str) -> None:
    page = client.get(check).text

    assert page.count("<form") == 1
    assert re.findall(r'<(?:input|button|select|textarea)[^>]* name="(\w+)"', page) == ["key"]
    assert f'action="{check}"' in page


def test_its_button_makes_the_donation_and_leads_to_payment(client: FlaskClient, check: str) -> None:
    answer = go_on(client, check)

    assert (answer.status_code, answer.location) == (303, CHECKOUT)
    donation = the_donation()
    assert (donation.amount_minor, donation.currency, donation.display) == (1250, "EUR", "initials")
    assert [one.fund_id for one in donation.allocations] == [
        fund.id for fund in Appeal.by_slug("hands-off-ali").funds if fund.slug == "sakharovo"
    ]
    assert (rows("subscriber"), donation.language) == (1, "en")


def test_a_form_without_its_key_or_with_another_makes_nothing_and_is_shown_again(
    client: FlaskClient, check: str, fill_in: Give
) -> None:
    other = key_of(client.get(fill_in(**TYPED).location).text)
    for key in ("", "invented", other):
        answer = go_on(client, check, key)
        assert answer.status_code == 422
        assert "Please send the form again" in answer.text
        assert "Courage!" in answer.text
    assert kept() == 0
    assert go_on(client, check, key_of(answer.text)).status_code == 303


def test_reloading_keeps_what_was_typed_and_so_do_other_languages(client: FlaskClient, check: str) -> None:
    first, again = client.get(check).text, client.get(check).text
    assert first == again
    russian = re.search(r'<a href="([^"]+)" hreflang="ru"', first)
    assert russian is not None
    assert russian[1] == f"/ru{check}"
    page = client.get(russian[1]).text
    assert '<html lang="ru"' in page
    assert "Rosa Example" in page
    assert "12,50" in page
    # and the donation is answered in the language it was sent in
    assert go_on(client, russian[1]).status_code == 303
    assert the_donation().language == "ru"


def test_a_form_sent_in_a_language_is_checked_in_it(fill_in: Give) -> None:
    assert fill_in(prefix="/ru").location.startswith("/ru/donations/check/")


def test_who_wants_to_change_something_gets_the_form_with_every_word(client: FlaskClient, check: str) -> None:
    link = re.search(r'href="([^"]+/change)#give"', client.get(check).text)
    assert link is not None
    for prefix in ("", "/ru"):
        answer = client.get(prefix + link[1])
        page = html.unescape(answer.text)
        assert (answer.status_code, kept()) == (200, 0)
        assert answer.headers["Cache-Control"] == "no-store"
        assert 'id="errors"' not in page
        assert 'value="12,50"' in page
        assert "Courage!\nWe are <many>.</textarea>" in page
        assert re.search(r'name="fund" value="sakharovo" checked', page)
        assert re.search(r'name="updates" value="y" checked', page)


def test_no_word_that_was_typed_stands_in_an_address(client: FlaskClient, check: str) -> None:
    page = html.unescape(client.get(check).text)
    for address in re.findall(r'(?:href|action)="([^"]*)"', page):
        assert not any(word in address for word in PERSONAL), address


def test_without_a_fund_it_says_how_the_donation_is_divided(client: FlaskClient, fill_in: Give) -> None:
    page = client.get(fill_in(amount="10").location).text

    assert "Shared between all funds" in page
    assert "Ali Feruz 60%" in page
    assert "As a link after you pay" in page


@pytest.mark.parametrize("wrong", [{"amount": "a lot"}, {"email": "rosa@"}, {"fund": "kozlov"}])
def test_a_fault_is_said_before_the_check_and_nothing_is_kept(fill_in: Give, wrong: dict[str, str]) -> None:
    answer = fill_in(**{**TYPED, **wrong})

    assert (answer.status_code, 'id="errors"' in answer.text) == (422, True)
    assert "Courage!" in answer.text
    assert rows("donation_check") == 0


# Double clicks, and what comes after them


def test_a_double_click_and_a_resend_lead_to_the_same_page_while_it_is_not_paid(
    client: FlaskClient, check: str
) -> None:
    key = key_of(client.get(check).text)

    answers = [go_on(client, check, key) for _ in range(3)]

    assert {(answer.status_code, answer.location) for answer in answers} == {(303, CHECKOUT)}
    assert kept() == 1
    # and the page itself still leads there
    assert client.get(check).status_code == 200


@pytest.mark.parametrize("status", ["succeeded", "pending"])
def test_a_used_address_says_so_and_shows_nothing_of_anybody(client: FlaskClient, check: str, status: str) -> None:
    key = key_of(client.get(check).text)
    go_on(client, check, key)
    hear(a_charge(the_donation().reference, eur("12.50"), status=status))

    answers = [client.get(check), go_on(client, check, key), client.get(f"{check}/change"), client.get(f"/ru{check}")]

    for answer in answers:
        assert answer.status_code == 410
        assert answer.headers["Cache-Control"] == "no-store"
        assert not any(word in answer.text for word in PERSONAL)
        assert the_donation().reference not in answer.text
    assert USED in answers[0].text
    assert 'href="/appeals/hands-off-ali#give"' in answers[0].text
    assert kept() == 1


def test_the_same_donation_again_from_a_new_form_is_a_second_donation(client: FlaskClient, fill_in: Give) -> None:
    for _ in range(2):
        assert go_on(client, fill_in(**TYPED).location).status_code == 303
    assert kept() == 2


def test_after_a_day_it_has_expired_and_says_where_to_begin(client: FlaskClient, fill_in: Give) -> None:
    with time_machine.travel("2026-11-21 10:00:00+00:00", tick=False) as clock:
        check = fill_in(**TYPED).location
        key = key_of(client.get(check).text)
        clock.shift(timedelta(days=1))
        answers = [client.get(check), go_on(client, check, key)]

    for answer in answers:
        assert answer.status_code == 410
        assert "This form has expired" in answer.text
        assert not any(word in answer.text for word in PERSONAL)
        assert 'href="/appeals/hands-off-ali#give"' in answer.text
    assert kept() == 0


def test_an_address_that_is_none_says_so(client: FlaskClient) -> None:
    for answer in (client.get("/donations/check/invented"), client.post("/donations/check/invented")):
        assert answer.status_code == 404
        assert "no longer here" in answer.text
        assert 'href="/"' in answer.text


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_an_address_knows_no_other_method(client: FlaskClient, check: str, method: str) -> None:
    assert getattr(client, method)(check).status_code == 405


def test_another_site_cannot_press_the_button(client: FlaskClient, check: str) -> None:
    key = key_of(client.get(check).text)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post(check, data={"key": key}, headers=headers).status_code == 403
    assert kept() == 0


# What may have changed between the form and the button


@pytest.mark.parametrize(("state", "sentence"), [("paused", "is paused and takes no"), ("closed", "has ended and")])
def test_an_appeal_that_has_stopped_meanwhile_keeps_the_words_and_makes_no_donation(
    client: FlaskClient, check: str, change, state: str, sentence: str
) -> None:
    key = key_of(client.get(check).text)
    change("hands-off-ali", state=state)

    for answer, status in ((client.get(check), 200), (go_on(client, check, key), 422)):
        assert answer.status_code == status
        assert sentence in answer.text
        assert "Courage!" in answer.text
        assert "Go to payment" not in answer.text
    assert kept() == 0
    # and when it takes donations again, the same address leads on
    change("hands-off-ali", state="open")
    assert go_on(client, check, key).status_code == 303


def test_a_currency_that_is_no_longer_taken_brings_the_form_back(client: FlaskClient, check: str) -> None:
    key = key_of(client.get(check).text)
    with write_unit():
        Organisation.get().offered_currencies = ["GBP"]

    answer = go_on(client, check, key)

    assert (answer.status_code, 'href="#currency"' in answer.text, "Courage!" in answer.text) == (422, True, True)
    assert kept() == 0


@pytest.mark.parametrize("how", ["dark", "holding_page"])
def test_the_check_of_a_hidden_appeal_names_it_nowhere(client: FlaskClient, check: str, change, how: str) -> None:
    key = key_of(client.get(check).text)
    change("hands-off-ali", visibility=how, state="paused")

    answers = [client.get(check), go_on(client, check, key), go_on(client, check, ""), client.get(f"{check}/change")]

    for answer in answers:
        assert answer.status_code in (200, 404, 422)
        assert not any(word in answer.text for word in ("Ali", "hands-off", "Sakharovo"))
    assert kept() == 0


def test_a_used_address_of_a_hidden_appeal_names_it_nowhere(client: FlaskClient, check: str, change) -> None:
    go_on(client, check)
    hear(a_charge(the_donation().reference, gbp("20.00")))
    change("hands-off-ali", visibility="holding_page", state="paused")

    page = client.get(check).text

    assert "hands-off" not in page
    assert "Ali" not in page


@pytest.mark.parametrize("step", [None, "", "check", "change", "anything"])
def test_the_old_name_of_a_button_and_reserved_names_are_ignored(fill_in: Give, step: str | None) -> None:
    answer = fill_in(step=step, ref="a-badge", cover_fees="y", token="old", **{"split-ali": "5"})
    assert answer.status_code == 303
    assert "/donations/check/" in answer.location
