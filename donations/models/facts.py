"""Mirrors of what the payment service says happened. Only facts.py writes these rows, and only forward: what once was
true (it succeeded, it failed) stays written."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text, text
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


class Refund(Model):
    """A refund of a charge, in the charge's currency. Its state only moves on: pending, succeeded, failed."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    pending_reason: Mapped[str | None] = mapped_column(Text)  # why it waits, while it does
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when status and pending_reason were so
    reason: Mapped[str | None] = mapped_column(Text)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    balance_transaction_id: Mapped[str | None] = mapped_column(Text)
    failure_transaction_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Dispute(Model):
    """A supporter's bank takes a charge back, or asks about it. The money is in its balance transactions only.
    `said_at` is when this state was true, by Stripe's clock: the later report wins, in whatever order."""

    __tablename__ = "dispute"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    due_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    has_evidence: Mapped[bool | None] = mapped_column()  # whether any was written at Stripe
    submissions: Mapped[int | None] = mapped_column()  # how often it was sent to the bank
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FraudWarning(Model):
    """The card's network says that a charge may be fraud. No money moves; a refund in time usually avoids a dispute."""

    __tablename__ = "fraud_warning"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    fraud_type: Mapped[str] = mapped_column(Text)
    actionable: Mapped[bool] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


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


class Decision(Model):
    """What a treasurer decided of a payment: it belongs to that fund. A fact like the others; the newest one counts."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
