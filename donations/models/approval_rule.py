"""How many people must approve, as it was changed: each change asked for by one person and decided by another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

APPROVAL_RULE_STATES = ("requested", "made", "refused")


class ApprovalRule(Model):
    """A rule that was asked for. `approvals_required` is 1 or 2; `one_up_to_minor` is the amount, in minor units of the
    organisation's currency, up to which one approval is enough all the same (0: never)."""

    __tablename__ = "approval_rule"
    __table_args__ = (
        one_of("state", APPROVAL_RULE_STATES, "state_known"),
        CheckConstraint("approvals_required IN (1, 2)", name="one_or_two"),
        CheckConstraint("one_up_to_minor >= 0", name="limit_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    approvals_required: Mapped[int] = mapped_column(Integer)
    one_up_to_minor: Mapped[int] = mapped_column(BigInt)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
