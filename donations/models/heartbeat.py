"""The workers' heartbeats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime


class Heartbeat(Model):
    """When each worker last reported that it is alive."""

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
