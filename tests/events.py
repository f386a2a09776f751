"""Stripe's events and objects to test with, shaped and signed as Stripe does, and the facts they stand for. The
signature is made here with Stripe's published rule, so that the app's own check is the real one."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from donations import facts, giving, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.facts import BalanceTransaction, Charge
from donations.models import CheckoutAttempt, Donation
from donations.money import Money
from donations.stripe_statuses import ChargeStatus
from donations.worker import stripe_sync
from tests.factories import NOON
from tests.fixtures.settings import WEBHOOK_SECRET

_numbers = count(1)


def new_id(prefix: str) -> str:
    """An id that no other object of this run has."""
    return f"{prefix}_{next(_numbers):08d}"


def charge(reference: str | None, amount: int = 2000, currency: str = "gbp", **more: Any) -> dict[str, Any]:
    """A charge as Stripe's JSON has it; succeeded at noon unless told otherwise."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"email": "maya@example.org", "name": "Maya Example", "phone": None},
        "captured": True,
        "created": int(NOON.timestamp()),
        "currency": currency,
        "failure_code": None,
        "livemode": False,
        "metadata": {"donation": reference} if reference is not None else {},
        "paid": True,
        "payment_intent": new_id("pi"),
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "status": "succeeded",
        **more,
    }


def declined(reference: str, **more: Any) -> dict[str, Any]:
    """A charge that the card's bank refused."""
    return charge(reference, status="failed", paid=False, captured=False, failure_code="card_declined", **more)


def session(reference: str | None, status: str = "complete", **more: Any) -> dict[str, Any]:
    """A Checkout session."""
    return {
        "id": new_id("cs_test"),
        "object": "checkout.session",
        "created": int(NOON.timestamp()),
        "expires_at": int(NOON.timestamp()) + 86400,
        "livemode": False,
        "metadata": {"donation": reference} if reference is not None else {},
        "payment_intent": new_id("pi"),
        "payment_status": "paid" if status == "complete" else "unpaid",
        "status": status,
        "url": None,
        **more,
    }


def event(type: str, about: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A snapshot event about an object."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": stripe_gateway.API_VERSION,
        "created": int(NOON.timestamp()),
        "data": {"object": dict(about)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type,
        **more,
    }


def succeeded(reference: str | None, amount: int = 2000, currency: str = "gbp", **more: Any) -> dict[str, Any]:
    """The event that a charge has succeeded."""
    return event("charge.succeeded", charge(reference, amount, currency, **more))


def signature(body: bytes, at: float, secret: str = WEBHOOK_SECRET) -> str:
    """The header Stripe-Signature for these bytes at a time in seconds since 1970."""
    digest = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(at)},v1={digest},v0={'0' * 64}"


def post(client: FlaskClient, body: bytes, header: str | None) -> TestResponse:
    """The bytes at the webhook's address, with this signature."""
    headers = {} if header is None else {"Stripe-Signature": header}
    return client.post("/webhooks/stripe", data=body, headers=headers, content_type="application/json")


def deliver(
    client: FlaskClient, said: Mapping[str, Any], *, secret: str = WEBHOOK_SECRET, signed_at: float | None = None
) -> TestResponse:
    """Send an event as Stripe would, signed now unless told otherwise."""
    body = json.dumps(said).encode()
    at = datetime.now(UTC).timestamp() if signed_at is None else signed_at
    return post(client, body, signature(body, at, secret))


def a_charge(
    reference: str | None, amount: Money, *, status: str = "succeeded", at: datetime = NOON, **more: Any
) -> Charge:
    """A charge as our type."""
    said: dict[str, Any] = {
        "charge_id": new_id("ch"),
        "intent_id": new_id("pi"),
        "failure_code": "card_declined" if status == "failed" else None,
        "balance_transaction_id": None,
        "method": "card",
        **more,
    }
    return Charge(reference=reference, amount=amount, status=ChargeStatus(status), charged_at=at, **said)


def a_transaction(
    charge_id: str | None, amount: Money, fee: int, *, at: datetime = NOON, **more: Any
) -> BalanceTransaction:
    """The balance transaction of a charge: amount and fee in the settlement currency."""
    said: dict[str, Any] = {
        "id": new_id("txn"),
        "type": "charge",
        "reporting_category": "charge",
        "balance_type": "payments",
        "exchange_rate": None,
        "available_on": date(2026, 11, 28),
        "description": None,
        **more,
    }
    return BalanceTransaction(
        source_id=charge_id,
        charge_id=charge_id,
        amount_minor=amount.minor,
        fee_minor=fee,
        net_minor=amount.minor - fee,
        currency=amount.currency,
        created_at=at,
        **said,
    )


def hear(fact: Charge | BalanceTransaction, *, at: datetime = NOON) -> None:
    """Take a fact in as the inbox and the worker do, in a transaction of its own."""
    if isinstance(fact, BalanceTransaction):
        stripe_sync.book_transaction(fact, at)
        return
    with write_unit() as conn:
        giving.settle(conn, facts.record_charge(conn, fact, at=at), at=at)


def an_attempt(donation: Donation, *, state: str = "open", session_id: str | None = None) -> CheckoutAttempt:
    """An attempt at Checkout, added and flushed, not committed."""
    number = len(donation.attempts) + 1
    attempt = CheckoutAttempt(
        donation_id=donation.id,
        number=number,
        idempotency_key=f"donation-{donation.reference}-checkout-{number}",
        session_id=session_id or (new_id("cs_test") if state != "starting" else None),
        state=state,
        params={},
        created_at=NOON,
        expires_at=NOON.replace(day=22),
    )
    donation.attempts.append(attempt)
    db.session.flush()
    return attempt


Line = tuple[int, str, str, int]


def live_lines(donation: Donation | None = None) -> dict[str, list[Line]]:
    """The live entries (not reversed), by key: account, fund, currency, minor units of each line, in order."""
    rows = db.session.execute(
        text(
            "SELECT e.idem_key, p.account, f.slug, p.currency, p.amount_minor FROM entry e"
            " JOIN posting p ON p.entry_id = e.id JOIN fund f ON f.id = p.fund_id"
            " LEFT JOIN payment m ON m.id = e.source_id AND e.source_type = 'payment'"
            " WHERE e.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.id)"
            + ("" if donation is None else " AND m.donation_id = :donation_id")
            + " ORDER BY e.idem_key, p.line"
        ),
        {} if donation is None else {"donation_id": donation.id},
    )
    entries: dict[str, list[Line]] = {}
    for key, account, fund, currency, minor in rows:
        entries.setdefault(key, []).append((account, fund, currency, int(minor)))
    return entries


def balances(charge_ids: Iterable[str] | None = None) -> dict[tuple[int, str, str, str | None], int]:
    """What is not zero per account, fund, currency and thing cleared, of these payments or of all."""
    rows = db.session.execute(
        text(
            "SELECT p.account, f.slug, p.currency, p.clear_ref, m.charge_id, sum(p.amount_minor) FROM posting p"
            " JOIN fund f ON f.id = p.fund_id JOIN entry e ON e.id = p.entry_id"
            " JOIN payment m ON m.id = e.source_id AND e.source_type = 'payment'"
            " GROUP BY p.account, f.slug, p.currency, p.clear_ref, m.charge_id"
        )
    ).all()
    wanted = None if charge_ids is None else set(charge_ids)
    sums: dict[tuple[int, str, str, str | None], int] = {}
    for account, fund, currency, ref, charge_id, minor in rows:
        if wanted is None or charge_id in wanted:
            key = (account, fund, currency, ref)
            sums[key] = sums.get(key, 0) + int(minor)
    return {key: minor for key, minor in sums.items() if minor}


def fresh() -> None:
    """Forget what this test's session has read, so that it sees what others have written."""
    db.session.rollback()
    db.session.expire_all()


def wait_for_a_lock(conn: Connection, failures: Sequence[BaseException]) -> None:
    """Until another connection waits for a lock of this PostgreSQL connection, or has failed; ten seconds at most."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    while not conn.execute(waiting).scalar_one() and not failures:
        assert time.monotonic() < deadline, "nobody waits"
        conn.execute(text("SELECT pg_stat_clear_snapshot()"))


def rows(table: str) -> int:
    """How many rows a table has."""
    return int(db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def as_text(said: Mapping[str, Any]) -> str:
    """An event as it travels."""
    return json.dumps(said)
