"""How long sign-in waits after failed attempts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class Throttle(Model):
    """How often signing in failed lately, for an account, a network, or both: a keyed hash says which."""

    __tablename__ = "throttle"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    wait_until: Mapped[datetime] = mapped_column(UtcDateTime)
