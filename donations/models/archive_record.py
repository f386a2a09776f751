"""Which archives were written here, and which were proved by a drill: `doctor` says how old the last one is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

ARCHIVE_ACTS = ("written", "drilled")


class ArchiveRecord(Model):
    """An archive of `made_at` was written or drilled at `at`. `name` is the file's, without its folder."""

    __tablename__ = "archive_record"
    __table_args__ = (one_of("act", ARCHIVE_ACTS, "act_known"), Index("ix_archive_record_act", "act", "at"))

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    act: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInt)
