"""Receipts as they were issued: the payload frozen, the person's block apart and erasable. Rules are in receipts/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, not_under_offline_key, one_of

STATES = ("live", "replaced", "void")
EVENT_KINDS = ("voided", "replaced", "printed", "reprinted")
# Why a receipt ended: shown to its donor, and to anyone who checks it.
CAUSES = ("refunded", "lost", "refunded_and_lost", "failed", "more", "corrected", "moved")


# What the label of a receipt is made of: its number in the series, or characters drawn at random.
NUMBERINGS = ("sequential", "random")


class ReceiptSeries(Model):
    """A run of numbers without gaps: the row is locked by the transaction that takes the next one. Receipts of discreet
    appeals have a series of their own, whose numbers are never public. The newest series of each numbering is in
    use; a restored database begins others, so that no number is used twice."""

    __tablename__ = "receipt_series"
    __table_args__ = (
        CheckConstraint("next_number > 0", name="next_number_positive"),
        one_of("numbering", NUMBERINGS, "numbering_known"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    prefix: Mapped[str] = mapped_column(Text, unique=True)
    next_number: Mapped[int] = mapped_column(Integer, default=1)
    numbering: Mapped[str] = mapped_column(Text, default="sequential", server_default="sequential")


class Receipt(Model):
    """A numbered acknowledgement. `payload` is the JSON text that was frozen and hashed, byte for byte."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        one_of("state", STATES, "state_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index("uq_receipt_live", "donation_id", unique=True, sqlite_where=text("state = 'live'"),
              postgresql_where=text("state = 'live'")),
        Index("ix_receipt_donation_id", "donation_id"),
        Index("uq_receipt_link", "link", unique=True),
        not_under_offline_key("receipt"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    series_id: Mapped[int] = mapped_column(ForeignKey("receipt_series.id"))
    number: Mapped[int] = mapped_column(Integer)
    label: Mapped[str] = mapped_column(Text, unique=True)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"))
    state: Mapped[str] = mapped_column(Text, default="live")
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    payload_sha256: Mapped[str] = mapped_column(Text)
    person_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    replaces: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What its own address is made of, never given to another. A receipt without it is older than links, and opened by
    # its label.
    link: Mapped[str | None] = mapped_column(Text)
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())  # sealed with the offline key


class ReceiptEvent(Model):
    """What happened to a receipt after it was issued, who did it, and for what ended why. `reprinted`: the team printed
    it again, as a copy. `printed` was written of a donor's first print until 2026, and is only read."""

    __tablename__ = "receipt_event"
    __table_args__ = (
        one_of("kind", EVENT_KINDS, "kind_known"),
        one_of("cause", CAUSES, "cause_known"),
        Index("uq_receipt_event_printed", "receipt_id", unique=True, sqlite_where=text("kind = 'printed'"),
              postgresql_where=text("kind = 'printed'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipt.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReceiptChange(Model):
    """A donation whose receipt waits to be brought up to date, because the team may still undo what changed it. The
    row goes when the receipt says what is true, whichever of the two has changed."""

    __tablename__ = "receipt_change"

    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), primary_key=True, autoincrement=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
