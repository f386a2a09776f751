"""Each attempt to pay a donation at Stripe's Checkout."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

ATTEMPT_STATES = ("starting", "open", "complete", "expired")


class CheckoutAttempt(Model):
    """One attempt at Checkout for a donation. Its idempotency key is kept before Stripe is called, so a lost answer or
    a second click is answered with the session there is."""

    __tablename__ = "checkout_attempt"
    __table_args__ = (UniqueConstraint("donation_id", "number"), one_of("state", ATTEMPT_STATES, "state_known"))

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    number: Mapped[int] = mapped_column(Integer)
    idempotency_key: Mapped[str] = mapped_column(Text, unique=True)
    session_id: Mapped[str | None] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text, default="starting")
    params: Mapped[dict[str, object]] = mapped_column(Json)  # what Stripe is asked for, without any address of ours
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # when to ask Stripe for its state
    # When Stripe reported that the payment of a completed session had failed, as a bank debit may after days.
    payment_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
