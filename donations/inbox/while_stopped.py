"""Events that wait because posting is stopped, and which of them are about a payment: handled under the stop they may
repair the ledger, like a refund that was made at Stripe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import privacy, stripe_gateway
from donations.errors import BadSeal
from donations.inbox.handlers import HANDLERS, identity
from donations.models import StripeEvent

MAX_OPENED = 5000
_STOPPED_BY = "PostingStopped"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits, and the charge it is about."""

    id: str
    type: str
    received_at: datetime
    charge_id: str


def count(conn: Connection) -> int:
    """How many events wait because of the stop."""
    return len(conn.execute(_STOPPED).all())


def about(conn: Connection, charge_ids: Collection[str]) -> list[Waiting]:
    """The waiting events of these charges, the oldest first. At most the 5,000 oldest are opened."""
    if not charge_ids:
        return []
    found = []
    for row in conn.execute(_STOPPED.limit(MAX_OPENED)):
        charge_id = _charge_of(row)
        if charge_id in charge_ids:
            found.append(Waiting(row.id, row.type, row.received_at, charge_id))
    return found


def _charge_of(row: Any) -> str:
    """The charge an event is about; nothing where it is about none, or cannot be opened."""
    if row.payload_sealed is None or row.type not in HANDLERS:
        return ""
    try:
        event = stripe_gateway.parse_event(privacy.unseal(row.payload_sealed, identity(row.id)))
    except BadSeal:
        return ""
    charge = event.object.get("charge")
    return str(event.object["id"]) if event.object.get("object") == "charge" else str(charge or "")


_STOPPED = (
    select(StripeEvent.id, StripeEvent.type, StripeEvent.received_at, StripeEvent.payload_sealed)
    .where(StripeEvent.state == "due", StripeEvent.last_error.startswith(_STOPPED_BY))
    .order_by(StripeEvent.received_at, StripeEvent.id)
)
