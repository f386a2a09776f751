"""Bank statements, each imported as a whole file. Their lines are in statement_line.py."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime


class Statement(Model):
    """A file that was imported, whole. Opening and closing balances as it states them, in minor units. One that was
    withdrawn has no lines any more, and counts for nothing."""

    __tablename__ = "statement"
    __table_args__ = (Index("ix_statement_file", "bank_account_id", "file_sha256"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    opening_minor: Mapped[int | None] = mapped_column(BigInt)
    closing_minor: Mapped[int | None] = mapped_column(BigInt)
    lines_new: Mapped[int] = mapped_column(Integer)
    lines_known: Mapped[int] = mapped_column(Integer)
    imported_by: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    names_account: Mapped[bool] = mapped_column(default=False, server_default=false())
    column_map: Mapped[dict[str, object] | None] = mapped_column(Json)  # what the account remembered after it
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
