"""A branch return: cash, cheques, paper sales, a raffle. A version is never overwritten; a later one names the one it
revises. The money itself, once a treasurer has accepted it, is an offline donation."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.area import Area
from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of
from donations.models.offline_donation import OfflineDonation
from donations.money import Money

BRANCH_RETURN_METHODS = ("cash", "cheque", "bank")
BRANCH_RETURN_STATES = ("new", "replaced", "accepted", "declined")
LINE_KINDS = ("collection", "paper_sales", "stall", "raffle", "standing_orders")


class BranchReturn(Model):
    """One version of a branch return. `lines` are minor units by kind; the names of who counted and submitted, and the
    notes, are sealed together. `offline_donation_id` is the donation that its acceptance recorded, or corrected."""

    __tablename__ = "branch_return"
    __table_args__ = (
        one_of("state", BRANCH_RETURN_STATES, "state_known"),
        one_of("method", BRANCH_RETURN_METHODS, "method_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("to_on >= from_on", name="ends_after_start"),
        CheckConstraint("state <> 'accepted' OR offline_donation_id IS NOT NULL", name="accepted_is_a_donation"),
        Index("ix_branch_return_state", "state", "sent_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    # One version has one successor at most.
    revises: Mapped[int | None] = mapped_column(ForeignKey("branch_return.id"), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    state: Mapped[str] = mapped_column(Text, default="new")
    method: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    lines: Mapped[dict[str, int]] = mapped_column(Json)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    personal_until: Mapped[date] = mapped_column(Date)
    language: Mapped[str] = mapped_column(Text)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was declined
    offline_donation_id: Mapped[int | None] = mapped_column(ForeignKey("offline_donation.id"), index=True)
    # The day it was entered on: later than its own where the period of that day was closed.
    booked_on: Mapped[date | None] = mapped_column(Date)

    area: Mapped[Area] = relationship()
    offline_donation: Mapped[OfflineDonation | None] = relationship()

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_late(self) -> bool:
        """Posted later than it was dated, because that period was closed."""
        return self.booked_on is not None and self.booked_on > self.to_on
