"""Which installation this is. The rules are in restoration/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from donations.extensions import db
from donations.models.base import Model, UtcDateTime
from donations.models.receipt import ReceiptSeries
from donations.models.restoration import Restoration


class Installation(Model):
    """One row, made with the tables. Copies of the database keep `opaque_id`: by it Stripe's objects are known as ours,
    also those that the copy knows nothing of."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opaque_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def get(cls) -> Installation:
        return db.session.get_one(cls, 1)


def idempotency_suffix() -> str:
    """What keys for Stripe that are made of our numbers end with: after a restore the same number is another thing."""
    last = db.session.scalar(select(Restoration.series_id).order_by(Restoration.id.desc()).limit(1))
    return "" if last is None else f"-{db.session.get_one(ReceiptSeries, last).prefix}"
