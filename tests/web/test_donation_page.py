"""A supporter's own donation: what its page says in each state, how it is polled, and the way to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import tokens
from donations.database import write_unit
from donations.errors import PaymentServiceDown, PaymentServiceRefused
from donations.extensions import db
from donations.models import Appeal, Donation, Payment
from donations.web.supporters import checkout
from tests.events import a_charge, hear
from tests.factories import a_donation, gbp
from tests.web.conftest import CHECKOUT, Give, kept

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.usefixtures("to_stripe")]
SAID = {
    "pending": "We are waiting for your payment.",
    "processing": "Your payment is being confirmed.",
    "paid": "Thank you. Your donation has arrived.",
    "part_refunded": "Part of your donation was refunded.",
    "refunded": "Your donation was refunded.",
    "disputed": "Your bank is asking about this payment.",
    "lost": "Your bank reversed this payment.",
    "failed": "This payment did not go through.",
    "abandoned": "You have not paid this donation.",
}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def donated(app: Flask):
    """Makes a donation in a state; gives the path of its page."""

    def make(state: str = "pending", age: timedelta = timedelta(0)) -> str:
        with write_unit():
            at = datetime.now(UTC) - age
            donation = a_donation(Appeal.by_slug("hands-off-ali"), state=state, at=at)
        return f"/donations/{tokens.for_return(donation.reference)}"

    return make


@pytest.mark.parametrize(("state", "sentence"), SAID.items())
def test_the_page_says_plainly_what_happened(client: FlaskClient, donated, state: str, sentence: str) -> None:
    answer = client.get(donated(state))

    assert answer.status_code == 200
    assert sentence in answer.text
    assert "£20.00" in answer.text
    assert "Hands Off Ali" in answer.text


def test_a_declined_card_is_told_and_another_may_be_tried(client: FlaskClient, donated) -> None:
    path = donated("pending")
    with write_unit():
        donation = Donation.by_reference(tokens.read_donation(path.rpartition("/")[2]))
        at = datetime.now(UTC)
        db.session.add(Payment(charge_id="ch_1", donation_id=donation.id, failed_at=at, first_seen_at=at))

    page = client.get(path).text

    assert "Your bank declined this payment." in page
    assert "Try again" in page


@pytest.mark.parametrize("state", ["pending", "processing"])
def test_what_is_not_settled_is_polled_and_can_be_reloaded_by_hand(client: FlaskClient, donated, state: str) -> None:
    path = donated(state)

    page, fragment = client.get(path).text, client.get(f"{path}/outcome", headers=HTMX).text

    assert f'hx-get="{path}/outcome" hx-trigger="every 3s"' in fragment
    assert fragment.strip() in page
    assert "<noscript><p>Reload this page" in page


def test_an_old_donation_is_polled_more_slowly(client: FlaskClient, donated) -> None:
    path = donated("processing", age=timedelta(hours=1))

    assert 'hx-trigger="every 20s"' in client.get(f"{path}/outcome", headers=HTMX).text


@pytest.mark.parametrize("state", ["paid", "refunded", "lost"])
def test_polling_ends_when_it_is_settled(client: FlaskClient, donated, state: str) -> None:
    path = donated(state)

    assert "hx-get" not in client.get(f"{path}/outcome", headers=HTMX).text
    assert "htmx.min.js" not in client.get(path).text


def test_the_fragment_opened_by_a_person_leads_to_the_page(client: FlaskClient, donated) -> None:
    path = donated()

    answer = client.get(f"{path}/outcome")

    assert (answer.status_code, answer.location) == (302, path)


def test_coming_back_asks_to_look_now_only_while_it_is_open(client: FlaskClient, donated, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(checkout, "look_now", lambda donation, at: asked.append(donation.state))

    client.get(donated("pending"))
    client.get(donated("paid"))

    assert asked == ["pending"]


@pytest.mark.parametrize("state", ["pending", "failed", "abandoned"])
def test_trying_again_leads_to_the_payment_page(client: FlaskClient, donated, state: str) -> None:
    path = donated(state)

    answer = client.post(f"{path}/again")

    assert f'action="{path}/again"' in client.get(path).text
    assert (answer.status_code, answer.location) == (303, CHECKOUT)


def test_a_paid_donation_cannot_be_paid_again(client: FlaskClient, donated) -> None:
    path = donated("paid")

    answer = client.post(f"{path}/again")

    assert (answer.status_code, answer.location) == (303, path)
    assert "/again" not in client.get(path).text


def test_a_discreet_appeal_does_not_say_that_it_stands_in_the_total_now(client: FlaskClient, donated, change) -> None:
    live = [client.get(donated(state)).text for state in ("pending", "paid")]
    change("hands-off-ali", discreet=True)
    discreet = [client.get(donated(state)).text for state in ("pending", "paid")]

    assert all("with a delay" not in page for page in live)
    assert all("with a delay" in page for page in discreet)
    assert "is now part of the appeal’s total" in live[1]
    assert "is now part of the appeal’s total" not in discreet[1]


@pytest.mark.parametrize(("error", "status"), [(PaymentServiceDown, 503), (PaymentServiceRefused, 502)])
def test_when_stripe_does_not_answer_the_donation_is_kept_and_the_supporter_told(
    give: Give, monkeypatch, error: type[Exception], status: int
) -> None:
    def fail(donation, at):
        raise error()

    monkeypatch.setattr(checkout, "open_for", fail)

    answer = give()

    assert answer.status_code == status
    assert "No money has been taken" in answer.text
    assert "/again" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert kept() == 1


@pytest.mark.parametrize("path", ["/donations/invented", "/donations/invented/outcome", "/ru/donations/invented"])
def test_an_invented_link_finds_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers=HTMX).status_code == 404


def test_a_signed_link_to_no_donation_finds_nothing(client: FlaskClient) -> None:
    assert client.get(f"/donations/{tokens.for_return('no-such-reference')}").status_code == 404


def test_the_token_of_a_receipt_opens_no_donation(client: FlaskClient) -> None:
    assert client.get(f"/donations/{tokens.for_receipt('R-000001')}").status_code == 404


def test_the_page_is_private(client: FlaskClient, donated) -> None:
    answer = client.get(donated("paid"))

    assert answer.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


def test_the_page_speaks_russian_below_its_prefix(client: FlaskClient, donated) -> None:
    page = client.get(f"/ru{donated('paid')}").text

    assert "Спасибо. Ваше пожертвование получено." in page


def test_who_gave_an_address_is_told_that_the_receipt_is_mailed(client: FlaskClient, donated) -> None:
    path = donated("pending")
    reference = tokens.read_donation(path.rpartition("/")[2])
    hear(a_charge(reference, gbp("20.00")), at=datetime.now(UTC))

    with_address = client.get(path).text
    with write_unit():
        Donation.by_reference(reference).email_sealed = None

    assert "We will also email the receipt to you." in with_address
    assert "We will also email the receipt to you." not in client.get(path).text


def test_a_gift_that_arrived_can_be_passed_on_by_plain_links(client: FlaskClient, donated) -> None:
    page = client.get(donated("paid")).text

    assert 'value="http://localhost/appeals/hands-off-ali" readonly' in page
    for address in ("mailto:?subject=Hands%20Off%20Ali", "https://wa.me/?text=", "https://t.me/share/url?url="):
        assert f'href="{address}' in page
    assert 'rel="noopener noreferrer"' in page
    assert "wa.me" not in client.get(donated("failed")).text
    assert donated("paid").rpartition("/")[2] not in page.split('class="share"')[1]


def test_an_appeal_that_is_hidden_is_not_passed_on(client: FlaskClient, donated, change) -> None:
    path = donated("paid")
    change("hands-off-ali", visibility="holding_page")

    assert "hands-off-ali" not in client.get(path).text
