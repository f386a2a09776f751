"""A person of whom data of every kind is stored, and their requests."""

from __future__ import annotations

import json
import re
from datetime import datetime
from email.message import EmailMessage

from flask.testing import FlaskClient

from donations import inbox, privacy, stripe_gateway
from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.giving import checks
from donations.models import Appeal, Donation
from donations.worker.queues import send_mails
from tests import events
from tests.factories import a_donation

MAYA, NAME, WORDS = "maya@example.org", "Maya Unforgettable", "Hold on, all of you"


def typed(reference: str, email: str = MAYA, name: str = NAME) -> dict[str, bytes]:
    """The sealed columns of a donation whose donor typed all there is."""
    said = {"name": name, "email": email, "message": WORDS}
    sealed = {f"{what}_sealed": privacy.seal(text, f"donation:{reference}:{what}") for what, text in said.items()}
    return sealed | {"email_hash": privacy.lookup_hash(email, "email")}


def give(reference: str, at: datetime, *, email: str = MAYA, name: str = NAME, paid: bool = True) -> None:
    """A donation by card, and what Stripe tells of its payment, with the same name and address."""
    with write_unit():
        a_donation(Appeal.any_by_slug("hands-off-ali"), at=at, reference=reference, **typed(reference, email, name))
    if paid:
        pay(reference, at, email=email, name=name)


def pay(reference: str, at: datetime, *, email: str = MAYA, name: str = NAME) -> None:
    said = events.event("charge.succeeded", events.charge(reference, created=int(at.timestamp())))
    said["data"]["object"]["billing_details"] = {"name": name, "email": email, "address": {"city": "Almaty"}}
    raw = json.dumps(said)
    assert inbox.receive(stripe_gateway.parse_event(raw), raw.encode(), at=at) == "handled"


def follow(reference: str, at: datetime, email: str = MAYA) -> None:
    with write_unit():
        donation = Donation.by_reference(reference)
        subscribers.ask(donation.appeal, email, "en", donation, at)


def fill_in(at: datetime, email: str = MAYA) -> None:
    with write_unit():
        checks.keep(Appeal.any_by_slug("hands-off-ali"), {"name": NAME, "email": email, "message": WORDS}, at)


def ask(client: FlaskClient, email: str = MAYA, address: str = "203.0.113.7") -> int:
    """Fill in the public form. Returns the status."""
    form = client.get("/your-data").text
    token = re.search(r'name="token" value="([^"]+)"', form)
    assert token is not None
    answer = client.post(
        "/your-data", data={"email": email, "token": token[1]}, environ_base={"REMOTE_ADDR": address}
    )  # fmt: skip
    return answer.status_code


def link_in(message: EmailMessage) -> str:
    """The path of the mailed link."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://[^/]+(/\S*your-data/\S+)", body.get_content())
    assert found is not None
    return found[1]


def send_all(at: datetime) -> None:
    """Send what is due, a batch after the other."""
    db.session.rollback()
    for _ in range(3):
        send_mails(at)
