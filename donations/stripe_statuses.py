"""The statuses that Stripe's objects have, and what each means for us. Each question about a status is asked here and
nowhere else. What is stored is Stripe's own value; a value newer than this list is UNKNOWN: not over, and nothing is
posted because of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Self


class _Status(StrEnum):
    @classmethod
    def of(cls, word: str) -> Self:
        """The status of that name, UNKNOWN for a value that is not one of them."""
        return cls(word) if word in cls._value2member_map_ else cls("unknown")

    @classmethod
    def all_that(cls, question: Callable[[Self], bool]) -> tuple[str, ...]:
        """The values of all statuses of which the question is true, in order, for a query."""
        return tuple(str(one) for one in cls if one.value != "unknown" and question(one))


class ChargeStatus(_Status):
    """Stripe's three, and AUTHORIZED: it calls a charge succeeded that only holds money on a card. Until that is
    captured no money came; what is released instead counts as failed."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        return self in (ChargeStatus.SUCCEEDED, ChargeStatus.FAILED)


class RefundStatus(_Status):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @property
    def has_failed(self) -> bool:
        """The supporter does not get it: what had left the balance comes back. Succeeded refunds may still fail."""
        return self in (RefundStatus.FAILED, RefundStatus.CANCELED)

    @property
    def is_on_its_way(self) -> bool:
        return self in (RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION)


class DisputeStatus(_Status):
    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    APPEAL_NEEDS_RESPONSE = "appeal_needs_response"
    APPEAL_UNDER_REVIEW = "appeal_under_review"
    WARNING_CLOSED = "warning_closed"
    PREVENTED = "prevented"
    WON = "won"
    LOST = "lost"
    UNKNOWN = "unknown"

    @property
    def is_inquiry(self) -> bool:
        """A bank asks, and has taken nothing."""
        return self in _INQUIRIES

    @property
    def is_closed(self) -> bool:
        """Over, as far as anybody knows: an appeal or another decision may still follow."""
        return self in _CLOSED

    @property
    def awaits_response(self) -> bool:
        """We may answer it, until its deadline."""
        return self in _AWAITING

    @property
    def is_appeal(self) -> bool:
        """It was lost, and we asked for another decision."""
        return self in _APPEALS

    @property
    def is_open(self) -> bool:
        """A bank holds the money until this is decided."""
        return self in (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW)

    @property
    def is_lost(self) -> bool:
        """What was taken and has not come back is gone: also while a loss is appealed, and where the card's network
        gave the money back by itself so that there should be no dispute."""
        return self.is_appeal or self in (DisputeStatus.LOST, DisputeStatus.PREVENTED)

    @property
    def decides_a_warning(self) -> bool:
        """It says what became of a warning of fraud about the same charge."""
        return self.is_open or self.is_appeal or self in (DisputeStatus.LOST, DisputeStatus.WON)


_INQUIRIES = frozenset({
    DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.WARNING_UNDER_REVIEW, DisputeStatus.WARNING_CLOSED,
})  # fmt: skip
_CLOSED = frozenset({DisputeStatus.WARNING_CLOSED, DisputeStatus.PREVENTED, DisputeStatus.WON, DisputeStatus.LOST})
_AWAITING = frozenset({
    DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.APPEAL_NEEDS_RESPONSE,
})  # fmt: skip
_APPEALS = frozenset({DisputeStatus.APPEAL_NEEDS_RESPONSE, DisputeStatus.APPEAL_UNDER_REVIEW})


class PayoutStatus(_Status):
    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    CANCELED = "canceled"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def has_come_back(self) -> bool:
        """The money is in the Stripe balance again. A payout that was paid may still fail."""
        return self in (PayoutStatus.CANCELED, PayoutStatus.FAILED)

    @property
    def is_on_its_way(self) -> bool:
        return self in (PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT)


class Reconciliation(_Status):
    """Whether Stripe names what a payout is made of."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class IntentStatus(_Status):
    """Of a payment intent. Money is only in its charges: REQUIRES_CAPTURE is held on a card, and a CANCELED one may
    have taken a part before."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"
    UNKNOWN = "unknown"


class SessionStatus(_Status):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class SessionPayment(_Status):
    PAID = "paid"
    UNPAID = "unpaid"
    NO_PAYMENT_REQUIRED = "no_payment_required"
    UNKNOWN = "unknown"


# The order of statuses: of two reports about one object in the same second, the further one counts.
ORDER: dict[str, int] = {
    **{str(status): place for place, status in enumerate(DisputeStatus) if status is not DisputeStatus.UNKNOWN},
    "warning_closed": 6, "prevented": 6, "won": 7, "lost": 7,
    "pending": 0, "requires_action": 0, "in_transit": 1, "succeeded": 1, "paid": 2, "canceled": 3, "failed": 3,
}  # fmt: skip


def event_object(payload: str) -> dict[str, Any]:
    """The object that the JSON of an event is about; empty where it cannot be read."""
    try:
        found = json.loads(payload)["data"]["object"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def named_donation(said: Mapping[str, Any]) -> str | None:
    """The reference of the donation that an object of Stripe's is about."""
    return (said.get("metadata") or {}).get("donation") or said.get("client_reference_id")


def named_email(said: Mapping[str, Any]) -> str | None:
    """The address that an object of Stripe's names of the person who paid, the likeliest place first."""
    for name, inner in _ADDRESSES:
        found = said.get(name)
        found = found.get(inner) if inner and isinstance(found, Mapping) else found
        if isinstance(found, str) and found:
            return found
    return None


_ADDRESSES = (
    ("billing_details", "email"), ("customer_details", "email"), ("customer_email", ""), ("receipt_email", ""),
    ("evidence", "customer_email_address"),
)  # fmt: skip
