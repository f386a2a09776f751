"""How many webhooks came, by their outcome."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

ARRIVAL_OUTCOMES = ("accepted", "bad_signature", "stale", "unreadable", "other_mode")


class WebhookArrival(Model):
    """How many webhooks came to this end, and when the first and the last of them did; nothing of what they held."""

    __tablename__ = "webhook_arrival"
    __table_args__ = (one_of("outcome", ARRIVAL_OUTCOMES, "outcome_known"),)

    outcome: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInt)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
