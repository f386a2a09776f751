"""Appeals, their timelines and totals: columns, constraints and the changes of state of one row. How totals are
calculated is in totals/."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.errors import AppealClosed, AppealNotFound, AppealPaused, NotAllowedInState
from donations.extensions import db
from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of

if TYPE_CHECKING:
    from donations.models.area import Area
    from donations.models.fund import Fund

STATES = ("draft", "open", "paused", "closed")
VISIBILITIES = ("shown", "amounts_hidden", "holding_page", "dark")
FEE_BEARERS = ("fund", "general")
PERIODS = ("month", "quarter", "year")


class Appeal(Model):
    """A public call for money. `state` says whether it takes donations, `visibility` what the public sees of it."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("state", STATES, "state_known"),
        one_of("visibility", VISIBILITIES, "visibility_known"),
        one_of("state_before_hiding", STATES, "state_before_hiding_known"),
        one_of("visibility_before_hiding", VISIBILITIES, "visibility_before_hiding_known"),
        one_of("fee_bearer", FEE_BEARERS, "fee_bearer_known"),
        CheckConstraint(f"period IS NULL OR period IN {PERIODS!r}", name="period_known"),
        CheckConstraint("goal_minor IS NULL OR goal_minor > 0", name="goal_positive"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(Text, default="shown")
    # What `show` brings back: kept while the kill switch is on, else empty.
    state_before_hiding: Mapped[str | None] = mapped_column(Text)
    visibility_before_hiding: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    goal_minor: Mapped[int | None] = mapped_column(BigInt)
    period: Mapped[str | None] = mapped_column(Text)
    discreet: Mapped[bool] = mapped_column(default=False)
    # Whether receipts may say which appeal and fund a donation was for: in some places that paper is a danger.
    names_on_receipt: Mapped[bool] = mapped_column(default=False)
    fee_bearer: Mapped[str] = mapped_column(Text, default="fund")
    title: Mapped[dict[str, str]] = mapped_column(Json)
    summary: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    story: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    surplus: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    outcome: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    message_prompt: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    # Goals beyond the first, each larger than the one before; they are shown once the first is reached.
    stretch_minor: Mapped[list[int]] = mapped_column(Json, default=list, server_default="[]")
    suggested_minor: Mapped[list[int]] = mapped_column(Json, default=list)
    # The origins whose pages may frame it, like https://example.org; none means any.
    embed_sites: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    closed_on: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int] = mapped_column(Integer, default=0)
    stripe_product_id: Mapped[str | None] = mapped_column(Text)
    # In which mode it was made; the other mode does not know it. Empty for those made before this was kept.
    stripe_product_livemode: Mapped[bool | None] = mapped_column()

    funds: Mapped[list[Fund]] = relationship(back_populates="appeal", order_by="Fund.position")
    events: Mapped[list[AppealEvent]] = relationship(order_by="AppealEvent.position", cascade="all, delete-orphan")
    # Those on the list now. An area is never deleted, because donations name it; see Area.is_listed.
    areas: Mapped[list[Area]] = relationship(
        order_by="Area.position", primaryjoin="and_(Appeal.id == Area.appeal_id, Area.is_listed)"
    )

    @classmethod
    def by_slug(cls, slug: str) -> Appeal:
        """The appeal as the public may know of it. Raises AppealNotFound for unknown, draft and dark ones alike."""
        appeal = cls.any_by_slug(slug)
        if appeal.state == "draft" or appeal.visibility == "dark":
            raise AppealNotFound()
        return appeal

    @classmethod
    def any_by_slug(cls, slug: str) -> Appeal:
        """The appeal whatever its state, for those who run it. Raises AppealNotFound."""
        appeal = db.session.scalar(select(cls).where(cls.slug == slug))
        if appeal is None:
            raise AppealNotFound()
        return appeal

    @property
    def takes_donations(self) -> bool:
        return self.state == "open" and self.visibility in ("shown", "amounts_hidden")

    def check_takes_donations(self) -> None:
        """Raises AppealPaused or AppealClosed where no donation can be begun."""
        if self.state == "closed":
            raise AppealClosed()
        if not self.takes_donations:
            raise AppealPaused()

    def pause(self) -> None:
        self._move("paused", {"open"})

    def open(self) -> None:
        self._move("open", {"draft", "paused", "closed"})

    def close(self, *, on: date) -> None:
        self._move("closed", {"open", "paused"})
        self.closed_on = on

    def hide(self, how: str) -> None:
        """Show the public no more than `how` allows, and take no donations, until `show`."""
        assert how in VISIBILITIES and how != "shown", how
        if self.visibility_before_hiding is None:
            self.state_before_hiding, self.visibility_before_hiding = self.state, self.visibility
        self.visibility = how
        if self.state == "open":
            self.state = "paused"

    def show(self) -> None:
        """Undo `hide`; an appeal that was never seen in full is shown in full."""
        self.visibility = self.visibility_before_hiding or "shown"
        self.state = self.state_before_hiding or self.state
        self.state_before_hiding = self.visibility_before_hiding = None

    def _move(self, wanted: str, allowed: set[str]) -> None:
        if self.state not in allowed | {wanted}:
            raise NotAllowedInState(slug=self.slug, state=self.state, wanted=wanted)
        if self.visibility_before_hiding is not None:
            self.state_before_hiding = wanted  # `show` does not bring back what was decided against since.
        if self.state == wanted:
            return
        self.state = wanted
        if wanted != "closed":
            self.closed_on = None


class AppealEvent(Model):
    """One step of an appeal's timeline. Its date may be a month only."""

    __tablename__ = "appeal_event"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), index=True)
    on: Mapped[date] = mapped_column(Date)
    month_only: Mapped[bool] = mapped_column(default=False)
    text: Mapped[dict[str, str]] = mapped_column(Json)
    position: Mapped[int] = mapped_column(Integer, default=0)


class AppealTotal(Model):
    """How many donations count in a period, and the version that every change of the total raises."""

    __tablename__ = "appeal_total"

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    donations: Mapped[int] = mapped_column(BigInt)
    version: Mapped[int] = mapped_column(BigInt)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)


class PublishedTotal(Model):
    """The snapshot a discreet appeal shows: every public byte comes from here until the next tick."""

    __tablename__ = "published_total"

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), primary_key=True)
    figures: Mapped[dict[str, object]] = mapped_column(Json)
    version: Mapped[int] = mapped_column(BigInt)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
