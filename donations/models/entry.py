"""The append-only ledger. Only ledger/ writes here, and the database's own triggers (migrations) refuse to edit,
delete, unbalance or add to what is written."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Model, UtcDateTime


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
