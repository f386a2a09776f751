"""Stripe's payouts to the bank, and how a manual one was divided over the funds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class Payout(Model):
    """What Stripe sent to the bank (negative: took from it). Its members are the balance transactions that name it."""

    __tablename__ = "payout"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    automatic: Mapped[bool] = mapped_column()
    reconciliation_status: Mapped[str] = mapped_column(Text)
    members_listed: Mapped[bool] = mapped_column(default=False)
    estimate_kept: Mapped[bool] = mapped_column(default=False)  # its parts were estimated once and for all
    original_id: Mapped[str | None] = mapped_column(Text)  # the payout that this one takes back
    destination: Mapped[str | None] = mapped_column(Text)  # the bank account or card that it goes to
    trace_id: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    balance_transaction_id: Mapped[str | None] = mapped_column(Text)
    failure_transaction_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    arrival_on: Mapped[date] = mapped_column(Date)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PayoutShare(Model):
    """How a manual payout was laid over the funds when it was made. Stripe names no members of it: an estimate."""

    __tablename__ = "payout_share"

    payout_id: Mapped[str] = mapped_column(ForeignKey("payout.id"), primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
