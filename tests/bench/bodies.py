"""What the load sends: charge.succeeded events as Stripe shapes them, one for each donation, and the donations."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from donations import privacy, stripe_gateway
from donations.database import write_unit
from donations.models import Allocation, Appeal, Donation
from donations.models.base import new_reference


def begin_donations(appeal: Appeal, count: int) -> list[str]:
    """That many pending donations of 20.00, each with a name and an address, so that each gets a receipt by mail.
    Returns their references."""
    at, fund_id, appeal_id = datetime.now(UTC), appeal.funds[0].id, appeal.id
    references = [new_reference() for _ in range(count)]
    donations = [
        {
            "id": number,
            "reference": reference,
            "appeal_id": appeal_id,
            "source": "card",
            "state": "pending",
            "amount_minor": 2000,
            "currency": "GBP",
            "interval": "once",
            "language": "en",
            "display": "secret",
            "fee_bearer": "fund",
            "terms": {"organisation": "Fund", "appeal_title": "Appeal", "fund_names": ["Fund"], "restriction": "None."},
            "donor_id": new_reference(),
            "name_sealed": privacy.seal("Maya Example", f"donation:{reference}:name"),
            "email_sealed": privacy.seal("maya@example.org", f"donation:{reference}:email"),
            "personal_until": privacy.donor_data_until(at.date()),
            "created_at": at,
        }
        for number, reference in enumerate(references, start=1)
    ]
    with write_unit() as conn:
        conn.execute(insert(Donation), donations)
        conn.execute(
            insert(Allocation),
            [{"donation_id": row["id"], "fund_id": fund_id, "amount_minor": 2000} for row in donations],
        )
    return references


def charge_succeeded(reference: str, number: int) -> bytes:
    """One event, of about the size that Stripe's have."""
    charge: dict[str, Any] = {
        "id": f"ch_bench{number:08d}",
        "object": "charge",
        "amount": 2000,
        "amount_captured": 2000,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": {"city": None, "country": "GB"}, "email": "maya@example.org", "name": "Maya"},
        "captured": True,
        "created": int(time.time()),
        "currency": "gbp",
        "disputed": False,
        "livemode": False,
        "metadata": {"donation": reference},
        "outcome": {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"},
        "paid": True,
        "payment_intent": f"pi_bench{number:08d}",
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242", "country": "GB"}, "type": "card"},
        "receipt_url": "https://pay.stripe.com/receipts/" + "x" * 120,
        "refunded": False,
        "status": "succeeded",
        "padding": "x" * 1200,
    }
    event = {
        "id": f"evt_bench{number:08d}",
        "object": "event",
        "api_version": stripe_gateway.API_VERSION,
        "created": int(time.time()),
        "data": {"object": charge},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "charge.succeeded",
    }
    return json.dumps(event).encode()
