"""Treasurers' decisions to which fund a payment belongs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class Decision(Model):
    """What a treasurer decided of a payment: it belongs to that fund. A fact like the others; the newest one counts."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
