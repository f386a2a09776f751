"""Changes of who may do what, which wait: for a second admin, or for a day in which those who were told can refuse."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime, one_of

STAFF_CHANGES = ("roles", "invitation", "enabled", "password", "totp", "passkey", "recovery_codes")
STAFF_CHANGE_STATES = ("waiting", "made", "refused")


class StaffChange(Model):
    """A requested change, sealed. `staff_id` is the person it is about; NULL for an invitation of a new one. The worker
    makes it at `takes_effect_at`, unless it was decided before."""

    __tablename__ = "staff_change"
    __table_args__ = (
        one_of("kind", STAFF_CHANGES, "kind_known"),
        one_of("state", STAFF_CHANGE_STATES, "state_known"),
        CheckConstraint("state = 'waiting' OR decided_at IS NOT NULL", name="decided_is_dated"),
        Index("ix_staff_change_state", "state", "takes_effect_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)  # what the seal is bound to
    kind: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    details_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # None once it is decided
    state: Mapped[str] = mapped_column(Text, default="waiting")
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    takes_effect_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
