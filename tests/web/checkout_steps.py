"""What the tests of the way to Checkout have in common: give, try again, and look what Stripe was asked."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import tokens
from donations.extensions import db
from donations.models import Donation
from tests.events import fresh
from tests.fixtures.outside import Stripe

MAYA = {"name": "Maya Example", "email": "maya@example.org", "message": "Hold on, friends."}


def give(client: FlaskClient, slug: str = "hands-off-ali", nonce: str = "a-nonce", **typed: str) -> TestResponse:
    """Send an appeal's form; the same nonce is the same form."""
    form = {"token": tokens.for_form(tokens.FormToken(slug=slug, nonce=nonce)), "amount": "20", "currency": "GBP"}
    return client.post(f"/appeals/{slug}/donations", data={**form, "interval": "once", "fund": "", **MAYA, **typed})


def again(client: FlaskClient) -> TestResponse:
    return client.post(f"{page()}/again")


def page() -> str:
    """The address of the only donation's own page."""
    return f"/donations/{tokens.for_donation(the_donation().reference)}"


def the_donation() -> Donation:
    fresh()
    return db.session.query(Donation).one()


def sessions(at_stripe: Stripe) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = at_stripe.api("GET", "/v1/checkout/sessions?limit=100").json["data"]
    return found


def products(at_stripe: Stripe) -> list[str]:
    return [product["name"] for product in at_stripe.api("GET", "/v1/products?limit=100").json["data"]]


def asked_for_sessions(at_stripe: Stripe) -> list[dict[str, Any]]:
    return at_stripe.requests("/v1/checkout/sessions", "POST")


def sessions_made(at_stripe: Stripe) -> int:
    return int(at_stripe.look("summary")["objects"].get("checkout.session", 0))
