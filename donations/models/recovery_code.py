"""Recovery codes, for those who lost their second proof."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class RecoveryCode(Model):
    """A code for a person who lost their authenticator: stored as a keyed hash, valid once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
