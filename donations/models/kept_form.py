"""Forms of the team that came too late, kept until their sender has signed in again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class KeptForm(Model):
    """A form that a team member sent after their session had ended, sealed. They are shown it again once
    they have signed in."""

    __tablename__ = "kept_form"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, unique=True)  # its address
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    sent_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
