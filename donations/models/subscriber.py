"""Subscribers of an appeal's updates: the sealed address, the state of the confirmation, and the donations beside which
they asked."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.appeal import Appeal
from donations.models.base import BigInt, Model, UtcDateTime, one_of

SUBSCRIBER_STATES = ("asked", "confirmed", "ended")


class Subscriber(Model):
    """A subscriber of one appeal. `asked`: typed beside a donation; `confirmed`: confirmed from its mailbox; `ended`:
    it gets nothing more, and the address is erased."""

    __tablename__ = "subscriber"
    __table_args__ = (
        one_of("state", SUBSCRIBER_STATES, "state_known"),
        UniqueConstraint("appeal_id", "email_hash"),
        Index("ix_subscriber_mailing", "appeal_id", "state", "id"),
        Index("ix_subscriber_personal_until", "personal_until"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"))
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="asked")
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The day on which the address goes by itself; empty when it has gone.
    personal_until: Mapped[date | None] = mapped_column(Date)

    appeal: Mapped[Appeal] = relationship()
    requests: Mapped[list[SubscriberRequest]] = relationship(cascade="all, delete-orphan")

    def confirm(self, *, until: date, at: datetime) -> None:
        assert self.state == "asked", self.state
        self.state, self.confirmed_at, self.personal_until = "confirmed", at, until

    def end(self, at: datetime) -> None:
        """The address goes with it."""
        self.state, self.ended_at = "ended", at
        self.email_sealed = self.email_hash = self.personal_until = None
        self.requests.clear()


class SubscriberRequest(Model):
    """A donation beside which updates were asked for. The first mail waits until any of an address's has come, so that
    an unpaid one does not block one that was paid."""

    __tablename__ = "subscriber_request"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id"), primary_key=True)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), primary_key=True, index=True)
