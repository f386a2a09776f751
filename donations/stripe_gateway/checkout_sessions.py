"""Checkout sessions as plain JSON, read into our own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from donations.facts import Charge
from donations.stripe_gateway.objects import charge_of, own_errors, text_of, time_of
from donations.stripe_statuses import ChargeStatus, IntentStatus, SessionPayment, SessionStatus


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a Checkout session: `state` is open, complete or expired. `payment_failed`: it is complete, and no
    money comes of it; known only where its payment was asked for too. `awaits_payment`: it is complete, and its money
    is still to come."""

    id: str
    reference: str | None
    state: str
    url: str | None
    expires_at: datetime
    charge: Charge | None  # its latest charge, where it was asked for
    payment_failed: bool = False
    awaits_payment: bool = False


def session_of(said: Mapping[str, Any], *, said_at: datetime | None = None) -> Session:
    """A Checkout session as our type, as it was at that moment. Raises BadEvent."""
    with own_errors():
        metadata = said.get("metadata") or {}
        is_complete = SessionStatus.of(str(said["status"])) is SessionStatus.COMPLETE
        paid = SessionPayment.of(str(said.get("payment_status")))
        intent = said.get("payment_intent")
        charge = _latest_charge(intent, said_at)
        has_failed = charge is not None and charge.status is ChargeStatus.FAILED
        is_released = charge is not None and not charge.is_captured and has_failed
        if charge is not None and has_failed and paid is SessionPayment.PAID and not is_released:
            charge = replace(charge, had_succeeded=True)  # Stripe does not change the status when the money goes.
        is_unpaid = is_complete and (paid is SessionPayment.UNPAID or is_released)
        is_free = is_complete and paid is SessionPayment.NO_PAYMENT_REQUIRED
        failed = is_free or (is_unpaid and (has_failed or _is_canceled(intent)))
        return Session(
            id=text_of(said["id"]),
            reference=metadata.get("donation"),
            state=str(said["status"]),
            url=said.get("url"),
            expires_at=time_of(said["expires_at"]),
            charge=charge,
            payment_failed=failed,
            awaits_payment=is_unpaid and not failed,
        )


def _latest_charge(intent: Any, said_at: datetime | None) -> Charge | None:
    latest = intent.get("latest_charge") if isinstance(intent, dict) else None
    return charge_of(latest, said_at=said_at) if isinstance(latest, dict) else None


def _is_canceled(intent: Any) -> bool:
    return isinstance(intent, dict) and IntentStatus.of(str(intent.get("status"))) is IntentStatus.CANCELED
