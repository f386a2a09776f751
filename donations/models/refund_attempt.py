"""Refunds that the team asked for. What Stripe did is in refund.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of
from donations.money import Money

REFUND_REASONS = ("requested_by_customer", "duplicate", "fraudulent")  # as Stripe's code
REFUND_ATTEMPT_STATES = ("asked", "made", "refused")


class RefundAttempt(Model):
    """A refund requested here, stored before Stripe is called: whatever becomes of the answer, the same
    reference can only make the same refund. What Stripe did is the refund, a fact."""

    __tablename__ = "refund_attempt"
    __table_args__ = (
        one_of("reason", REFUND_REASONS, "reason_known"),
        one_of("state", REFUND_ATTEMPT_STATES, "state_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(state = 'made') = (refund_id IS NOT NULL)", name="made_with_its_refund"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    refund_id: Mapped[str | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    error: Mapped[str | None] = mapped_column(Text)  # Stripe's code, where it refused
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # None when it is over
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def idempotency_key(self) -> str:
        return f"refund-{self.reference}"
