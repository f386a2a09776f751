"""Receipts whose change had to wait, because the team could still undo it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations.extensions import db
from donations.giving import offline_donations, settlement
from donations.models import OfflineDonation


def carry_out_change(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring the receipt of a donation up to date. Where it is true again, nothing changes and no one is mailed. Raises
    PostingStopped."""
    is_offline = (
        db.session.scalar(select(OfflineDonation.id).where(OfflineDonation.donation_id == donation_id)) is not None
    )
    (offline_donations if is_offline else settlement).acknowledge_due(conn, donation_id, at=at)
