"""One payment as Stripe would tell of it: its events and its listed balance transactions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests import events
from tests.factories import NOON


class Said(NamedTuple):
    """An event's type, its object, and how many minutes after noon it was made; "listed" and a balance transaction."""

    kind: str
    about: dict[str, Any]
    minutes: int = 0


class Payment:
    """One donation of 30.00 over three funds, by the reference of its donation; ids are new for each story."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self.charge = events.charge(reference, 3000)
        self.id: str = self.charge["id"]
        self.charges = [self.id]  # with those that carry its reference too

    def succeeded(self) -> Said:
        return Said("charge.succeeded", self.charge)

    def pending(self) -> Said:
        return Said("charge.pending", {**self.charge, "status": "pending", "paid": False})

    def stray(self, minor: int = 3000, currency: str = "gbp", *, minutes: int = 30, **more: Any) -> Said:
        """Another charge that carries the same reference and succeeded later."""
        charge = events.charge(self.reference, minor, currency, created=seconds(minutes), **more)
        self.charges.append(charge["id"])
        return Said("charge.succeeded", charge)

    def authorized(self) -> Said:
        """Only held on the card: Stripe calls it succeeded."""
        return Said("charge.succeeded", {**self.charge, "captured": False, "amount_captured": 0})

    def captured(self, minor: int = 3000, *, minutes: int = 60) -> Said:
        """So much of what was held is captured; what is not is released."""
        taken = {"amount_captured": minor, "amount_refunded": 3000 - minor}
        return Said("charge.captured", {**self.charge, **taken}, minutes)

    def released(self) -> Said:
        """Nothing of what was held was captured in time."""
        given_up = {"captured": False, "amount_captured": 0, "amount_refunded": 3000, "refunded": True}
        return Said("charge.expired", {**self.charge, **given_up}, 60)

    def failed(self) -> Said:
        return Said("charge.failed", {**self.charge, "status": "failed", "failure_code": "insufficient_funds"})

    def fee(self, minor: int = 62) -> Said:
        return self.listed("charge", 3000, self.id, fee=minor)

    def listed(self, category: str, minor: int, source: str, *, fee: int = 0, minutes: int = 1) -> Said:
        moved = {
            "id": events.new_id("txn"),
            "object": "balance_transaction",
            "amount": minor,
            "fee": fee,
            "net": minor - fee,
            "currency": "gbp",
            "created": seconds(minutes),
            "available_on": seconds(minutes),
            "type": category,
            "reporting_category": category,
            "balance_type": "payments",
            "exchange_rate": None,
            "description": None,
            "source": {"id": source, "object": "refund", "charge": self.id} if source != self.id else source,
        }
        return Said("listed", moved)

    def refund(
        self, minor: int, *, minutes: int = 10, status: str = "succeeded", refund_id: str = "",
        moved: str | None = None, said: int = 0, what: str = "", **more: Any,
    ) -> Said:  # fmt: skip
        kind = what or ("failed" if status == "failed" else "created")
        about = {
            "id": refund_id or events.new_id("re"),
            "object": "refund",
            "charge": self.id,
            "amount": minor,
            "currency": "gbp",
            "status": status,
            "created": seconds(minutes),
            "balance_transaction": moved,
            **more,
        }
        return Said(f"refund.{kind}", about, said)

    def dispute(self, status: str, *moves: Said, dispute_id: str, what: str = "updated", said: int = 0) -> Said:
        """A dispute as it was so many minutes after noon, with the balance transactions it had then."""
        about = {
            "id": dispute_id,
            "object": "dispute",
            "charge": self.id,
            "amount": 3000,
            "currency": "gbp",
            "status": status,
            "reason": "fraudulent",
            "created": seconds(20),
            "evidence_details": {"due_by": seconds(9000)},
            "balance_transactions": [{**move.about, "source": dispute_id} for move in moves],
        }
        return Said(f"charge.dispute.{what}", about, said)


def seconds(minutes: int) -> int:
    moment: datetime = NOON + timedelta(minutes=minutes)
    return int(moment.timestamp())
