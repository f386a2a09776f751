"""A donation as it was typed, between the form and the payment page: sealed, for one day. No money is here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.appeal import Appeal
from donations.models.base import BigInt, Model, UtcDateTime
from donations.models.donation import Donation


class DonationCheck(Model):
    """One filled-in form of an appeal. `code` is the random part of its address; `key` makes one donation of it, once.
    The fields are sealed together, and go with the row."""

    __tablename__ = "donation_check"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, unique=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), index=True)
    fields_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # The donation that its key has made.
    donation_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"), unique=True)

    appeal: Mapped[Appeal] = relationship()
    donation: Mapped[Donation | None] = relationship()
