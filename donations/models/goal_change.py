"""The history of an appeal's goals."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class GoalChange(Model):
    """One change of an appeal's goal, or of what an area has taken on, valid from a day on. Empty amounts: there was no
    goal before, there is none after, or the area was not on the list."""

    __tablename__ = "goal_change"
    __table_args__ = (
        Index("ix_goal_change_appeal", "appeal_id", "area", "valid_from"),
        CheckConstraint("before_minor IS NOT NULL OR after_minor IS NOT NULL", name="says_something"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"))
    # The area's name, which is what an area is known by; empty: the goal of the whole appeal.
    area: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    before_minor: Mapped[int | None] = mapped_column(BigInt)
    after_minor: Mapped[int | None] = mapped_column(BigInt)
    valid_from: Mapped[date] = mapped_column(Date)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
