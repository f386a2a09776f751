"""Treasurers' decisions about money that has no purpose yet. Rows are facts: a later decision replaces an earlier one
and never overwrites it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

CLASSIFICATION_STATES = ("requested", "made", "refused", "replaced")
_MADE = text("state = 'made' AND balance_transaction_id IS NOT NULL")


class Classification(Model):
    """What a payment without a reference, or a Stripe transaction of a kind we do not know, is: its fund, and for a
    transaction the ledger account on its other side. `requested` waits for a second person; of those of one
    transaction that were `made` the newest counts, and the earlier ones are `replaced`."""

    __tablename__ = "classification"
    __table_args__ = (
        one_of("state", CLASSIFICATION_STATES, "state_known"),
        CheckConstraint("(payment_id IS NULL) <> (balance_transaction_id IS NULL)", name="of_one_thing"),
        CheckConstraint("(account IS NULL) = (balance_transaction_id IS NULL)", name="account_of_transaction"),
        Index(
            "ix_classification_made", "balance_transaction_id", unique=True, sqlite_where=_MADE, postgresql_where=_MADE
        ),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    balance_transaction_id: Mapped[str | None] = mapped_column(ForeignKey("balance_transaction.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    account: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
