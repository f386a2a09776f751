"""Events received from Stripe, as a queue: a lease says which worker handles one and until when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, LargeBinary, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime, not_under_offline_key, one_of

EVENT_STATES = ("handled", "ignored", "due", "parked")


class StripeEvent(Model):
    """An event as it came, kept under its own id. `due` waits for the worker, `parked` for a person."""

    __tablename__ = "stripe_event"
    __table_args__ = (
        one_of("state", EVENT_STATES, "state_known"),
        Index("ix_stripe_event_queue", "state", "next_attempt_at"),
        Index("ix_stripe_event_payload_until", "payload_until"),
        Index("ix_stripe_event_email_hash", "email_hash"),
        not_under_offline_key("stripe_event"),
        Index("ix_stripe_event_opened_until", "opened_until"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payload_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    payload_until: Mapped[date | None] = mapped_column(Date)
    # Of the address that it names; b"" if it names none, NULL where that was not looked at: before 2026-12, and after
    # the payload was erased.
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())  # sealed with the offline key
    opened_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # whom it is about has asked, and may look
