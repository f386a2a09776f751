"""Emails to send, as a queue: a row is written in the same transaction as its cause, and a lease says which worker
sends it and until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

# held: it may have gone before the database was restored; locked: its address is the donation's, under the offline key
MAIL_STATES = ("due", "sent", "parked", "held", "locked")


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
