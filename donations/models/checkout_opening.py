"""What is counted against card testing: which network opened a payment page, and when. Kept for a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from donations.models.base import BigInt, Model, UtcDateTime


class CheckoutOpening(Model):
    """A payment page that was opened for a donation. `network_hash` is a keyed hash of the network it was asked for
    from, never the address itself. `proved`: a proof of work was sent along."""

    __tablename__ = "checkout_opening"
    __table_args__ = (Index("ix_checkout_opening_network", "network_hash", "opened_at"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    donation_id: Mapped[int] = mapped_column(ForeignKey("donation.id"), index=True)
    network_hash: Mapped[bytes] = mapped_column(LargeBinary)
    proved: Mapped[bool] = mapped_column()
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
