"""Sessions of the team: signed-in devices."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

if TYPE_CHECKING:
    from donations.models.staff import Staff

STAGES = ("first", "full")


class StaffSession(Model):
    """A signed-in browser, known by the hash of a random key that only its cookie holds. Stage `first`: the password
    was right and the second factor is still asked for. `fresh_at`: when both were last proved. An ended one stays for a
    while, because it tells from where a person usually comes."""

    __tablename__ = "staff_session"
    __table_args__ = (
        one_of("stage", STAGES, "stage_known"),
        CheckConstraint("stage = 'first' OR fresh_at IS NOT NULL", name="full_was_fresh"),
        Index("ix_staff_session_place", "staff_id", "address_hash"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    stage: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fresh_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)  # keyed, of the network the browser is in
    browser: Mapped[str] = mapped_column(Text)  # its family, like "Firefox on Linux"
    data: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    staff: Mapped[Staff] = relationship()
