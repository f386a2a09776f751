"""Updates of appeals for their supporters. Mail to subscribers is in subscriber.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.appeal import Appeal
from donations.models.base import BigInt, Json, Model, UtcDateTime


class AppealUpdate(Model):
    """One update of an appeal, written first, public from the moment it is posted until it is withdrawn. `position`
    counts the updates of its appeal from 1; the text is Markdown."""

    __tablename__ = "appeal_update"
    __table_args__ = (
        UniqueConstraint("appeal_id", "position"),
        Index("ix_appeal_update_published", "appeal_id", "published_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"))
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[dict[str, str]] = mapped_column(Json)
    text: Mapped[dict[str, str]] = mapped_column(Json)
    # Who wrote the present text; `published_at` is empty while only staff see it.
    written_by: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the text was last edited; empty if never.
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The key of the form that wrote it: a form that is sent twice writes one update.
    form_key: Mapped[str] = mapped_column(Text, unique=True)
    # How far its mails have been queued: the last follower that has one, and when there was none left.
    mailed_to: Mapped[int] = mapped_column(BigInt, default=0)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    appeal: Mapped[Appeal] = relationship()

    @property
    def is_public(self) -> bool:
        return self.published_at is not None and self.withdrawn_at is None
