"""Every request to Stripe in the life of a donation fits Stripe's description, and holds nothing about people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import restoration, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation
from donations.money import Money
from donations.worker import jobs
from donations.worker.balance import check_balance
from donations.worker.queues import handle_events
from donations.worker.sessions import expire_checkouts, look_at_sessions
from tests import events
from tests.contract.openapi import Contract
from tests.events import deliver, fresh
from tests.fixtures.outside import Stripe, sent_json
from tests.fixtures.settings import environ_for
from tests.web import checkout_steps

pytestmark = pytest.mark.databases("sqlite")
REFUND = "ourownreferenceofit2"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def shape(path: str) -> str:
    return re.sub(r"/(cs|ch)_\w+", "/:id", path)


def give(client: FlaskClient, slug: str, prefix: str = "", **typed: str) -> str:
    """Send an appeal's form and go on from its check. Returns the session that it leads to."""
    sent = checkout_steps.give(client, slug, prefix, **{"display": "name", **typed})
    assert sent.status_code == 303
    return sent.headers["Location"].rsplit("/", 1)[1]


@pytest.fixture
def asked(app: Flask, at_stripe: Stripe) -> list[dict[str, Any]]:
    """All requests to Stripe in the lives of four donations: one paid and looked at, one expired because its appeal
    was closed, one heard of in another API version's shape; in two languages, of three currencies."""
    now, client = datetime.now(UTC), app.test_client()
    paid = give(client, "hands-off-ali")
    give(client, "campaign-kazakhstan", "/ru", fund="kozlov", email="")
    give(client, "karaganda-four", currency="EUR", amount="12,50")
    give(client, "fighting-fund", currency="USD", amount="0.50", display="secret")
    charge_id = at_stripe.pay(paid)["charge"]
    look_at_sessions(now + timedelta(minutes=31))
    with write_unit():
        Appeal.any_by_slug("campaign-kazakhstan").state = "closed"
    expire_checkouts(now)
    deliver(client, events.event("charge.updated", {"id": charge_id}, api_version="2019-12-03"))
    handle_events(now + timedelta(minutes=1))
    jobs.sync_transactions(now)
    told = {"reason": "requested_by_customer", "reference": REFUND, "idempotency_key": f"refund-{REFUND}"}
    made = stripe_gateway.make_refund(charge_id, Money(500, "GBP"), **told)
    assert [one.reference for one in stripe_gateway.refunds_of(charge_id)] == [made.reference] == [REFUND]
    check_balance(now)
    (intent,) = {
        event["data"]["object"]["payment_intent"]
        for event in at_stripe.events("charge.succeeded")
        if event["data"]["object"]["id"] == charge_id
    }
    behind = stripe_gateway.checkout_behind(intent)
    assert behind is not None
    assert (behind.id, behind.email_from_us, len(behind.product_ids)) == (paid, "maya@example.org", 1)
    return at_stripe.requests()


def test_every_request_of_a_gifts_life_fits_stripes_description(
    asked: list[dict[str, Any]], contract: Contract
) -> None:
    assert contract.check_log(asked) == len(asked)
    assert {(entry["method"], shape(entry["path"])) for entry in asked} == {
        ("POST", "/v1/products"),
        ("POST", "/v1/checkout/sessions"),
        ("GET", "/v1/checkout/sessions"),
        ("GET", "/v1/checkout/sessions/:id"),
        ("POST", "/v1/checkout/sessions/:id/expire"),
        ("GET", "/v1/charges/:id"),
        ("GET", "/v1/balance_transactions"),
        ("GET", "/v1/balance"),
        ("POST", "/v1/refunds"),
        ("GET", "/v1/refunds"),
    }


def test_stripe_is_told_nothing_of_people_but_the_address_for_its_own_form(asked: list[dict[str, Any]]) -> None:
    fresh()
    told = [restoration.metadata_of(donation) for donation in db.session.query(Donation)]
    references = {REFUND, *(value for one in told for value in one.values())}
    for entry in asked:
        for word in ("Maya", "Example", "Hold on", "Kozlov", "kozlov"):
            assert word not in sent_json(entry)
        assert {name for name, value in entry["form"] if "@" in value} <= {"customer_email"}
        assert {value for name, value in entry["form"] if "metadata" in name} <= references


def test_every_request_that_makes_something_has_a_key_of_our_own_reference(asked: list[dict[str, Any]]) -> None:
    making = [entry for entry in asked if entry["method"] == "POST" and not entry["path"].endswith("/expire")]
    assert len(making) == 9
    for entry in making:
        assert entry["headers"]["Idempotency-Key"].startswith(("donation-", "appeal-", "refund-"))


def test_making_and_mending_the_webhook_endpoint_fits_stripes_description(
    app: Flask, at_stripe: Stripe, contract: Contract
) -> None:
    url = "https://fund.example.org/webhooks/stripe"
    made = stripe_gateway.make_endpoint(url, ("charge.succeeded",), idempotency_key="endpoint-1")
    mended = stripe_gateway.update_endpoint(made.id, ("charge.succeeded", "charge.updated"))
    assert stripe_gateway.endpoints_at(url) == [mended]
    asked = at_stripe.requests()
    assert contract.check_log(asked) == len(asked) == 3
