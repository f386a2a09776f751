"""The way to Stripe's page, with the sandbox for Stripe: one session for one donation whatever is clicked or lost, and
a plain page within ten seconds when Stripe does not answer."""

from __future__ import annotations

import threading
import time
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import restoration
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation
from tests.events import rows
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.web.checkout_steps import (
    again,
    asked_for_sessions,
    fill_in,
    give,
    go_on,
    key_of,
    page,
    sessions,
    sessions_made,
    the_donation,
)

WITHIN_SECONDS = 10


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def test_a_gift_leads_to_stripes_page(client: FlaskClient, at_stripe: Stripe) -> None:
    answer = give(client)
    session = sessions(at_stripe)[0]
    assert (answer.status_code, answer.headers["Location"]) == (303, session["url"])
    assert (session["amount_total"], session["currency"], session["mode"]) == (2000, "gbp", "payment")
    assert session["submit_type"] == "donate"
    assert session["adaptive_pricing"] == {"enabled": False}
    donation = the_donation()
    assert session["metadata"] == restoration.metadata_of(donation)
    assert session["client_reference_id"] == donation.reference
    assert session["success_url"] == f"http://localhost{page()}"
    attempt = donation.attempts[0]
    assert (attempt.state, attempt.session_id) == ("open", session["id"])


def test_the_donation_is_kept_before_stripe_is_asked(client: FlaskClient, at_stripe: Stripe) -> None:
    at_stripe.order("faults", mode="reset_before", times=10)
    give(client)
    donation = the_donation()
    assert (donation.state, donation.attempts) == ("pending", [])


def test_a_double_click_makes_one_session(client: FlaskClient, at_stripe: Stripe) -> None:
    check = fill_in(client)
    first, second = go_on(client, check), go_on(client, check)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(sessions(at_stripe)) == 1
    assert rows("donation") == 1


def test_six_clicks_at_once_make_one_session(app: Flask, client: FlaskClient, at_stripe: Stripe) -> None:
    check = fill_in(client)
    key = key_of(client.get(check).text)
    barrier = threading.Barrier(6)
    answers: list[tuple[int, str]] = []
    failures: list[BaseException] = []

    def click() -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                answer = go_on(app.test_client(), check, key)
                answers.append((answer.status_code, answer.headers.get("Location", "")))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(click,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    # A call that is still running with the same key is refused by Stripe (409) and asked again by the client.
    assert set(answers) == {(303, sessions(at_stripe)[0]["url"])}
    assert len(sessions(at_stripe)) == 1
    assert (rows("donation"), rows("checkout_attempt")) == (1, 1)


@pytest.mark.parametrize("mode", ["reset_after", "500_after"])
def test_an_answer_that_was_lost_once_is_asked_for_again_at_once(
    client: FlaskClient, at_stripe: Stripe, mode: str
) -> None:
    at_stripe.order("faults", mode=mode, times=1, path="/v1/checkout/sessions", method="POST")
    answer = give(client)
    keys = {entry["headers"]["Idempotency-Key"] for entry in asked_for_sessions(at_stripe)}
    assert keys == {f"donation-{the_donation().reference}-checkout-1"}
    assert len(sessions(at_stripe)) == 1
    if mode == "reset_after":
        assert answer.headers["Location"] == sessions(at_stripe)[0]["url"]


def test_an_answer_that_was_lost_altogether_leads_to_the_same_session_later(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    # given that Stripe makes the session, and no answer of it arrives
    at_stripe.order("faults", mode="reset_after", times=2, path="/v1/checkout/sessions", method="POST")
    check = fill_in(client)
    answer = go_on(client, check)
    assert answer.status_code == 503
    assert len(sessions(at_stripe)) == 1
    assert the_donation().attempts[0].state == "starting"
    # when the supporter tries again, with the button or by sending the check once more
    for tried in (again(client), go_on(client, check)):
        # then it is the session that was made
        assert (tried.status_code, tried.headers["Location"]) == (303, sessions(at_stripe)[0]["url"])
    assert len(sessions(at_stripe)) == 1
    assert the_donation().attempts[0].state == "open"


@pytest.mark.parametrize("mode", ["500", "reset_before", "slow", "429"])
@pytest.mark.databases("sqlite")
def test_while_stripe_is_down_a_plain_page_says_so_in_time(client: FlaskClient, at_stripe: Stripe, mode: str) -> None:
    # given a Stripe that does not answer
    at_stripe.order("faults", mode=mode, times=100, seconds=5)
    # when a supporter gives
    began = time.monotonic()
    answer = give(client)
    # then they are told in time, on their own page, and nothing was charged
    assert time.monotonic() - began < WITHIN_SECONDS
    assert answer.status_code == 503
    assert "No money has been taken" in answer.text
    assert f'action="{page()}/again"' in answer.text
    assert sessions_made(at_stripe) == 0
    # and trying again works as soon as Stripe does
    at_stripe.server.http("DELETE", "/sandbox/faults")
    deadline = time.monotonic() + 20
    while (tried := again(client)).status_code == 503 and time.monotonic() < deadline:
        assert mode == "slow"  # What was asked first may still be running there, under the same key.
    assert tried.status_code == 303
    assert rows("donation") == 1
    assert sessions_made(at_stripe) == 1


@pytest.mark.databases("sqlite")
def test_what_stripe_refuses_is_said_without_its_words(client: FlaskClient, at_stripe: Stripe) -> None:
    # given a product that Stripe does not know any more
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").stripe_product_id = "prod_gone"
    answer = give(client)
    assert answer.status_code == 502
    assert "No money has been taken" in answer.text
    assert "prod_gone" not in answer.text
    assert the_donation().state == "pending"


@pytest.mark.databases("sqlite")
def test_a_card_paid_at_stripe_ends_as_a_receipt_on_the_supporters_page(client: FlaskClient, at_stripe: Stripe) -> None:
    # given a donation on its way, whose first card is declined
    check = fill_in(client)
    key = key_of(client.get(check).text)
    go_on(client, check, key)
    session_id = sessions(at_stripe)[0]["id"]
    at_stripe.pay(session_id, "pm_card_visa_chargeDeclined")
    at_stripe.bring(client)
    assert "Your bank declined this payment." in client.get(page()).text
    # when another card pays
    at_stripe.pay(session_id)
    assert set(at_stripe.bring(client)) == {200}
    # then the page shows the receipt, and it cannot be paid again
    assert "R-000001" in client.get(page()).text
    assert again(client).headers["Location"] == page()
    assert "This form has been used." in go_on(client, check, key).text
    assert len(sessions(at_stripe)) == 1
    said = client.get("/appeals/hands-off-ali/total.json").json
    assert (said["raised_minor"], said["donations"]) == (2000, 1)


@pytest.mark.databases("sqlite")
def test_after_an_expired_session_the_next_try_has_its_own(client: FlaskClient, at_stripe: Stripe) -> None:
    give(client)
    first = sessions(at_stripe)[0]
    at_stripe.order(f"sessions/{first['id']}/expire")
    at_stripe.bring(client, "checkout.session.expired")
    assert the_donation().state == "abandoned"
    second = again(client)
    assert second.status_code == 303
    assert second.headers["Location"] != first["url"]
    keys = [entry["headers"]["Idempotency-Key"][-10:] for entry in asked_for_sessions(at_stripe) if entry["form"]]
    assert keys == ["checkout-1", "checkout-2"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("state", "status"), [("paused", 409), ("closed", 409)])
def test_an_appeal_that_has_stopped_meanwhile_makes_no_session(
    client: FlaskClient, at_stripe: Stripe, state: str, status: int
) -> None:
    at_stripe.order("faults", mode="500", times=2)
    check = fill_in(client)
    go_on(client, check)
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = state
    assert again(client).status_code == status
    assert sessions(at_stripe) == []


@pytest.mark.databases("sqlite")
def test_a_session_of_whose_end_nothing_was_heard_is_asked_about_before_another_is_begun(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    # given a payment page that was paid a day ago, of which no event has come
    give(client)
    at_stripe.pay(sessions(at_stripe)[0]["id"])
    with write_unit():
        the_donation_now().attempts[0].expires_at = datetime.now(UTC) - timedelta(hours=1)
    # when its supporter tries again
    answer = again(client)
    # then Stripe has reported it as paid, and there is no second payment page
    assert (answer.status_code, answer.headers["Location"]) == (303, page())
    assert len(sessions(at_stripe)) == 1
    assert the_donation().state == "paid"


@pytest.mark.databases("sqlite")
def test_while_nobody_can_say_whether_it_was_paid_no_other_page_is_begun(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    give(client)
    with write_unit():
        the_donation_now().attempts[0].expires_at = datetime.now(UTC) - timedelta(hours=1)
    at_stripe.order("faults", mode="500", times=2)
    assert again(client).status_code == 503
    assert len(sessions(at_stripe)) == 1


def the_donation_now() -> Donation:
    return db.session.query(Donation).one()


@pytest.mark.databases("sqlite")
def test_our_own_pages_take_no_money(client: FlaskClient, at_stripe: Stripe) -> None:
    # given a form that was filled in, and looked at once more
    check = fill_in(client)
    client.get(check)
    assert sessions(at_stripe) == []
    # when it is sent on, comes back unpaid and is tried again
    go_on(client, check)
    client.get(page())
    again(client)
    # then Stripe was asked for a page to pay on, and for nothing that takes money
    assert len(sessions(at_stripe)) == 1
    assert at_stripe.api("GET", "/v1/charges").json["data"] == []
    posted = {entry["path"] for entry in at_stripe.requests("/v1", "POST")}
    assert posted <= {"/v1/products", "/v1/checkout/sessions"}
    assert posted
