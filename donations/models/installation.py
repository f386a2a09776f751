"""Which installation this is, and whether its database was restored from a copy. The rules are in restoration/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from donations.extensions import db
from donations.models.base import BigInt, Model, UtcDateTime
from donations.models.receipt import ReceiptSeries


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


class Restoration(Model):
    """The database was restored at `restored_at` from a copy made at `copied_at`; receipts are numbered in `series_id`
    from then on. `caught_up_at`: everything that Stripe knows of the time between has been asked for."""

    __tablename__ = "restoration"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    copied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    restored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    series_id: Mapped[int] = mapped_column(ForeignKey("receipt_series.id"), unique=True)
    caught_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def idempotency_suffix() -> str:
    """What keys for Stripe that are made of our numbers end with: after a restore the same number is another thing."""
    last = db.session.scalar(select(Restoration.series_id).order_by(Restoration.id.desc()).limit(1))
    return "" if last is None else f"-{db.session.get_one(ReceiptSeries, last).prefix}"
