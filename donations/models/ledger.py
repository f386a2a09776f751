"""The append-only ledger. Only ledger/ writes here, and the database's own triggers (migrations) refuse to edit,
delete, unbalance or add to what is written."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Model, UtcDateTime, one_of

ACCOUNT_KINDS = ("asset", "liability", "equity", "income", "expense", "clearing")


class Account(Model):
    """A line of the chart of accounts. `clears_by` is the kind of item for each of which its balance returns to
    zero."""

    __tablename__ = "account"
    __table_args__ = (one_of("kind", ACCOUNT_KINDS, "kind_known"),)

    code: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    clears_by: Mapped[str | None] = mapped_column(Text)


class Entry(Model):
    """Money that moved, as one fact with its reason. Inserting the row seals the postings written before it."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("idem_key", "revision"),
        CheckConstraint("revision > 0", name="revision_positive"),
        CheckConstraint("reverses <> id", name="reverses_another"),
        Index("ix_entry_source", "source_type", "source_id"),
        Index("ix_entry_entry_date", "entry_date"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    entry_date: Mapped[date] = mapped_column(Date)
    fact_date: Mapped[date] = mapped_column(Date)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(Text)
    idem_key: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("entry.id"), unique=True)
    actor: Mapped[str] = mapped_column(Text)
    memo: Mapped[str] = mapped_column(Text, default="")
    source_type: Mapped[str] = mapped_column(Text)
    source_id: Mapped[int] = mapped_column(BigInt)

    postings: Mapped[list[Posting]] = relationship(order_by="Posting.line", viewonly=True)


class Posting(Model):
    """One side of an entry: `+` debit, `-` credit, minor units of one currency, always for one fund."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        Index("ix_posting_fund_account", "fund_id", "account", "currency"),
        Index("ix_posting_cleared", "account", "clear_ref"),
    )

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    account: Mapped[int] = mapped_column(ForeignKey("account.code"))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    currency: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    clear_ref: Mapped[str | None] = mapped_column(Text)


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


class PostingStop(Model):
    """Posting is stopped, since when and why: one row while it is, none while it is not. Events are still received."""

    __tablename__ = "posting_stop"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
