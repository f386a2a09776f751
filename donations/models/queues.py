"""The queues: events received from Stripe, mail to send, periodic jobs, and the workers' heartbeats. A row is work that
was kept in the same transaction as its cause; a lease says who is at it and until when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, not_under_offline_key, one_of

EVENT_STATES = ("handled", "ignored", "due", "parked")
ARRIVAL_OUTCOMES = ("accepted", "bad_signature", "stale", "unreadable", "other_mode")
# held: it may have gone before the database was restored; locked: its address is the donation's, under the offline key
MAIL_STATES = ("due", "sent", "parked", "held", "locked")


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


class Mail(Model):
    """A mail that must go out. It is written when it is sent, from what it is about; the address is sealed."""

    __tablename__ = "mail"
    __table_args__ = (one_of("state", MAIL_STATES, "state_known"), Index("ix_mail_queue", "state", "next_attempt_at"))

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    recipient_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"), index=True)
    facts: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(Text, default="due")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Job(Model):
    """A periodic job: when it is due next, who is at it, and what it must remember (a cursor)."""

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    memory: Mapped[dict[str, object]] = mapped_column(Json, default=dict)


class Heartbeat(Model):
    """When each worker last reported that it is alive."""

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebhookArrival(Model):
    """How many webhooks came to this end, and when the first and the last of them did; nothing of what they held."""

    __tablename__ = "webhook_arrival"
    __table_args__ = (one_of("outcome", ARRIVAL_OUTCOMES, "outcome_known"),)

    outcome: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInt)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
