"""Disputes of card payments as Stripe reports them. Only facts/ writes these rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class Dispute(Model):
    """A supporter's bank takes a charge back, or asks about it. The money is in its balance transactions only.
    `said_at` is when this state was true, by Stripe's clock: the later report wins, in whatever order."""

    __tablename__ = "dispute"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    due_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    has_evidence: Mapped[bool | None] = mapped_column()  # whether any was written at Stripe
    submissions: Mapped[int | None] = mapped_column()  # how often it was sent to the bank
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)
