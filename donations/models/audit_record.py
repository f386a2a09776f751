"""The audit log, in order: a chain of hashes that cannot be changed unnoticed. Only our own numbers and codes, no
personal data. audit.py writes and verifies it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime


class AuditRecord(Model):
    """One act. Its number is one more than the last one's, and `sha256` covers it together with the last one's, so the
    database lets no two acts follow the same one."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_actor", "actor"), Index("ix_audit_act", "act"), Index("ix_audit_about", "about"))

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    previous_sha256: Mapped[str] = mapped_column(Text, unique=True)
    sha256: Mapped[str] = mapped_column(Text)
