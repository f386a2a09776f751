"""The request to Stripe before Checkout: exact, in the reader's language, and without personal data where it is not
needed."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from donations import restoration
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Organisation
from tests.fixtures.outside import Stripe, sent_json
from tests.fixtures.settings import environ_for
from tests.web.checkout_steps import again, asked_for_sessions, give, page, products, sessions, the_donation


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def test_the_product_is_made_once_for_each_appeal(client: FlaskClient, at_stripe: Stripe) -> None:
    for _ in range(2):
        give(client)
    give(client, "fighting-fund")
    assert sorted(products(at_stripe)) == ["Hands Off Ali", "The fighting fund"]
    assert len(at_stripe.requests("/v1/products", "POST")) == 2


def test_a_product_whose_answer_was_lost_is_not_made_again(client: FlaskClient, at_stripe: Stripe) -> None:
    at_stripe.order("faults", mode="reset_after", times=2, path="/v1/products", method="POST")
    assert give(client).status_code == 503
    assert again(client).status_code == 303
    assert products(at_stripe) == ["Hands Off Ali"]


def test_a_product_of_the_other_mode_is_made_anew(client: FlaskClient, at_stripe: Stripe) -> None:
    # given an appeal whose product was made with a live key, which the test key does not know
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.stripe_product_id, appeal.stripe_product_livemode = "prod_live", True
    # when a supporter gives, then a product of this mode is made and remembered
    assert give(client).status_code == 303
    assert products(at_stripe) == ["Hands Off Ali"]
    db.session.expire_all()
    assert Appeal.any_by_slug("hands-off-ali").stripe_product_livemode is False


@pytest.mark.databases("sqlite")
def test_a_discreet_appeal_is_not_named_at_stripe(client: FlaskClient, at_stripe: Stripe) -> None:
    give(client, "campaign-kazakhstan", fund="kozlov")
    assert products(at_stripe) == ["Solidarity Fighting Fund"]
    for entry in at_stripe.requests(method="POST"):
        for word in ("Kozlov", "kozlov", "Kazakhstan", "kazakhstan", "prison"):
            assert word not in sent_json(entry)


@pytest.mark.databases("sqlite")
def test_nothing_of_a_person_is_in_what_stripe_is_asked_but_the_address_for_its_form(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    give(client)
    entry = asked_for_sessions(at_stripe)[0]
    form = dict(entry["form"])
    assert form.pop("customer_email") == "maya@example.org"
    for name, value in form.items():
        for word in ("Maya", "maya", "Example", "example.org", "Hold on"):
            assert word not in value, name
    metadata = {name: value for name, value in form.items() if "metadata" in name}
    assert metadata == {
        f"{place}[{name}]": value
        for place in ("metadata", "payment_intent_data[metadata]")
        for name, value in restoration.metadata_of(the_donation()).items()
    }
    assert {name.partition("[")[2] for name in metadata if name.startswith("metadata")} == {
        "donation]", "installation]", "wording]", "funds]",
    }  # fmt: skip
    assert not re.search("maya|example", str(the_donation().attempts[0].params), re.IGNORECASE)


@pytest.mark.databases("sqlite")
def test_without_an_address_none_is_sent(client: FlaskClient, at_stripe: Stripe) -> None:
    give(client, email="")
    assert "customer_email" not in dict(asked_for_sessions(at_stripe)[0]["form"])


@pytest.mark.databases("sqlite")
def test_stripes_page_speaks_the_supporters_language(client: FlaskClient, at_stripe: Stripe) -> None:
    give(client, prefix="/ru")
    session = sessions(at_stripe)[0]
    assert session["locale"] == "ru"
    assert session["success_url"] == f"http://localhost/ru{page()}"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("currency", "typed", "unit_amount"),
    [("GBP", "0.30", "30"), ("JPY", "500", "500"), ("KWD", "1.25", "1250"), ("ISK", "500", "50000"),
     ("GBP", "10000.00", "1000000")],
)  # fmt: skip
def test_amounts_of_every_kind_arrive_at_stripe_exactly(
    client: FlaskClient, at_stripe: Stripe, currency: str, typed: str, unit_amount: str
) -> None:
    with write_unit():
        Organisation.get().offered_currencies = ["GBP", "JPY", "KWD", "ISK"]
    give(client, currency=currency, amount=typed)
    form = dict(asked_for_sessions(at_stripe)[0]["form"])
    assert form["line_items[0][price_data][unit_amount]"] == unit_amount
    assert form["line_items[0][price_data][currency]"] == currency.lower()
