"""Corrections made to repair the ledger. The rules are in reconciliation/posting_stop/."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

CORRECTION_KINDS = ("recalculate", "reissue", "record_lost", "reverse", "refund", "assign", "accept")
CORRECTION_STATES = ("requested", "made", "refused")


class Correction(Model):
    """One act against one finding, named by its invariant, its subject and its exact figure. `target` is what is acted
    on: a charge, an entry. Once it is made it never changes: an acceptance is looked up here for ever."""

    __tablename__ = "correction"
    __table_args__ = (
        one_of("kind", CORRECTION_KINDS, "kind_known"),
        one_of("state", CORRECTION_STATES, "state_known"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided_by_a_person"),
        Index("ix_correction_state", "state", "requested_at"),
        Index("ix_correction_refund_attempt_id", "refund_attempt_id"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    invariant: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    figure: Mapped[str] = mapped_column(Text)
    said: Mapped[str] = mapped_column(Text)  # the text of the finding, as it was
    target: Mapped[str] = mapped_column(Text, default="")
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))  # where a payment is assigned
    refund_attempt_id: Mapped[int | None] = mapped_column(ForeignKey("refund_attempt.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
