"""Sums of postings up to an entry, so that pages add up only what was posted since. Rebuilt from the postings, and
never the source of anything."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model


class BalanceSnapshot(Model):
    """The balance of a fund's account up to the entry `through`, so that pages add up only what was posted since.
    Rebuilt from the postings, and never the source of anything."""

    __tablename__ = "balance_snapshot"

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.code"), primary_key=True, autoincrement=False)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    through: Mapped[int] = mapped_column(BigInt)


class OpenItemSnapshot(Model):
    """What was open of an item on a clearing account up to the entry `through`, and the item's first entry. The to-do
    list then need not add up what was cleared long ago. `clear_ref` is empty where an item has none."""

    __tablename__ = "open_item_snapshot"

    account: Mapped[int] = mapped_column(ForeignKey("account.code"), primary_key=True, autoincrement=False)
    clear_ref: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True, autoincrement=False)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    entry_id: Mapped[int] = mapped_column(BigInt)
    through: Mapped[int] = mapped_column(BigInt)


class DailyTotalSnapshot(Model):
    """What was posted on an account on a day, over all funds, up to the entry `through`."""

    __tablename__ = "daily_total_snapshot"

    entry_date: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.code"), primary_key=True, autoincrement=False)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    through: Mapped[int] = mapped_column(BigInt)
