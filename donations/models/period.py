"""Accounting periods: whether they are closed, who signed, and the balances at their close."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of


class Period(Model):
    """A span of days that may be closed; then the database refuses entries dated inside it."""

    __tablename__ = "period"
    __table_args__ = (
        one_of("state", ("open", "closed"), "state_known"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        UniqueConstraint("starts_on"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, default="open")


class PeriodSignature(Model):
    """One person's signature under a period's close, or its opening again."""

    __tablename__ = "period_signature"
    __table_args__ = (one_of("act", ("close", "reopen"), "act_known"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("period.id"), index=True)
    act: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PeriodBalance(Model):
    """The trial balance by fund as it was when a period was closed, with its SHA-256: it never changes after."""

    __tablename__ = "period_balance"

    period_id: Mapped[int] = mapped_column(ForeignKey("period.id"), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    figures: Mapped[list[list[object]]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(Text)
