"""Periodic jobs, and when each is due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Json, Model, UtcDateTime


class Job(Model):
    """A periodic job: when it is due next, who is at it, and what it must remember (a cursor)."""

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    memory: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
