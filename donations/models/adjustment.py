"""Entries by a person's decision: transfers between funds, opening balances, write-offs. Amounts moved are in the
ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

ADJUSTMENT_KINDS = ("transfer", "opening", "write_off", "kept")
ADJUSTMENT_STATES = ("requested", "made", "refused")


class Adjustment(Model):
    """An entry made by a person, with no outside event behind it: a transfer between funds, an opening balance, a
    write-off, a returnable donation that its donor lets us keep. With its reason and authority."""

    __tablename__ = "adjustment"
    __table_args__ = (
        one_of("kind", ADJUSTMENT_KINDS, "kind_known"),
        one_of("state", ADJUSTMENT_STATES, "state_known"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), index=True)
    other_fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))  # where a transfer goes
    bank_account_id: Mapped[int | None] = mapped_column(ForeignKey("bank_account.id"))
    # The wording under which the money of a transfer was given.
    wording_id: Mapped[int | None] = mapped_column(ForeignKey("appeal_wording.id"))
    account: Mapped[int | None] = mapped_column(Integer)  # what is written off
    clear_ref: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    on: Mapped[date] = mapped_column("dated_on", Date)
    reason: Mapped[str] = mapped_column(Text)
    authority: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
