"""A donation as the supporter intends it, and how it is divided over funds. Personal data is sealed (privacy.py). What
money moved is in the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    false,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.errors import BadLink
from donations.extensions import db
from donations.models.appeal import FEE_BEARERS, Appeal
from donations.models.appeal_wording import AppealWording, wording_in_force
from donations.models.base import BigInt, Json, Model, UtcDateTime, not_under_offline_key, one_of
from donations.money import Money

if TYPE_CHECKING:
    from donations.models.checkout_attempt import CheckoutAttempt

STATES = (
    "pending", "processing", "paid", "part_refunded", "refunded", "disputed", "lost", "failed", "abandoned",
)  # fmt: skip
UNPAID_STATES = ("pending", "failed", "abandoned")  # begun, and no money came
SOURCES = ("card", "bank", "cash", "cheque", "standing_order", "other")
DISPLAYS = ("secret", "initials", "name")
INTERVALS = ("once", "month")


class Donation(Model):
    """A donation. The wording of the restriction and who bears the fee are frozen as they were shown when it was
    made."""

    __tablename__ = "donation"
    __table_args__ = (
        one_of("state", STATES, "state_known"),
        one_of("source", SOURCES, "source_known"),
        one_of("display", DISPLAYS, "display_known"),
        one_of("interval", INTERVALS, "interval_known"),
        one_of("fee_bearer", FEE_BEARERS, "fee_bearer_known"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index("ix_donation_unsettled", "state", "created_at"),
        Index("ix_donation_personal_until", "personal_until"),
        not_under_offline_key("donation"),
        Index(
            "ix_donation_signed",
            "id",
            sqlite_where=text("signed_sealed IS NOT NULL"),
            postgresql_where=text("signed_sealed IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeal.id"), index=True)
    # The branch or region it counts for, if one was named.
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(Text, unique=True)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="pending")
    amount_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text, default="once")
    language: Mapped[str] = mapped_column(Text)
    display: Mapped[str] = mapped_column(Text, default="secret")
    fee_bearer: Mapped[str] = mapped_column(Text)
    terms: Mapped[dict[str, str]] = mapped_column(Json)
    # The version of the appeal's wording under which it was made; the database takes no donation without one. It is
    # a number, so it names nothing that a receipt must not name.
    wording_id: Mapped[int | None] = mapped_column(
        ForeignKey("appeal_wording.id"), index=True, default=wording_in_force
    )
    donor_id: Mapped[str] = mapped_column(Text)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    message_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    personal_until: Mapped[date] = mapped_column(Date)
    counted_in: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # After a restore: what it is for was worked out from the appeal's shares, because nothing exact is known any more.
    purpose_estimated: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Charges seen until then were all counted as its payment, as they were before a second one was held for a person.
    joint_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When what its donor typed was erased because it was not paid within a day.
    emptied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What its donor typed is sealed with the offline key, but for a message that waits or is shown.
    under_offline_key: Mapped[bool] = mapped_column(server_default=false())
    signed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # then, how its donor lets it be signed in public
    opened_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its donor has asked, and may look until then

    appeal: Mapped[Appeal] = relationship()
    wording: Mapped[AppealWording | None] = relationship()
    allocations: Mapped[list[Allocation]] = relationship(order_by="Allocation.fund_id", back_populates="donation")
    attempts: Mapped[list[CheckoutAttempt]] = relationship(order_by="CheckoutAttempt.number")

    @classmethod
    def by_reference(cls, reference: str) -> Donation:
        """Raises BadLink if there is none."""
        donation = db.session.scalar(select(cls).where(cls.reference == reference))
        if donation is None:
            raise BadLink()
        return donation

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Allocation(Model):
    """The part of a donation that is earmarked for one fund, in the donation's own currency."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInt)

    donation: Mapped[Donation] = relationship(back_populates="allocations")
