"""What Stripe told of payments whose payer typed an address there: events that are kept for some weeks, found by the
hash of the address. Those from before the hash was kept are opened one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from donations import privacy
from donations.extensions import db
from donations.models import StripeEvent
from donations.stripe_statuses import event_object, named_donation, named_email

MAX_OPENED = 5000  # events without a hash, the newest first; after some weeks there are none
# What of Stripe's objects tells of a person.
_PERSONAL = (
    "billing_details", "customer_details", "customer_email", "receipt_email", "shipping", "evidence",
    "payment_method_details",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldByStripe:
    """An event: `details` is what it tells of a person, `reference` the donation that it is about."""

    id: str
    type: str
    received_at: datetime
    goes_on: date | None
    reference: str | None
    details: dict[str, str]


def told_of(email: str) -> Iterator[ToldByStripe]:
    """The events that name an address, the newest first."""
    hashed = StripeEvent.email_hash.in_(privacy.lookup_hashes(email, "event email"))
    asked = select(StripeEvent).where(StripeEvent.payload_sealed.is_not(None)).order_by(StripeEvent.received_at.desc())
    for row in db.session.scalars(asked.where(hashed)):
        yield from _read(row, email)
    older = (StripeEvent.email_hash.is_(None), ~StripeEvent.under_offline_key)
    for row in db.session.scalars(asked.where(*older).limit(MAX_OPENED)):
        yield from _read(row, email)


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same email address, as people type it."""
    return one.strip().casefold() == other.strip().casefold()


def _read(row: StripeEvent, email: str) -> Iterator[ToldByStripe]:
    said = event_object(privacy.unseal_or_empty(row.payload_sealed, f"event:{row.id}:payload"))
    if is_same(named_email(said) or "", email):
        details = dict(_flat({name: said[name] for name in _PERSONAL if said.get(name)}))
        yield ToldByStripe(row.id, row.type, row.received_at, row.payload_until, named_donation(said), details)


def _flat(said: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif value not in (None, "", False) and not isinstance(value, list):
            yield f"{before}{name}", str(value)
