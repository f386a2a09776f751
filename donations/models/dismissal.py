"""What was taken off the to-do list, with a reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class Dismissal(Model):
    """One thing that a person took off the to-do list, and why. `kind` and `ref` name it as the list does."""

    __tablename__ = "dismissal"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    ref: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
