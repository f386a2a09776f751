"""What the tests of refunds share: a donation that came through the sandbox, refunded by a treasurer's form, and its
state at Stripe and here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import AuditRecord, Donation, Payment, Receipt, RefundAttempt
from tests.events import fresh
from tests.fixtures.outside import Stripe
from tests.web.checkout_steps import give
from tests.web.staff.conftest import Browser


@dataclass
class Given:
    """A donation of 20.00 pounds to Ali that was paid by card, and everything reported of it."""

    client: FlaskClient
    at_stripe: Stripe
    charge: str

    @property
    def path(self) -> str:
        return f"/treasury/card-payments/{self.charge}"

    def bring(self) -> None:
        """Deliver what was not delivered yet, and again what was."""
        assert set(self.at_stripe.bring(self.client)) == {200}

    def refunds(self) -> list[tuple[str, int]]:
        """(state, minor units) of each refund that Stripe knows."""
        listed = self.at_stripe.api("GET", f"/v1/refunds?charge={self.charge}").json["data"]
        return [(one["status"], one["amount"]) for one in listed]

    def asked(self, method: str = "POST") -> list[dict[str, Any]]:
        """What Stripe was asked about refunds by the app."""
        asked = self.at_stripe.requests("/v1/refunds", method)
        return [one for one in asked if "Stripe/v1" in one["headers"].get("User-Agent", "")]


def a_gift(client: FlaskClient, at_stripe: Stripe, card: str = "pm_card_visa", **typed: str) -> Given:
    session = give(client, **typed).headers["Location"].rsplit("/", 1)[1]
    given = Given(client, at_stripe, at_stripe.pay(session, card)["charge"])
    given.bring()
    return given


def refund(browser: Browser, given: Given, amount: str = "20", **typed: str) -> TestResponse:
    form = {"amount": amount, "currency": "GBP", "reason": "requested_by_customer", "form_key": "form-1", **typed}
    return browser.post(f"{given.path}/refund", **form)


def fields(browser: Browser, path: str) -> dict[str, str]:
    """What a form is filled in with when it opens."""
    text = browser.get(path).text
    typed = dict(re.findall(r'<input[^>]+name="(\w+)"[^>]*? value="([^"]*)"', text))
    for name, options in re.findall(r'<select id="(\w+)".*?>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        typed[name] = chosen[1] if chosen else ""
    return {name: unescape(value) for name, value in typed.items() if name != "csrf_token"}


def attempts() -> list[tuple[str, int, str | None]]:
    """(state, minor units, Stripe's reason of refusal) of each."""
    fresh()
    rows = db.session.scalars(select(RefundAttempt).order_by(RefundAttempt.id))
    return [(row.state, row.amount_minor, row.error) for row in rows]


def state() -> str:
    fresh()
    return db.session.scalars(select(Donation.state)).one()


def receipts() -> list[tuple[str, int]]:
    fresh()
    rows = db.session.scalars(select(Receipt).order_by(Receipt.number))
    return [(row.state, row.amount_minor) for row in rows]


def acts() -> list[str]:
    fresh()
    rows = db.session.scalars(select(AuditRecord.act).order_by(AuditRecord.id))
    return [act for act in rows if act.startswith("refund.")]


def payment(charge: str) -> Payment:
    fresh()
    return db.session.scalars(select(Payment).where(Payment.charge_id == charge)).one()


SignIn = Callable[..., Browser]
