"""Unpublished drafts of appeals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.appeal import Appeal
from donations.models.base import BigInt, Json, Model, UtcDateTime


class AppealDraft(Model):
    """An appeal as it is to be, in the form of an appeals file; the public sees nothing of it. `appeal_id` is empty for
    an appeal that was never published. Publishing it, or throwing it away, deletes the row."""

    __tablename__ = "appeal_draft"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int | None] = mapped_column(ForeignKey("appeal.id"), unique=True)
    values: Mapped[dict[str, Any]] = mapped_column("content", Json)
    # A hash of the appeal when this was written: the draft is not published over a change from elsewhere.
    base_sha256: Mapped[str] = mapped_column(Text)
    # Why the goal or the wording changes, for its history.
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    written_by: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Who last changed the wording of the appeal in it, even if another person wrote the rest; empty: the wording is as
    # published.
    wording_by: Mapped[str | None] = mapped_column(Text)
    # The key of the form that began it: a form that is sent twice begins one draft.
    form_key: Mapped[str] = mapped_column(Text, unique=True)

    appeal: Mapped[Appeal | None] = relationship()
