"""Everything the app asks of Stripe in the life of a gift fits Stripe's description, and says nothing of people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from donations import tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation
from donations.worker import jobs
from donations.worker.queues import handle_events
from donations.worker.sessions import expire_checkouts, look_at_sessions
from tests import events
from tests.contract.openapi import Contract
from tests.events import deliver, fresh
from tests.fixtures.outside import Stripe, sent_json
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def shape(path: str) -> str:
    return re.sub(r"/(cs|ch)_\w+", "/:id", path)


def test_every_request_of_a_gifts_life_fits_stripes_description(
    app: Flask, at_stripe: Stripe, contract: Contract
) -> None:
    now, client = datetime.now(UTC), app.test_client()
    people = {"name": "Maya Example", "email": "maya@example.org", "message": "Hold on, friends.", "display": "name"}

    def give(slug: str, nonce: str, path: str = "", **typed: str) -> str:
        form = {"token": tokens.for_form(tokens.FormToken(slug, nonce)), "amount": "20", "currency": "GBP"}
        sent = client.post(f"{path}/appeals/{slug}/donations", data={**form, **people, **typed})
        assert sent.status_code == 303
        return sent.headers["Location"].rsplit("/", 1)[1]

    # given gifts in two languages, to an open and a discreet appeal, of several currencies, with and without an address
    paid = give("hands-off-ali", "1")
    give("campaign-kazakhstan", "2", "/ru", fund="kozlov", email="")
    ended = give("karaganda-four", "3", currency="EUR", amount="12,50")
    give("fighting-fund", "4", currency="USD", amount="0.50", display="secret")
    # when one is paid and only looked at, one is expired by us, and one is heard of in another version's shape
    charge_id = at_stripe.pay(paid)["charge"]
    look_at_sessions(now + timedelta(minutes=31))
    with write_unit():
        Appeal.any_by_slug("campaign-kazakhstan").state = "closed"
    expire_checkouts(now)
    deliver(client, events.event("charge.updated", {"id": charge_id}, api_version="2019-12-03"))
    handle_events(now + timedelta(minutes=1))
    jobs.sync_movements(now)
    at_stripe.order(f"sessions/{ended}/expire")
    # then everything that was asked fits
    ours = at_stripe.requests()
    assert contract.check_log(ours) == len(ours)
    kinds = {(entry["method"], shape(entry["path"])) for entry in ours}
    assert kinds == {
        ("POST", "/v1/products"),
        ("POST", "/v1/checkout/sessions"),
        ("GET", "/v1/checkout/sessions/:id"),
        ("POST", "/v1/checkout/sessions/:id/expire"),
        ("GET", "/v1/charges/:id"),
        ("GET", "/v1/balance_transactions"),
    }
    # and of people only the address that Stripe's own form is filled in with
    for entry in ours:
        for word in ("Maya", "Example", "Hold on", "Kozlov", "kozlov"):
            assert word not in sent_json(entry)
        addresses = [name for name, value in entry["form"] if "@" in value]
        assert set(addresses) <= {"customer_email"}
        metadata = {value for name, value in entry["form"] if "metadata" in name}
        fresh()
        references = {donation.reference for donation in db.session.query(Donation)}
        assert metadata <= references
    # and each writing request has a key made of our own reference
    for entry in ours:
        if entry["method"] == "POST" and not entry["path"].endswith("/expire"):
            assert entry["headers"]["Idempotency-Key"].startswith(("donation-", "appeal-"))
