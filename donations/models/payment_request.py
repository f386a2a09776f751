"""Requests to pay money from a fund, and who approved them. Amounts moved are in the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Model, UtcDateTime, one_of

PAYMENT_REQUEST_STATES = ("requested", "approved", "sent", "paid", "refused", "cancelled")


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
