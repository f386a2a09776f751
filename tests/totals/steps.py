"""What the tests of totals have in common: receive, publish, change, look."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from donations import ledger, totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal
from donations.money import Money
from donations.totals import PublicTotal
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation


def receive(slug: str, amount: Money, *, at: datetime = NOON, **columns: Any) -> str:
    """A donation by card, given and received at a moment. Returns its charge."""
    with write_unit():
        reference = a_donation(Appeal.any_by_slug(slug), amount, at=at, **columns).reference
    charge = a_charge(reference, amount, at=at)
    hear(charge, at=at)
    return charge.charge_id


def receive_in_three(slug: str, amount: Money, *, at: datetime = NOON, **columns: Any) -> None:
    """So much in three donations: as many as a discreet figure waits for."""
    for minor in (amount.minor - 2 * (amount.minor // 3), *[amount.minor // 3] * 2):
        receive(slug, Money(minor, amount.currency), at=at, **columns)


def public(slug: str, at: datetime = NOON) -> PublicTotal:
    fresh()
    found = totals.public(Appeal.any_by_slug(slug), at)
    db.session.rollback()
    return found


def publish(slug: str, at: datetime = NOON) -> None:
    with write_unit():
        totals.publish(Appeal.any_by_slug(slug), at)


def change(slug: str, **columns: Any) -> None:
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        for name, value in columns.items():
            setattr(appeal, name, value)


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), NOON).sound
