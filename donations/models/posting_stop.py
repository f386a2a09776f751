"""Whether posting is stopped. The rules are in reconciliation/posting_stop/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class PostingStop(Model):
    """Posting is stopped, since when and why: one row while it is, none while it is not. Events are still received."""

    __tablename__ = "posting_stop"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
