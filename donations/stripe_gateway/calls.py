"""Calls to Stripe: each with a short time limit, an idempotency key where it writes, and our own errors.
Call before the first write or after the commit, never between."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import stripe
from flask import current_app

from donations.errors import (
    BadEvent,
    DonationsError,
    IdempotencyKeyUsed,
    PaymentServiceDown,
    PaymentServiceRefused,
    RefundRefused,
)
from donations.facts import Checkout, Movement, Payout, Refund, Thing
from donations.money import Money
from donations.stripe_gateway.objects import checkout_of, movement_of, payout_of, refund_of, thing_of
from donations.stripe_gateway.sessions import Session, session_of

log = logging.getLogger(__name__)
# A person waits for the answer: two tries of at most 1.5 + 3 seconds and a pause stay below ten.
_CONNECT_SECONDS, _READ_SECONDS, _RETRIES = 1.5, 3.0, 1
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


def checkout_params(
    *,
    reference: str,
    metadata: Mapping[str, str],
    amount: Money,
    product_id: str,
    description: str,
    language: str,
) -> dict[str, object]:
    """The Checkout parameters of a single donation, without the return addresses. No personal data and no link: they
    are stored with the attempt. `metadata` is opaque ids only."""
    price = {"currency": amount.currency.lower(), "unit_amount": amount.minor, "product": product_id}
    return {
        "mode": "payment",
        "submit_type": "donate",
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": reference,
        "metadata": dict(metadata),
        # The session's metadata is not inherited: the charge carries what the payment intent was given.
        "payment_intent_data": {"metadata": dict(metadata), "description": description},
        "adaptive_pricing": {"enabled": False},
        "locale": language,
    }


def start_checkout(params: Mapping[str, object], *, email: str | None, idempotency_key: str) -> Session:
    """Make the session, or find the one this key has made before. Raises PaymentServiceDown, PaymentServiceRefused, of
    these IdempotencyKeyUsed if this key was used with other parameters."""
    asked: Any = {**params, "customer_email": email} if email else dict(params)
    with calling():
        session = client().v1.checkout.sessions.create(asked, {"idempotency_key": idempotency_key})
    return session_of(_plain(session))


def retrieve_session(session_id: str) -> Session:
    """The present state of a session, with its latest charge."""
    with calling():
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        session = client().v1.checkout.sessions.retrieve(session_id, expand)
    return session_of(_plain(session), said_at=datetime.now(UTC))


def checkout_behind(intent_id: str) -> Checkout | None:
    """The session that a payment intent was made in, with what was paid for; None if it was made in no session."""
    with calling():
        asked: Any = {"payment_intent": intent_id, "limit": 1, "expand": ["data.line_items"]}
        found = client().v1.checkout.sessions.list(asked).data
        return checkout_of(_plain(found[0])) if found else None


def expire_session(session_id: str) -> None:
    """Close an open session, so that it can no longer be paid."""
    with calling():
        client().v1.checkout.sessions.expire(session_id)


def make_refund(charge_id: str, amount: Money, *, reason: str, reference: str, idempotency_key: str) -> Refund:
    """Give so much of a charge back, or find the refund this key has made before. Our reference is kept with it; what
    people wrote is not. Raises PaymentServiceDown, after which it may have been made, and RefundRefused."""
    asked: Any = {"charge": charge_id, "amount": amount.minor, "reason": reason, "metadata": {"refund": reference}}
    with calling(RefundRefused):
        refund = client().v1.refunds.create(asked, {"idempotency_key": idempotency_key})
    return refund_of(_plain(refund), said_at=datetime.now(UTC))


def refunds_of(charge_id: str) -> list[Refund]:
    """All refunds of a charge, as they are now, made here or elsewhere."""
    with calling():
        asked: Any = {"charge": charge_id, "limit": _PAGE}
        listed = client().v1.refunds.list(asked).auto_paging_iter()
        return [refund_of(_plain(refund), said_at=datetime.now(UTC)) for refund in listed]


def retrieve(kind: str, object_id: str) -> Mapping[str, Any]:
    """A charge, refund, dispute, payout or fraud warning as plain JSON in the shape of our API version."""
    with calling():
        return _plain(_RETRIEVED[kind](client()).retrieve(object_id))


def thing(kind: str, object_id: str) -> Thing:
    """The same as our type, as it is now. Raises BadEvent too."""
    return thing_of(kind, retrieve(kind, object_id), said_at=datetime.now(UTC))


def things_since(kind: str, moment: datetime) -> Iterator[Thing]:
    """All refunds, disputes or fraud warnings made since then, newest first, as they are now."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE}
        for found in _RETRIEVED[kind](client()).list(asked).auto_paging_iter():
            yield thing_of(kind, _plain(found), said_at=datetime.now(UTC))


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
        said = _plain(client().v1.balance.retrieve())
    held: dict[str, int] = {}
    for part in (*said["available"], *said["pending"]):
        currency = str(part["currency"]).upper()
        held[currency] = held.get(currency, 0) + int(part["amount"])
    return held


def movements_since(moment: datetime) -> Iterator[Movement]:
    """All balance transactions made since then, newest first, paged through to the end."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE, "expand": ["data.source"]}
        for movement in client().v1.balance_transactions.list(asked).auto_paging_iter():
            yield movement_of(_plain(movement), said_at=datetime.now(UTC))


def members_of(payout_id: str) -> list[str]:
    """The ids of the balance transactions that an automatic payout is made of, its own left out."""
    with calling():
        asked: Any = {"payout": payout_id, "limit": _PAGE}
        listed = client().v1.balance_transactions.list(asked).auto_paging_iter()
        # Its own is known by its source: an earlier manual payout may well be a member.
        return [str(movement.id) for movement in listed if str(movement.source) != payout_id]


def payouts_since(moment: datetime) -> Iterator[Payout]:
    """All payouts made since then, newest first, as they are now."""
    with calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE}
        for payout in client().v1.payouts.list(asked).auto_paging_iter():
            yield payout_of(_plain(payout), said_at=datetime.now(UTC))


def events_since(moment: datetime, types: tuple[str, ...]) -> Iterator[str]:
    """All events of these types since then, newest first, each as JSON text. Stripe keeps them for 30 days."""
    with calling():
        for first in range(0, len(types), _MAX_TYPES):
            chosen = list(types[first : first + _MAX_TYPES])
            asked: Any = {"created": {"gte": int(moment.timestamp())}, "types": chosen, "limit": _PAGE}
            for event in client().v1.events.list(asked).auto_paging_iter():
                yield json.dumps(_plain(event))


def client() -> stripe.StripeClient:
    settings = current_app.config["SETTINGS"]
    if not settings.stripe_secret_key:
        raise PaymentServiceRefused() from BadEvent()
    return _client_for(settings.stripe_secret_key, settings.stripe_api_base)


@lru_cache(maxsize=4)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    # Telemetry would send timings and leave a random id in the home folder.
    stripe.enable_telemetry = False
    stripe.set_app_info("Fighting Fund")
    http = stripe.RequestsClient(timeout=(_CONNECT_SECONDS, _READ_SECONDS))
    addresses: Any = {"api": base} if base else {}
    return stripe.StripeClient(key, max_network_retries=_RETRIES, base_addresses=addresses, http_client=http)


@contextmanager
def calling(refused: type[DonationsError] = PaymentServiceRefused) -> Iterator[None]:
    """Stripe's failures as our errors. The request id is logged, never the key or what was sent."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        log.warning("stripe did not answer: %s, request %s", type(error).__name__, error.request_id)
        raise PaymentServiceDown() from error
    except stripe.IdempotencyError as error:
        log.warning("stripe was asked otherwise with this key before, request %s", error.request_id)
        raise (PaymentServiceDown() if error.http_status == 409 else IdempotencyKeyUsed()) from error
    except stripe.StripeError as error:
        log.error("stripe refused: %s %s, request %s", error.http_status, error.code, error.request_id)
        # 409: the first try with this key is still running, because Stripe was slower than we wait.
        if (error.http_status or 500) >= 500 or error.http_status == 409:
            raise PaymentServiceDown() from error
        raise refused(code=error.code or error.http_status) from error


def _plain(obj: Any) -> dict[str, Any]:
    plain: dict[str, Any] = obj.to_dict(for_json=True)
    return plain
