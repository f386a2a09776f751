"""Fraud warnings of the card networks. Only facts/ writes these rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class FraudWarning(Model):
    """The card's network says that a charge may be fraud. No money moves; a refund in time usually avoids a dispute."""

    __tablename__ = "fraud_warning"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    fraud_type: Mapped[str] = mapped_column(Text)
    actionable: Mapped[bool] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
