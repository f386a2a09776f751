"""Card payments as Stripe reports them (its charges). Only facts/ writes these rows, and only forward: what once was
true (succeeded, failed) stays written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

_UNSETTLED = "recorded_transaction_id IS NULL AND failed_at IS NULL"
# It carries the reference of a donation of ours that is not here, as after a restore.
LOST = "donation_id IS NULL AND reference IS NOT NULL"


class Payment(Model):
    """The root of all facts of one charge, and the row that is locked while they are handled. It exists from the first
    thing heard of the charge, even if that is its balance transaction: then the columns are still empty."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name="amount_positive"),
        Index(
            "ix_payment_unsettled", "succeeded_at",
            sqlite_where=text(_UNSETTLED), postgresql_where=text(_UNSETTLED),
        ),
        Index("ix_payment_charged_at", "charged_at"),
        Index("ix_payment_lost", "id", sqlite_where=text(LOST), postgresql_where=text(LOST)),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    charge_id: Mapped[str] = mapped_column(Text, unique=True)
    intent_id: Mapped[str | None] = mapped_column(Text, index=True)
    donation_id: Mapped[int | None] = mapped_column(ForeignKey("donation.id"), index=True)
    reference: Mapped[str | None] = mapped_column(Text)
    amount_minor: Mapped[int | None] = mapped_column(BigInt)  # None too while it is only held on a card
    authorized_minor: Mapped[int | None] = mapped_column(BigInt)  # what was held, where not all was captured at once
    for_account: Mapped[str | None] = mapped_column(Text)  # the other Stripe account whose money it is
    currency: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    charged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure_code: Mapped[str | None] = mapped_column(Text)
    balance_transaction_id: Mapped[str | None] = mapped_column(Text)
    # Its own balance transaction, once that has reached us; balance_transaction_id is only what the charge says.
    recorded_transaction_id: Mapped[str | None] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StrayPayment(Model):
    """A payment that carries a donation's reference without being its payment; it waits for a person. Written under the
    lock of the donation, which is why it has no key to the payment: that row may be locked by a transaction that waits
    for the donation."""

    __tablename__ = "stray_payment"
    __table_args__ = (one_of("reason", ("other_currency", "paid_already", "other_account"), "reason_known"),)

    payment_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
