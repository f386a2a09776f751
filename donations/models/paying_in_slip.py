"""Paying-in slips, by which cash and cheques reach the bank."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class PayingInSlip(Model):
    """A paying-in slip: cash and cheques taken to the bank together, with its expected total."""

    __tablename__ = "paying_in_slip"
    __table_args__ = (
        CheckConstraint("expected_count > 0", name="expected_count_positive"),
        CheckConstraint("expected_minor > 0", name="expected_positive"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    number: Mapped[str | None] = mapped_column(Text)  # as printed on it
    bank_account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"))
    expected_count: Mapped[int] = mapped_column(Integer)
    expected_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    paid_in_on: Mapped[date | None] = mapped_column(Date)  # empty while donations are still being put on it
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def ref(self) -> str:
        return f"slip:{self.id}"
