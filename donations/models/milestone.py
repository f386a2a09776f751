"""When an appeal's public total passed a quarter of its goal, the half, the whole. Written once, by the worker."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class Milestone(Model):
    """In the period that starts then (1 January 1970 where there are none) so many percent were reached."""

    __tablename__ = "milestone"
    __table_args__ = (CheckConstraint("percent > 0", name="percent_positive"),)

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, primary_key=True)
    reached_at: Mapped[datetime] = mapped_column(UtcDateTime)
