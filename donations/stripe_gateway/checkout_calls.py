"""The calls about Checkout sessions: what a donation's payment page is asked for, made, looked at and closed. Call
before the first write or after the commit, never between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from donations.facts import Checkout
from donations.money import Money
from donations.stripe_gateway.checkout_sessions import Session, session_of
from donations.stripe_gateway.client import calling, client, plain
from donations.stripe_gateway.objects import checkout_of


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
    return session_of(plain(session))


def retrieve_session(session_id: str) -> Session:
    """The present state of a session, with its latest charge."""
    with calling():
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        session = client().v1.checkout.sessions.retrieve(session_id, expand)
    return session_of(plain(session), said_at=datetime.now(UTC))


def checkout_behind(intent_id: str) -> Checkout | None:
    """The session that a payment intent was made in, with what was paid for; None if it was made in no session."""
    with calling():
        asked: Any = {"payment_intent": intent_id, "limit": 1, "expand": ["data.line_items"]}
        found = client().v1.checkout.sessions.list(asked).data
        return checkout_of(plain(found[0])) if found else None


def expire_session(session_id: str) -> None:
    """Close an open session, so that it can no longer be paid."""
    with calling():
        client().v1.checkout.sessions.expire(session_id)
