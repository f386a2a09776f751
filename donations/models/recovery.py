"""What became of payments whose donation was lost with a restored database. The rules are in restoration/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime, one_of

OUTCOMES = ("exact", "estimated", "not_recovered")
# Why a donation could not be recovered.
REASONS = ("other_installation", "no_session", "unknown_product", "not_ours", "unknown_to_stripe")


class Recovery(Model):
    """A payment that carries the reference of a donation which is not here, and the donation that was made of it.
    `exact`: as Stripe was told when it was given; `estimated`: by its appeal's shares of today."""

    __tablename__ = "recovery"
    __table_args__ = (one_of("outcome", OUTCOMES, "outcome_known"), one_of("reason", REASONS, "reason_known"))

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True, autoincrement=False)
    donation_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"), index=True)
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
