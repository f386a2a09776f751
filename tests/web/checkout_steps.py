"""What the tests of the way to Checkout have in common: give, try again, and look what Stripe was asked."""

from __future__ import annotations

import html
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import tokens
from donations.extensions import db
from donations.models import Donation
from tests.events import fresh
from tests.fixtures.outside import Stripe

MAYA = {"name": "Maya Example", "email": "maya@example.org", "message": "Hold on, friends."}


def fill_in(client: FlaskClient, slug: str = "hands-off-ali", prefix: str = "", **typed: str) -> str:
    """Send an appeal's form. Returns the address of its check."""
    form = {"amount": "20", "currency": "GBP", "interval": "once", "fund": "", **MAYA, **typed}
    answer = client.post(f"{prefix}/appeals/{slug}/donations", data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def key_of(page: str) -> str:
    """The key in the check's one form."""
    return html.unescape(page.partition('name="key" value="')[2].partition('"')[0])


def go_on(client: FlaskClient, check: str, key: str | None = None) -> TestResponse:
    """Press the check's one button."""
    return client.post(check, data={"key": key_of(client.get(check).text) if key is None else key})


def give(client: FlaskClient, slug: str = "hands-off-ali", prefix: str = "", **typed: str) -> TestResponse:
    """Send an appeal's form and go on from its check: each time another form."""
    return go_on(client, fill_in(client, slug, prefix, **typed))


def again(client: FlaskClient) -> TestResponse:
    return client.post(f"{page()}/again")


def page() -> str:
    """The address of the only donation's own page."""
    return f"/donations/{tokens.for_return(the_donation().reference)}"


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
