"""Areas of an appeal: the regions that supporters pick, and the branches that send in money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Model, new_opaque_id

if TYPE_CHECKING:
    from donations.models.appeal import Appeal


class Area(Model):
    """A branch or region with its part of a periodic goal. One that was taken off the list keeps what it has raised."""

    __tablename__ = "area"
    __table_args__ = (
        UniqueConstraint("appeal_id", "name"),
        Index("uq_area_opaque_id", "opaque_id", unique=True),
        CheckConstraint("target_minor > 0", name="target_positive"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    target_minor: Mapped[int] = mapped_column(BigInt)
    position: Mapped[int] = mapped_column(Integer, default=0)
    is_listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    # The nonce of the branch's link; without one there is no link, a new one revokes the link before.
    link_nonce: Mapped[str | None] = mapped_column(Text)
    opaque_id: Mapped[str | None] = mapped_column(Text, default=new_opaque_id)  # as a fund's

    appeal: Mapped[Appeal] = relationship(viewonly=True)

    def is_called(self, said: str) -> bool:
        """Whether a name, or its slug, means this area."""
        return bool(_plain(said)) and _plain(said) == _plain(self.name)


def _plain(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
