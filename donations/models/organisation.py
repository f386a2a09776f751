"""The organisation that runs this installation: one row. Nothing about appeals or money."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from donations.errors import DatabaseNotReady
from donations.extensions import db
from donations.models.base import BigInt, Json, Model


class Organisation(Model):
    """Name, zone, languages and currencies; from `[organisation]` of the appeals file."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("approvals_required IN (1, 2)", name="approvals_one_or_two"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(Json)
    timezone: Mapped[str] = mapped_column(Text)
    settlement_currencies: Mapped[list[str]] = mapped_column(Json)
    offered_currencies: Mapped[list[str]] = mapped_column(Json)
    statement_descriptor: Mapped[str] = mapped_column(Text)
    contact_email: Mapped[str | None] = mapped_column(Text)
    legal_name: Mapped[str | None] = mapped_column(Text)
    about: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    bank_details: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    # How many people must approve (1 or 2): see donations/approvals.py, which is the only one to ask.
    approvals_required: Mapped[int] = mapped_column(default=1, server_default="1")
    # Up to this amount, in minor units of `currency`, one approval is enough for what moves money. 0: never.
    one_approval_up_to_minor: Mapped[int] = mapped_column(BigInt, default=0, server_default="0")
    # The most that may be written off at once, in minor units of `currency`.
    write_off_limit_minor: Mapped[int] = mapped_column(BigInt, default=1000, server_default="1000")

    # Whether what one organiser has written must be published by another.
    publish_needs_second: Mapped[bool] = mapped_column(default=False, server_default=false())

    @classmethod
    def get(cls) -> Organisation:
        """The one row. Raises DatabaseNotReady before the first `appeals load`."""
        row = db.session.get(cls, 1)
        if row is None:
            raise DatabaseNotReady(
                fault="no organisation is set up", fix="Run `donations appeals load FILE` with an [organisation]"
            )
        return row

    @property
    def default_language(self) -> str:
        return self.languages[0]

    def day_of(self, moment: datetime) -> date:
        """The calendar day of a moment in the organisation's own zone, by which the ledger is kept."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()
