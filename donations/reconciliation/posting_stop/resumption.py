"""Resume posting: by a person's decision, and only when no grave finding is left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, select, update
from sqlalchemy.engine import Connection

from donations import ledger
from donations.errors import PostingNotStopped, StillUnsound
from donations.models import PostingStop, StripeEvent


def resume(conn: Connection, *, at: datetime) -> int:
    """End the stop and make what waited due now. Returns how many events wait. Raises PostingNotStopped, and
    StillUnsound with what is left to correct."""
    if conn.execute(select(_posting_stop.c.id).with_for_update()).first() is None:
        raise PostingNotStopped()
    left = ledger.grave(conn)
    if left:
        raise StillUnsound(count=len(left))
    conn.execute(delete(_posting_stop))
    return conn.execute(update(_event).where(_event.c.state == "due").values(next_attempt_at=at)).rowcount


_posting_stop: Table = PostingStop.__table__  # type: ignore[assignment]
_event: Table = StripeEvent.__table__  # type: ignore[assignment]
