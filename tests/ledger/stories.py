"""Recipes of what can happen to one payment, as Stripe would tell it: events and listed balance transactions, in their
natural order. Tests hear them in every other order."""

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
    """One gift of 30.00 over three funds, by the reference of its donation; ids are new for each story."""

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
        charge = events.charge(self.reference, minor, currency, created=_seconds(minutes), **more)
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
            "created": _seconds(minutes),
            "available_on": _seconds(minutes),
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
        moved: str | None = None, said: int = 0, **more: Any,
    ) -> Said:  # fmt: skip
        kind = "failed" if status == "failed" else "created"
        about = {
            "id": refund_id or events.new_id("re"),
            "object": "refund",
            "charge": self.id,
            "amount": minor,
            "currency": "gbp",
            "status": status,
            "created": _seconds(minutes),
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
            "created": _seconds(20),
            "evidence_details": {"due_by": _seconds(9000)},
            "balance_transactions": [{**move.about, "source": dispute_id} for move in moves],
        }
        return Said(f"charge.dispute.{what}", about, said)


def _seconds(minutes: int) -> int:
    moment: datetime = NOON + timedelta(minutes=minutes)
    return int(moment.timestamp())


def a_part_refunded(gift: Payment) -> list[Said]:
    refund = gift.refund(1000)
    return [gift.succeeded(), gift.fee(), refund, gift.listed("refund", -1000, refund[1]["id"], minutes=11)]


def refunded_twice_in_full(gift: Payment) -> list[Said]:
    first, second = gift.refund(1000), gift.refund(2000, minutes=20)
    moves = [gift.listed("refund", -one[1]["amount"], one[1]["id"], minutes=30) for one in (first, second)]
    return [gift.succeeded(), first, second, *moves]


def a_refund_that_bounced(gift: Payment) -> list[Said]:
    made = gift.refund(3000)
    refund_id = made[1]["id"]
    gone = gift.listed("refund", -3000, refund_id, minutes=11)
    back = gift.listed("refund_failure", 3000, refund_id, minutes=90)
    return [gift.succeeded(), made, gone, gift.refund(3000, status="failed", refund_id=refund_id), back]


def a_dispute_lost(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    opened = gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created")
    return [gift.succeeded(), gift.fee(), opened, gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")]


def a_dispute_won(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    back = gift.listed("dispute_reversal", 3000, dispute_id, minutes=500)
    opened = gift.dispute("needs_response", taken, dispute_id=dispute_id, what="created")
    closed = gift.dispute("won", taken, dispute_id=dispute_id, what="closed")
    return [gift.succeeded(), opened, closed, gift.dispute("won", taken, back, dispute_id=dispute_id)]


def a_debit_that_failed_later(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.failed(), gift.listed("charge_failure", -3000, gift.id, minutes=90)]


def a_refund_that_bounced_before_its_money_was_listed(gift: Payment) -> list[Said]:
    made = gift.refund(3000)
    refund_id = made[1]["id"]
    gone = gift.listed("refund", -3000, refund_id, minutes=11)
    bounced = gift.refund(3000, status="failed", refund_id=refund_id, moved=gone[1]["id"])
    return [gift.succeeded(), made, bounced, gone, gift.listed("refund_failure", 3000, refund_id, minutes=90)]


def a_loss_that_is_appealed(gift: Payment) -> list[Said]:
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    lost = gift.dispute("lost", taken, dispute_id=dispute_id, what="closed")
    appealed = gift.dispute("appeal_under_review", taken, dispute_id=dispute_id)
    return [gift.succeeded(), taken, lost, appealed]


def a_debit_that_came(gift: Payment) -> list[Said]:
    return [gift.pending(), gift.fee(), gift.succeeded()]


def a_second_charge_with_its_reference(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000), gift.stray(700, minutes=40)]


def a_charge_with_its_reference_in_another_currency(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000, "eur")]


def a_second_charge_after_the_first_had_failed(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.failed(), gift.stray(3000)]


def a_charge_that_was_captured_later(gift: Payment) -> list[Said]:
    return [gift.authorized(), gift.captured(), gift.listed("charge", 3000, gift.id, fee=62, minutes=60)]


def a_charge_that_was_captured_in_part(gift: Payment) -> list[Said]:
    """What was released comes as a refund that never has a balance transaction."""
    taken = gift.listed("charge", 2000, gift.id, fee=62, minutes=60)
    return [gift.authorized(), gift.captured(2000), taken, gift.refund(1000, minutes=60)]


def a_charge_that_was_captured_in_part_and_refunded(gift: Payment) -> list[Said]:
    whole = gift.listed("charge", 3000, gift.id, fee=62, minutes=60)
    less = gift.listed("partial_capture_reversal", -1000, gift.id, minutes=61)
    gone = gift.listed("refund", -500, "", minutes=80)
    refund = gift.refund(500, minutes=80, moved=gone.about["id"])
    gone.about["source"] = {**gone.about["source"], "id": refund.about["id"]}
    return [gift.captured(2000), whole, less, refund, gone]


def a_charge_that_was_captured_in_two_parts(gift: Payment) -> list[Said]:
    first, second = (gift.listed("charge", 1500, gift.id, fee=31, minutes=minutes) for minutes in (60, 90))
    return [gift.authorized(), gift.captured(1500), first, gift.captured(3000, minutes=90), second]


def a_charge_that_was_never_captured(gift: Payment) -> list[Said]:
    given_up = gift.refund(3000, minutes=60, reason="expired_uncaptured_charge")
    return [gift.authorized(), gift.released(), given_up]


def a_charge_for_another_account_beside_it(gift: Payment) -> list[Said]:
    return [gift.succeeded(), gift.fee(), gift.stray(5000, on_behalf_of="acct_another")]


def a_charge_whose_money_is_another_accounts(gift: Payment) -> list[Said]:
    gift.charge["transfer_data"] = {"amount": None, "destination": "acct_another"}
    return [gift.succeeded(), gift.fee()]


# recipe -> (raised of the 30.00, the donation's state, the live receipt's amount or None)
RECIPES = {
    a_part_refunded: (2000, "part_refunded", 2000),
    refunded_twice_in_full: (0, "refunded", None),
    a_refund_that_bounced: (0, "refunded", None),
    a_dispute_lost: (0, "lost", None),
    a_dispute_won: (3000, "paid", 3000),
    a_debit_that_failed_later: (0, "failed", None),
    a_refund_that_bounced_before_its_money_was_listed: (0, "refunded", None),
    a_loss_that_is_appealed: (0, "lost", None),
    a_debit_that_came: (3000, "paid", 3000),
    a_second_charge_with_its_reference: (3000, "paid", 3000),
    a_charge_with_its_reference_in_another_currency: (3000, "paid", 3000),
    a_second_charge_after_the_first_had_failed: (3000, "paid", 3000),
    a_charge_that_was_captured_later: (3000, "paid", 3000),
    a_charge_that_was_captured_in_part: (2000, "paid", 2000),
    a_charge_that_was_captured_in_part_and_refunded: (1500, "part_refunded", 1500),
    a_charge_that_was_captured_in_two_parts: (3000, "paid", 3000),
    a_charge_that_was_never_captured: (0, "pending", None),
    a_charge_for_another_account_beside_it: (3000, "paid", 3000),
    a_charge_whose_money_is_another_accounts: (0, "pending", None),
}
