"""Restores of this database from a copy. The rules are in restoration/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class Restoration(Model):
    """The database was restored at `restored_at` from a copy made at `copied_at`; receipts are numbered in `series_id`
    from then on. `caught_up_at`: everything that Stripe knows of the time between has been asked for."""

    __tablename__ = "restoration"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    copied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    restored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    series_id: Mapped[int] = mapped_column(ForeignKey("receipt_series.id"), unique=True)
    caught_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
