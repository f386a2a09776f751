"""Receipts of donations that no card brought: what they say, and that a change which the team may still undo waits."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import Connection

from donations import receipts
from donations.bookkeeping import Standing
from donations.models import Match, Organisation, StatementLine

BY_HAND = ("cash", "cheque")


def acknowledge(conn: Connection, offline_donation_id: int, donation: Any, standing: Standing, *, at: datetime) -> None:
    """The receipt follows what the donation (a row with its offline donation) comes to. An existing receipt changes
    because of a statement line or a correction, which the team may undo, so the change waits, except where no one gets
    a mail."""
    said, latest = _said(conn, offline_donation_id, donation, standing, at=at)
    at_once = donation.method in BY_HAND and not donation.email_sealed
    rule = receipts.acknowledge_due if at_once else receipts.acknowledge_later
    rule(conn, donation, said, latest, at=at)


def acknowledge_due(
    conn: Connection, offline_donation_id: int, donation: Any, standing: Standing, *, at: datetime
) -> None:
    """The same once it can no longer be undone."""
    said, latest = _said(conn, offline_donation_id, donation, standing, at=at)
    receipts.acknowledge_due(conn, donation, said, latest, at=at)


def _said(
    conn: Connection, offline_donation_id: int, donation: Any, standing: Standing, *, at: datetime
) -> tuple[receipts.Acknowledged, Any]:
    """What a receipt says now, and the newest there is. Its day is the day the money came: when cash and cheques were
    received, or when the bank booked a transfer, on the first of its lines if there are several."""
    latest = receipts.latest_of(conn, donation.id)
    booked_on = None if donation.method in BY_HAND else conn.scalar(_BOOKED_ON, {"of_gift": str(offline_donation_id)})
    zone = ZoneInfo(Organisation.get().timezone)
    received_on = booked_on or donation.received_on
    said = receipts.Acknowledged(
        amount=standing.remaining,
        received_on=received_on.isoformat(),
        issued_on=at.astimezone(zone).date().isoformat(),
        method=donation.method,
        cause=receipts.cause_of(standing, latest, offline=True),
        # A statement imported again after a restore repeats donations that were acknowledged before.
        caused_at=datetime.combine(received_on, time(), tzinfo=zone) if latest is None else at,
    )
    return said, latest


_BOOKED_ON = (
    select(func.min(StatementLine.booked_on))
    .join(Match, Match.statement_line_id == StatementLine.id)
    .where(Match.target == bindparam("of_gift"), Match.kind == "offline_gift", Match.state == "confirmed")
)
