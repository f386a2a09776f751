"""Numbers of receipts that are lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class ReceiptGap(Model):
    """Numbers of a series, from the first to the last, whose receipts are lost: void, and never given again."""

    __tablename__ = "receipt_gap"
    __table_args__ = (CheckConstraint("last_number >= first_number AND first_number > 0", name="is_a_range"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("receipt_series.id"), index=True)
    first_number: Mapped[int] = mapped_column(Integer)
    last_number: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
