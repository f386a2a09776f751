"""Card testing is answered with a step-up, never with a refusal: after declines a proof of work, or a wait without
JavaScript; on a quiet day nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from donations import card_testing, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import CheckoutOpening, Donation
from donations.worker.erasure import erase_personal_data
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.web.checkout_steps import fill_in, key_of, sessions_made
from tests.web.step_up_steps import Supporter, hear_charge, hidden_of, last_donation, solution_of

NEIGHBOUR, STRANGER = "198.51.100.99", "203.0.113.5"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def tester(client: FlaskClient) -> Supporter:
    """Whose three cards were declined just now."""
    supporter = Supporter(client)
    assert supporter.give().status_code == 303
    for _ in range(card_testing.DECLINES_HERE):
        hear_charge(last_donation())
    return supporter


def a_minute_later() -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=True)


def test_on_a_quiet_day_nobody_is_asked_for_anything(client: FlaskClient, at_stripe: Stripe) -> None:
    answers = [Supporter(client, f"192.0.2.{number}").give().status_code for number in range(8)]
    assert answers == [303] * 8
    assert sessions_made(at_stripe) == 8


def test_after_declines_a_solved_proof_of_work_leads_on_to_payment(tester: Supporter, at_stripe: Stripe) -> None:
    # given a network where three cards were declined
    made = sessions_made(at_stripe)
    with a_minute_later():
        # when it asks for another payment page
        page = tester.give()
        # then it is asked for a proof first, nothing is written and Stripe is not called
        assert (page.status_code, page.headers["Cache-Control"]) == (429, "no-store")
        assert (sessions_made(at_stripe), db.session.query(Donation).count()) == (made, 1)
        # and with the proof it continues
        assert tester.prove(page).status_code == 303
        assert (sessions_made(at_stripe), db.session.query(Donation).count()) == (made + 1, 2)


def test_a_neighbour_in_the_network_is_asked_and_another_network_is_not(tester: Supporter, client: FlaskClient) -> None:
    with a_minute_later():
        assert Supporter(client, NEIGHBOUR).give().status_code == 429
        assert Supporter(client, STRANGER).give().status_code == 303


def test_a_network_whose_declines_come_one_more_time_has_a_page_a_minute(tester: Supporter, at_stripe: Stripe) -> None:
    # given that it has solved a proof and got its page
    with a_minute_later():
        assert tester.prove(tester.give()).status_code == 303
        made = sessions_made(at_stripe)
        # when it solves another one at once
        wait = tester.prove(tester.give())
        # then it waits, keeps what it has solved, and continues in a minute
        assert (wait.status_code, sessions_made(at_stripe)) == (429, made)
        assert 1 <= int(wait.headers["Retry-After"]) <= 60
        assert "altcha" in hidden_of(wait)
        with a_minute_later():
            assert tester.go_on(wait).status_code == 303


def test_a_proof_is_good_for_one_form_and_no_other(tester: Supporter, at_stripe: Stripe) -> None:
    with a_minute_later():
        first, second = tester.give(), tester.give()
        made = sessions_made(at_stripe)
        answer = tester.go_on(second, altcha=solution_of(first))
        assert (answer.status_code, sessions_made(at_stripe)) == (429, made)


@pytest.mark.parametrize("forged", ["", "e30=", "AAAA", "x" * 5000, "[]", "eyJjaGFsbGVuZ2UiOjF9"])
@pytest.mark.databases("sqlite")
def test_a_proof_that_is_none_is_asked_for_again(tester: Supporter, forged: str) -> None:
    with a_minute_later():
        assert tester.go_on(tester.give(), altcha=forged).status_code == 429


def test_without_javascript_a_wait_of_two_minutes_is_enough(tester: Supporter, at_stripe: Stripe) -> None:
    made = sessions_made(at_stripe)
    with a_minute_later():
        page = tester.give()
        assert "<noscript>" in page.text
        too_soon = tester.go_on(page)
        assert (too_soon.status_code, sessions_made(at_stripe)) == (429, made)
        # Asking in between does not restart the wait.
        assert hidden_of(too_soon)["wait"] == hidden_of(page)["wait"]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61 + 121), tick=True):
        assert tester.go_on(too_soon).status_code == 303


def test_a_wait_is_not_sold_to_another_form(tester: Supporter) -> None:
    with a_minute_later():
        old, new = tester.give(), tester.give()
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61 + 121), tick=True):
        assert tester.go_on(new, wait=hidden_of(old)["wait"]).status_code == 429


def test_trying_a_donation_again_is_guarded_alike(tester: Supporter, at_stripe: Stripe) -> None:
    # given a donation whose payment page has ended
    with write_unit():
        last_donation().attempts[0].state = "expired"
    path = f"/donations/{tokens.for_return(last_donation().reference)}/again"
    with a_minute_later():
        made = sessions_made(at_stripe)
        page = tester.post(path)
        assert (page.status_code, sessions_made(at_stripe)) == (429, made)
        assert tester.prove(page).status_code == 303
        assert sessions_made(at_stripe) == made + 1


def test_going_back_to_the_page_there_is_needs_no_proof(tester: Supporter, at_stripe: Stripe) -> None:
    made = sessions_made(at_stripe)
    answer = tester.post(f"/donations/{tokens.for_return(last_donation().reference)}/again")
    assert (answer.status_code, sessions_made(at_stripe)) == (303, made)


def test_while_cards_are_tested_only_proposed_amounts_are_taken(tester: Supporter, client: FlaskClient) -> None:
    with a_minute_later():
        answer = tester.post("/appeals/hands-off-ali/donations", amount="1", currency="GBP", name="Maya Example")
        assert answer.status_code == 422
        assert "we take only these amounts" in answer.text
        assert "Maya Example" in answer.text
        elsewhere = Supporter(client, STRANGER)
        answer = elsewhere.post("/appeals/hands-off-ali/donations", amount="1", currency="GBP")
        assert answer.status_code == 303


def test_a_small_amount_typed_before_goes_no_further(client: FlaskClient, at_stripe: Stripe) -> None:
    supporter = Supporter(client)
    check = fill_in(client, amount="1")
    key = key_of(client.get(check).text)
    supporter.give()
    for _ in range(3):
        hear_charge(last_donation())
    with a_minute_later():
        made = sessions_made(at_stripe)
        page = supporter.post(check, key=key)
        assert supporter.prove(page).status_code == 422
        assert sessions_made(at_stripe) == made


def test_payments_of_a_network_let_more_of_its_people_through(client: FlaskClient, app: Flask) -> None:
    # given the shield, and a network of which one has paid
    shield_up(client)
    with a_minute_later():
        venue = Supporter(client)
        assert venue.prove(venue.give()).status_code == 303
        assert venue.prove(venue.give()).status_code == 429
        hear_charge(last_donation(), "succeeded")
        # then two more go on within the same minute
        assert venue.prove(venue.give()).status_code == 303
        assert venue.prove(venue.give()).status_code == 303
        assert venue.prove(venue.give()).status_code == 429


def test_the_shield_asks_everybody_and_comes_down_by_itself(client: FlaskClient) -> None:
    shield_up(client)
    with a_minute_later():
        page = Supporter(client, STRANGER).give()
        assert page.status_code == 429
        assert Supporter(client, STRANGER).prove(page).status_code == 303
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1, minutes=5), tick=True):
        assert Supporter(client, STRANGER).give().status_code == 303


def test_many_payment_pages_left_unpaid_ask_everybody_for_a_proof_and_limit_no_amount(client: FlaskClient) -> None:
    for number in range(card_testing.UNPAID_ALL):
        assert Supporter(client, f"10.{number}.0.1").give().status_code == 303
    stranger = Supporter(client, STRANGER)
    page = stranger.give(amount="7.50")
    assert page.status_code == 429
    assert stranger.prove(page).status_code == 303


@pytest.mark.databases("sqlite")
def test_who_asks_is_known_by_a_keyed_hash_and_for_a_day(client: FlaskClient, at: datetime) -> None:
    Supporter(client, STRANGER).give()
    row = db.session.query(CheckoutOpening).one()
    assert len(row.network_hash) == 32
    assert STRANGER.encode() not in row.network_hash
    erase_personal_data(datetime.now(UTC) + timedelta(hours=25))
    assert db.session.query(CheckoutOpening).count() == 0


@pytest.mark.databases("sqlite")
def test_what_an_untrusted_proxy_says_of_the_address_counts_for_nothing(client: FlaskClient) -> None:
    for number in range(2):
        check = fill_in(client)
        headers = {"X-Forwarded-For": f"203.0.{number}.9"}
        client.post(check, data={"key": key_of(client.get(check).text)}, headers=headers)
    hashes = {row.network_hash for row in db.session.query(CheckoutOpening)}
    assert hashes == {card_testing.network_of("127.0.0.1")}


def shield_up(client: FlaskClient) -> None:
    """Nine of the last charges were declined, on as many networks."""
    for number in range(card_testing.SHIELD_DECLINES + 1):
        Supporter(client, f"10.{number}.0.1").give()
        hear_charge(last_donation())


def test_a_donation_whose_words_are_erased_is_not_tried_again(client: FlaskClient, at_stripe: Stripe) -> None:
    # given a donation that was not paid in its day
    supporter = Supporter(client)
    supporter.give()
    with write_unit():
        donation = last_donation()
        donation.emptied_at, donation.state, donation.attempts[0].state = datetime.now(UTC), "abandoned", "expired"
    path = f"/donations/{tokens.for_return(last_donation().reference)}"
    # when it is tried again
    made, answer = sessions_made(at_stripe), supporter.post(f"{path}/again")
    # then a new donation is offered instead
    assert (answer.status_code, sessions_made(at_stripe)) == (410, made)
    assert "we have erased what you typed" in answer.text
    assert 'href="/appeals/hands-off-ali#give"' in answer.text


def test_a_proof_opens_one_page_of_a_check_and_not_the_next(tester: Supporter, at_stripe: Stripe) -> None:
    # given a page that a proof has opened, and that has ended
    with a_minute_later():
        page = tester.give()
        proof = solution_of(page)
        assert tester.go_on(page, altcha=proof).status_code == 303
        with write_unit():
            last_donation().attempts[0].state = "expired"
        made = sessions_made(at_stripe)
        # when the same proof is sent once more, after its minute
        with a_minute_later():
            assert tester.go_on(page, altcha=proof).status_code in (410, 429)
            assert sessions_made(at_stripe) == made


def test_who_has_paid_is_told_so_and_asked_for_no_proof(tester: Supporter) -> None:
    hear_charge(last_donation(), "succeeded")
    with write_unit():
        last_donation().attempts[0].state = "complete"
    path = f"/donations/{tokens.for_return(last_donation().reference)}"
    with a_minute_later():
        answer = tester.post(f"{path}/again")
    assert (answer.status_code, answer.location) == (303, path)
    assert db.session.query(CheckoutOpening).count() == 1
