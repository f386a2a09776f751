"""The only importer of stripe. It speaks Stripe's words outwards and answers in ours: small frozen dataclasses, or the
facts of facts.py. It touches no database; call it before the first write or after the commit."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import stripe
from flask import current_app

from donations.errors import BadEvent, BadSignature, PaymentServiceDown, PaymentServiceRefused, StaleSignature
from donations.facts import Charge, Movement
from donations.money import Money

log = logging.getLogger(__name__)
API_VERSION: str = stripe.api_version
TOLERANCE_SECONDS = 300
# A person waits for the answer: two tries of at most 1.5 + 3 seconds and a pause stay below ten.
_CONNECT_SECONDS, _READ_SECONDS, _RETRIES = 1.5, 3.0, 1
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Event:
    """A Stripe event that has been verified. `object` is the plain JSON object it is about."""

    id: str
    type: str
    created_at: datetime
    api_version: str | None
    livemode: bool
    object: Mapping[str, Any]

    @property
    def same_shape(self) -> bool:
        """Whether its payload has the shape of the API version we are written for (they share a major name)."""
        return (self.api_version or "").rpartition(".")[2] == API_VERSION.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Session:
    """How a Checkout session stands: `state` is open, complete or expired."""

    id: str
    reference: str | None
    state: str
    url: str | None
    expires_at: datetime
    charge: Charge | None  # its latest charge, where it was asked for


def read_event(raw: bytes, header: str, secrets: tuple[str, ...], *, at: datetime) -> Event:
    """Verify the signature over the raw bytes against each secret, then parse.

    Raises BadSignature, StaleSignature (good but more than five minutes old, or as far in the future), BadEvent."""
    text = _decoded(raw)
    if not any(_signed_with(text, header, secret) for secret in secrets):
        raise BadSignature()
    if abs(at.timestamp() - _signed_at(header)) > TOLERANCE_SECONDS:
        raise StaleSignature()
    return parse_event(text)


def parse_event(text: str) -> Event:
    """An event from its JSON, its signature checked before. Raises BadEvent."""
    try:
        said = json.loads(text)
        return Event(
            id=_text(said["id"]),
            type=_text(said["type"]),
            created_at=_time(said["created"]),
            api_version=said.get("api_version"),
            livemode=bool(said["livemode"]),
            object=dict(said["data"]["object"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadEvent() from error


def charge_of(said: Mapping[str, Any]) -> Charge:
    """A charge in our words. Raises BadEvent."""
    with _reading():
        metadata = said.get("metadata") or {}
        details = said.get("payment_method_details") or {}
        return Charge(
            charge_id=_text(said["id"]),
            intent_id=_id(said.get("payment_intent")),
            reference=metadata.get("donation"),
            amount=Money(int(said["amount"]), str(said["currency"]).upper()),
            status=str(said["status"]),
            charged_at=_time(said["created"]),
            method=details.get("type"),
            failure_code=said.get("failure_code"),
            balance_transaction_id=_id(said.get("balance_transaction")),
        )


def movement_of(said: Mapping[str, Any]) -> Movement:
    """A balance transaction in our words. Raises BadEvent."""
    with _reading():
        source = _id(said.get("source"))
        rate = said.get("exchange_rate")
        return Movement(
            id=_text(said["id"]),
            source_id=source,
            # Charges are ch_ for cards and py_ for other methods; refunds re_ and pyr_.
            charge_id=source if source and source.startswith(("ch_", "py_")) else None,
            type=str(said["type"]),
            reporting_category=str(said["reporting_category"]),
            balance_type=said.get("balance_type"),
            amount_minor=int(said["amount"]),
            fee_minor=int(said["fee"]),
            net_minor=int(said["net"]),
            currency=str(said["currency"]).upper(),
            exchange_rate=None if rate is None else str(rate),
            created_at=_time(said["created"]),
            available_on=_time(said["available_on"]).date(),
            description=said.get("description"),
        )


def session_of(said: Mapping[str, Any]) -> Session:
    """A Checkout session in our words. Raises BadEvent."""
    with _reading():
        metadata = said.get("metadata") or {}
        intent = said.get("payment_intent")
        charge = intent.get("latest_charge") if isinstance(intent, dict) else None
        return Session(
            id=_text(said["id"]),
            reference=metadata.get("donation"),
            state=str(said["status"]),
            url=said.get("url"),
            expires_at=_time(said["expires_at"]),
            charge=charge_of(charge) if isinstance(charge, dict) else None,
        )


def create_product(name: str, idempotency_key: str) -> str:
    """Make the product that an appeal's gifts are booked under at Stripe. Gives its id."""
    with _calling():
        product = _client().v1.products.create({"name": name}, {"idempotency_key": idempotency_key})
    return str(product.id)


def checkout_params(
    *,
    reference: str,
    amount: Money,
    product_id: str,
    description: str,
    language: str,
    success_url: str,
    cancel_url: str,
) -> dict[str, object]:
    """What is asked of Checkout for a single gift. No personal data: it is kept with the attempt."""
    ours = {"donation": reference}
    price = {"currency": amount.currency.lower(), "unit_amount": amount.minor, "product": product_id}
    return {
        "mode": "payment",
        "submit_type": "donate",
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": reference,
        "metadata": ours,
        # The session's metadata is not inherited: the charge carries what the payment intent was given.
        "payment_intent_data": {"metadata": ours, "description": description},
        "adaptive_pricing": {"enabled": False},
        "locale": language,
        "success_url": success_url,
        "cancel_url": cancel_url,
    }


def start_checkout(params: Mapping[str, object], *, email: str | None, idempotency_key: str) -> Session:
    """Make the session, or find the one this key has made before. Raises PaymentServiceDown, PaymentServiceRefused."""
    asked: Any = {**params, "customer_email": email} if email else dict(params)
    with _calling():
        session = _client().v1.checkout.sessions.create(asked, {"idempotency_key": idempotency_key})
    return session_of(_plain(session))


def retrieve_session(session_id: str) -> Session:
    """How a session stands now, with its latest charge."""
    with _calling():
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        session = _client().v1.checkout.sessions.retrieve(session_id, expand)
    return session_of(_plain(session))


def expire_session(session_id: str) -> None:
    """Close an open session, so that nobody pays into it any more."""
    with _calling():
        _client().v1.checkout.sessions.expire(session_id)


def retrieve_charge(charge_id: str) -> Mapping[str, Any]:
    """A charge as plain JSON in the shape of our API version."""
    with _calling():
        return _plain(_client().v1.charges.retrieve(charge_id))


def movements_since(moment: datetime) -> Iterator[Movement]:
    """All balance transactions made since then, newest first, paged through to the end."""
    with _calling():
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "limit": _PAGE}
        for movement in _client().v1.balance_transactions.list(asked).auto_paging_iter():
            yield movement_of(_plain(movement))


def _client() -> stripe.StripeClient:
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
def _calling() -> Iterator[None]:
    """Stripe's failures in our words. The request id is logged, never the key or what was sent."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        log.warning("stripe did not answer: %s, request %s", type(error).__name__, error.request_id)
        raise PaymentServiceDown() from error
    except stripe.StripeError as error:
        log.error("stripe refused: %s %s, request %s", error.http_status, error.code, error.request_id)
        # 409: the first try with this key is still running, because Stripe was slower than we wait.
        if (error.http_status or 500) >= 500 or error.http_status == 409:
            raise PaymentServiceDown() from error
        raise PaymentServiceRefused() from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvent() from error


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadSignature() from error


def _signed_with(text: str, header: str, secret: str) -> bool:
    if not header.isascii():  # Comparing it would raise.
        return False
    try:
        return bool(stripe.WebhookSignature.verify_header(text, header, secret, tolerance=None))
    except stripe.SignatureVerificationError:
        return False


def _signed_at(header: str) -> int:
    return next(int(part[2:]) for part in header.split(",") if part.startswith("t="))


def _plain(obj: Any) -> dict[str, Any]:
    plain: dict[str, Any] = obj.to_dict(for_json=True)
    return plain


def _text(value: Any) -> str:
    """An id as text. Raises TypeError or ValueError on anything else, or what no id of Stripe's could be."""
    if not isinstance(value, str):
        raise TypeError("not text")
    if not 1 <= len(value) <= 255:
        raise ValueError("not an id")
    return value


def _id(value: Any) -> str | None:
    """The id of a thing that may come as its id or expanded."""
    return value.get("id") if isinstance(value, dict) else value


def _time(value: Any) -> datetime:
    return datetime.fromtimestamp(int(value), UTC)
