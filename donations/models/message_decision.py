"""What was decided about a supporter's message: by whom, when, and since when it is public. The text itself stays
sealed on the donation, so that it is erased with the other personal data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import Model, UtcDateTime, one_of

VERDICTS = ("approved", "hidden")


class MessageDecision(Model):
    """The verdict on one donation's message, for the appeal that it was written to. The last approval and the last
    hiding are both kept."""

    __tablename__ = "message_decision"
    __table_args__ = (
        one_of("verdict", VERDICTS, "verdict_known"),
        Index("ix_message_decision_shown", "appeal_id", "shown_since"),
    )

    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), primary_key=True, autoincrement=False)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"))
    verdict: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_by: Mapped[str | None] = mapped_column(Text)
    hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Empty while it is not public: a discreet appeal shows and withdraws messages only at its ticks.
    shown_since: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def approve(self, *, by: str, at: datetime) -> None:
        self.verdict, self.approved_by, self.approved_at = "approved", by, at

    def hide(self, *, by: str, at: datetime) -> None:
        self.verdict, self.hidden_by, self.hidden_at, self.shown_since = "hidden", by, at, None
