"""Donations that no card brought: cash, cheques, bank transfers, standing orders. Amounts moved are in the ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from donations.models.base import BigInt, Json, Model, UtcDateTime, one_of
from donations.models.donation import Donation

METHODS = ("cash", "cheque", "bank", "standing_order")
OFFLINE_STATES = ("expected", "recorded", "accepted", "cancelled")


class OfflineDonation(Model):
    """A treasurer's record of a donation received offline or sent by bank: a fact about its donation. Cash and cheques
    are recorded, and count once a second person accepts them; a transfer is expected until a statement line is matched
    to it."""

    __tablename__ = "offline_donation"
    __table_args__ = (
        one_of("method", METHODS, "method_known"),
        one_of("state", OFFLINE_STATES, "state_known"),
        Index("ix_offline_donation_open", "state", "method"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), unique=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date] = mapped_column(Date)
    paying_in_slip_id: Mapped[int | None] = mapped_column(ForeignKey("paying_in_slip.id"), index=True)
    reference_code: Mapped[str | None] = mapped_column(Text, index=True)  # with its check character
    cheque_number: Mapped[str | None] = mapped_column(Text)
    payer_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    counted_by: Mapped[list[str]] = mapped_column(Json, default=list)  # two people for cash
    denominations: Mapped[dict[str, int]] = mapped_column(Json, default=dict)  # minor units -> how many
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_by: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A bounced cheque, or money refunded by bank: the amount of the donation, from those matches.
    bounced_on: Mapped[date | None] = mapped_column(Date)

    donation: Mapped[Donation] = relationship()
