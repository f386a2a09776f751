"""Calls to Stripe: each with a short time limit, an idempotency key where it writes, and our own errors.
Call before the first write or after the commit, never between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import stripe

from donations.errors import RefundRefused
from donations.facts import BalanceTransaction, Payout, Refund, Thing
from donations.money import Money
from donations.stripe_gateway.client import calling, client, plain
from donations.stripe_gateway.objects import payout_of, refund_of, thing_of, transaction_of

_PAGE = 100
_MAX_TYPES = 20  # of events that one listing may ask for
_RETRIEVED: dict[str, Callable[[stripe.StripeClient], Any]] = {
    "charge": lambda client: client.v1.charges,
    "refund": lambda client: client.v1.refunds,
    "dispute": lambda client: client.v1.disputes,
    "payout": lambda client: client.v1.payouts,
    "warning": lambda client: client.v1.radar.early_fraud_warnings,
}


def create_product(name: str, idempotency_key: str) -> str:
    """Make the product that an appeal's donations are booked under at Stripe. Returns its id."""
    with calling():
        product = client().v1.products.create({"name": name}, {"idempotency_key": idempotency_key})
    return str(product.id)


def make_refund(charge_id: str, amount: Money, *, reason: str, reference: str, idempotency_key: str) -> Refund:
    """Give so much of a charge back, or find the refund this key has made before. Our reference is kept with it; what
    people wrote is not. Raises PaymentServiceDown, after which it may have been made, and RefundRefused."""
    asked: Any = {"charge": charge_id, "amount": amount.minor, "reason": reason, "metadata": {"refund": reference}}
    with calling(RefundRefused):
        refund = client().v1.refunds.create(asked, {"idempotency_key": idempotency_key})
    return refund_of(plain(refund), said_at=datetime.now(UTC))


def refunds_of(charge_id: str) -> list[Refund]:
    """All refunds of a charge, as they are now, made here or elsewhere."""
    with calling():
        asked: Any = {"charge": charge_id, "limit": _PAGE}
        listed = client().v1.refunds.list(asked).auto_paging_iter()
        return [refund_of(plain(refund), said_at=datetime.now(UTC)) for refund in listed]


def retrieve(kind: str, object_id: str) -> Mapping[str, Any]:
    """A charge, refund, dispute, payout or fraud warning as plain JSON in the shape of our API version."""
    with calling():
        return plain(_RETRIEVED[kind](client()).retrieve(object_id))


def thing(kind: str, object_id: str) -> Thing:
    """The same as our type, as it is now. Raises BadEvent too."""
    return thing_of(kind, retrieve(kind, object_id), said_at=datetime.now(UTC))


def things_since(kind: str, moment: datetime) -> Iterator[Thing]:
    """All refunds, disputes or fraud warnings made since then, newest first, as they are now."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE}
        for found in _RETRIEVED[kind](client()).list(asked).auto_paging_iter():
            yield thing_of(kind, plain(found), said_at=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Greeting:
    """What Stripe says to our key. `clock_seconds`: by how much our clock is ahead of its own; None if it does not say.
    Both are rounded to seconds, and half of the way there and back is taken off."""

    livemode: bool
    clock_seconds: float | None


def greet() -> Greeting:
    """Ask the least there is, to see whether the key is taken. Raises PaymentServiceDown, PaymentServiceRefused."""
    asked_at = datetime.now(UTC)
    with calling():
        said = client().v1.balance.retrieve()
    middle = asked_at + (datetime.now(UTC) - asked_at) / 2
    headers = {
        name.lower(): value for name, value in (said.last_response.headers if said.last_response else {}).items()
    }
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return Greeting(bool(said.livemode), None)
    return Greeting(bool(said.livemode), (middle - theirs.replace(tzinfo=UTC)).total_seconds())  # It is always in GMT.


def balance() -> dict[str, int]:
    """What Stripe holds for us now, available and pending together, in minor units by currency. Reserves are not in
    it."""
    with calling():
        said = plain(client().v1.balance.retrieve())
    held: dict[str, int] = {}
    for part in (*said["available"], *said["pending"]):
        currency = str(part["currency"]).upper()
        held[currency] = held.get(currency, 0) + int(part["amount"])
    return held


def transactions_since(moment: datetime) -> Iterator[BalanceTransaction]:
    """All balance transactions made since then, newest first, paged through to the end."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE, "expand": ["data.source"]}
        for transaction in client().v1.balance_transactions.list(asked).auto_paging_iter():
            yield transaction_of(plain(transaction), said_at=datetime.now(UTC))


def members_of(payout_id: str) -> list[str]:
    """The ids of the balance transactions that an automatic payout is made of, its own left out."""
    with calling():
        asked: Any = {"payout": payout_id, "limit": _PAGE}
        listed = client().v1.balance_transactions.list(asked).auto_paging_iter()
        # Its own is known by its source: an earlier manual payout may well be a member.
        return [str(transaction.id) for transaction in listed if str(transaction.source) != payout_id]


def payouts_since(moment: datetime) -> Iterator[Payout]:
    """All payouts made since then, newest first, as they are now."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE}
        for payout in client().v1.payouts.list(asked).auto_paging_iter():
            yield payout_of(plain(payout), said_at=datetime.now(UTC))


def events_since(moment: datetime, types: tuple[str, ...]) -> Iterator[str]:
    """All events of these types since then, newest first, each as JSON text. Stripe keeps them for 30 days."""
    with calling():
        for first in range(0, len(types), _MAX_TYPES):
            chosen = list(types[first : first + _MAX_TYPES])
            asked: Any = {"created": {"gte": int(moment.timestamp())}, "types": chosen, "limit": _PAGE}
            for event in client().v1.events.list(asked).auto_paging_iter():
                yield json.dumps(plain(event))
