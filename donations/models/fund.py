"""Funds, the earmarks of money, and what each has raised. How totals are calculated is in totals/."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Json, Model, new_opaque_id, one_of

if TYPE_CHECKING:
    from donations.models.appeal import Appeal

FUND_KINDS = ("detainee", "family", "campaign", "general", "suspense")


class Fund(Model):
    """The earmark: a restricted pot of money. The suspense fund (money whose purpose is not known yet) and, until an
    appeal takes it, the general fund belong to no appeal."""

    __tablename__ = "fund"
    __table_args__ = (
        one_of("kind", FUND_KINDS, "kind_known"),
        CheckConstraint("appeal_id IS NOT NULL OR kind IN ('general', 'suspense')", name="has_an_appeal"),
        CheckConstraint("share >= 0", name="share_not_negative"),
        Index("uq_fund_opaque_id", "opaque_id", unique=True),
        Index("uq_fund_general", "kind", unique=True, sqlite_where=text("kind = 'general'"),
              postgresql_where=text("kind = 'general'")),
        Index("uq_fund_suspense", "kind", unique=True, sqlite_where=text("kind = 'suspense'"),
              postgresql_where=text("kind = 'suspense'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int | None] = mapped_column(ForeignKey("appeal.id"), index=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    share: Mapped[int] = mapped_column(Integer, default=0)
    position: Mapped[int] = mapped_column(Integer, default=0)
    # What Stripe is told of it: never another fund's, also where a restored copy gives numbers a second time.
    opaque_id: Mapped[str | None] = mapped_column(Text, default=new_opaque_id)

    appeal: Mapped[Appeal | None] = relationship(back_populates="funds")


class FundTotal(Model):
    """What a fund has raised in one currency and period, kept in step with the ledger in the same transaction."""

    __tablename__ = "fund_total"

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    raised_minor: Mapped[int] = mapped_column(BigInt)
