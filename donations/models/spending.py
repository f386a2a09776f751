"""Money that leaves a fund or moves between funds by a person's decision: disbursements and who approved them,
transfers, opening balances, write-offs, refunds asked for. What moved is in the ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of
from donations.money import Money

PAYMENT_REQUEST_STATES = ("requested", "approved", "sent", "paid", "refused", "cancelled")
ADJUSTMENT_KINDS = ("transfer", "opening", "write_off", "kept")
ADJUSTMENT_STATES = ("requested", "made", "refused")
REFUND_REASONS = ("requested_by_customer", "duplicate", "fraudulent")  # as Stripe's code
REFUND_ATTEMPT_STATES = ("asked", "made", "refused")


class PaymentRequest(Model):
    """A request to pay a fund's money on to its purpose. The payee is sealed; `payee_masked` is what lists show."""

    __tablename__ = "payment_request"
    __table_args__ = (
        one_of("state", PAYMENT_REQUEST_STATES, "state_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    payee_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    payee_masked: Mapped[str] = mapped_column(Text)
    payee_staff_id: Mapped[int | None] = mapped_column(BigInt)  # where the payee is one of the staff
    # The bank account it is paid from; empty: any in this currency.
    bank_account_id: Mapped[int | None] = mapped_column(ForeignKey("bank_account.id"))
    evidence_name: Mapped[str | None] = mapped_column(Text)
    evidence_sha256: Mapped[str | None] = mapped_column(Text)
    evidence_type: Mapped[str | None] = mapped_column(Text)
    approvals_required: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    approvals: Mapped[list[Approval]] = relationship(order_by="Approval.id")

    @property
    def ref(self) -> str:
        return f"disbursement:{self.id}"


class Approval(Model):
    """One person's approval or rejection of a payment request."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("payment_request_id", "actor"),
        one_of("verdict", ("yes", "no"), "verdict_known"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    payment_request_id: Mapped[int] = mapped_column(ForeignKey("payment_request.id"))
    actor: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


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


class RefundAttempt(Model):
    """A refund requested here, stored before Stripe is called: whatever becomes of the answer, the same
    reference can only make the same refund. What Stripe did is the refund, a fact."""

    __tablename__ = "refund_attempt"
    __table_args__ = (
        one_of("reason", REFUND_REASONS, "reason_known"),
        one_of("state", REFUND_ATTEMPT_STATES, "state_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("(state = 'made') = (refund_id IS NOT NULL)", name="made_with_its_refund"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    refund_id: Mapped[str | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    error: Mapped[str | None] = mapped_column(Text)  # Stripe's code, where it refused
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # None when it is over
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def idempotency_key(self) -> str:
        return f"refund-{self.reference}"


class PayoutShare(Model):
    """How a manual payout was laid over the funds when it was made. Stripe names no members of it: an estimate."""

    __tablename__ = "payout_share"

    payout_id: Mapped[str] = mapped_column(ForeignKey("payout.id"), primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)


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
