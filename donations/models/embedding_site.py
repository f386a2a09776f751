"""The sites on which an appeal's frame was seen: an origin, how often, and the days. Nothing of who looked."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model


class EmbeddingSite(Model):
    """`origin` is like https://example.org. `times` counts frames that reached us, so not those a cache answered."""

    __tablename__ = "embedding_site"
    __table_args__ = (CheckConstraint("times > 0", name="times_positive"),)

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    times: Mapped[int] = mapped_column(BigInt)
    first_seen_on: Mapped[date] = mapped_column(Date)
    last_seen_on: Mapped[date] = mapped_column(Date)
