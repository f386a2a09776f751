"""Transactions of the Stripe balance. Only facts/ writes these rows."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class BalanceTransaction(Model):
    """A balance transaction of the Stripe balance, in the settlement currency: net = amount - fee, in minor units."""

    __tablename__ = "balance_transaction"
    __table_args__ = (CheckConstraint("net_minor = amount_minor - fee_minor", name="net_is_amount_less_fee"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInt, unique=True)  # names it as the source of an entry, if it has no payment
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    payout_id: Mapped[str | None] = mapped_column(Text, index=True)  # the payout it was a member of, once that is known
    source_id: Mapped[str | None] = mapped_column(Text, index=True)
    type: Mapped[str] = mapped_column(Text)
    reporting_category: Mapped[str] = mapped_column(Text)
    balance_type: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    fee_minor: Mapped[int] = mapped_column(BigInt)
    net_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    exchange_rate: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    available_on: Mapped[date] = mapped_column(Date)
    description: Mapped[str | None] = mapped_column(Text)
