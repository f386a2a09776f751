"""What the tests of card testing have in common: a supporter with an address of their own who gives, solves the proof
of work as a browser does, and whose card is declined or not."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import altcha
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import facts, giving
from donations.database import write_unit
from donations.extensions import db
from donations.models import Donation
from tests.events import a_charge, fresh
from tests.web.checkout_steps import fill_in, key_of

HOME = "198.51.100.7"


class Supporter:
    """A client at an address."""

    def __init__(self, client: FlaskClient, address: str = HOME) -> None:
        self.client, self.address, self.check = client, address, ""

    def post(self, path: str, **form: str) -> TestResponse:
        return self.client.post(path, data=form, environ_base={"REMOTE_ADDR": self.address})

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.address})

    def give(self, **typed: str) -> TestResponse:
        """Send the form and press the check's button."""
        self.check = fill_in(self.client, **typed)
        return self.post(self.check, key=key_of(self.client.get(self.check).text))

    def go_on(self, page: TestResponse, **form: str) -> TestResponse:
        """Send the form of the step-up's page again, with these fields changed."""
        action = re.search(r'action="([^"]+)" data-seconds', page.text)
        assert action, page.text
        return self.post(html.unescape(action[1]), **{**hidden_of(page), **form})

    def prove(self, page: TestResponse) -> TestResponse:
        """Solve what the page asks for, and send it."""
        return self.go_on(page, altcha=solution_of(page))


def hidden_of(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def solution_of(page: TestResponse) -> str:
    """The work that a browser does."""
    asked = re.search(r'data-challenge="([^"]+)"', page.text)
    assert asked, page.text
    challenge = altcha.Challenge.from_dict(json.loads(html.unescape(asked[1])))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def hear_charge(donation: Donation, status: str = "failed", **more: Any) -> None:
    """A card was tried on the payment page of a donation just now."""
    now = datetime.now(UTC)
    said = a_charge(donation.reference, donation.amount, status=status, at=now, **more)
    with write_unit() as conn:
        giving.settle(conn, facts.record_charge(conn, said, at=now), at=now)


def last_donation() -> Donation:
    fresh()
    return db.session.query(Donation).order_by(Donation.id.desc()).limit(1).one()
