"""What the worker's tests have in common: donations begun and received, and their state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from donations import ledger
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, Mail
from donations.web.supporters import checkout
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp


def received(slug: str = "hands-off-ali", *, at: datetime = NOON, **columns: Any) -> str:
    """A donation that was received, so that its receipt's mail is due. Returns its reference."""
    with write_unit():
        reference = a_donation(Appeal.any_by_slug(slug), at=at, **columns).reference
    hear(a_charge(reference, gbp("20.00"), at=at), at=at)
    return reference


def the_mail() -> Mail:
    fresh()
    return db.session.query(Mail).one()


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), NOON).sound


def begun(slug: str = "hands-off-ali", *, at: datetime, amount: str = "20.00") -> tuple[Donation, str]:
    """A donation whose supporter is at Stripe's page; with its session."""
    with write_unit():
        donation = a_donation(Appeal.any_by_slug(slug), gbp(amount), at=at)
    checkout_url = open_checkout(donation, at)
    return donation, checkout_url.rsplit("/", 1)[1]


def open_checkout(donation: Donation, at: datetime) -> str:
    with current_app.test_request_context():
        return checkout.open_for(donation, at)


def state(donation: Donation) -> tuple[str, list[str]]:
    fresh()
    kept = Donation.by_reference(donation.reference)
    return kept.state, [attempt.state for attempt in kept.attempts]
