"""What supporters were told about the purpose of their donation, version by version. A version never changes; each
donation names the one that was in force when it was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

# Written on the organisers' pages, loaded from a file, or put together when versions began to be kept. `lost`: the text
# was another then, and was not stored.
SOURCES = ("page", "file", "migration", "lost")


class AppealWording(Model):
    """One version of an appeal's wording: the use of a surplus by language, and the funds as they were shown.
    `valid_from` is the moment from which donations are made under it."""

    __tablename__ = "appeal_wording"
    __table_args__ = (
        UniqueConstraint("appeal_id", "number"),
        one_of("source", SOURCES, "source_known"),
        CheckConstraint("number > 0", name="number_from_one"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"))
    number: Mapped[int] = mapped_column(Integer)
    surplus: Mapped[dict[str, str]] = mapped_column(Json)
    funds: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # slug, kind, name by language; in their order
    sha256: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    # Whether the version before it lives on, because money given under it lay in the funds. The public page says so.
    keeps_earlier: Mapped[bool] = mapped_column(default=False, server_default=false())
    written_by: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)  # the second person, where there was one
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    source: Mapped[str] = mapped_column(Text)

    def name_of(self, fund_slug: str) -> dict[str, str]:
        """What the fund was called, by language; empty if it was not there yet."""
        return next((dict(one["name"]) for one in self.funds if one["slug"] == fund_slug), {})


def wording_in_force(context: Any) -> int | None:
    """For a donation that is being inserted without a wording: the newest version of its appeal."""
    newest = (
        select(AppealWording.id)
        .where(AppealWording.appeal_id == context.get_current_parameters()["appeal_id"])
        .order_by(AppealWording.number.desc())
        .limit(1)
    )
    found: int | None = context.connection.scalar(newest)
    return found
