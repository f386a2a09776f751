"""Looks after card testing: closes payment pages on which too many cards were declined, tells when the shield goes up
and comes down, and erases what it leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime

from donations import alarms, card_testing, giving
from donations.database import write_unit
from donations.extensions import db
from donations.models import Job
from donations.worker.sessions import close

NAME = "card-testing"
BATCH = 500
MAX_BATCHES = 20  # a run ends well within the lease of its job; the rest goes with the next
MAX_CLOSED = 20  # at Stripe, one after the other


def watch_cards(at: datetime) -> None:
    for attempt_id, session_id in card_testing.over_declined(db.session.connection(), MAX_CLOSED):
        close(attempt_id, session_id, at)
    _watch_shield(at)


def _watch_shield(at: datetime) -> None:
    """An alarm when the shield goes up, once an hour while it is up, and once when it has come down."""
    shield = card_testing.shield(db.session.connection(), at)
    row = db.session.get(Job, NAME)
    up_since = row.memory.get("up_since") if row is not None else None
    if not shield.is_up and up_since is None:
        return
    with write_unit() as conn:
        row = db.session.get(Job, NAME, with_for_update=True)
        if row is None:
            row = Job(name=NAME, due_at=at, memory={})
            db.session.add(row)
        if shield.is_up:
            pages = card_testing.MAX_PER_MINUTE
            about = {"declined": shield.declined, "charges": shield.charges, "pages": pages}
            alarms.sound(conn, "card testing", alarms.Kind.CARD_TESTING, about, at=at)
            row.memory = {**row.memory, "up_since": up_since or at.isoformat()}
        else:
            since = datetime.fromisoformat(str(up_since)).astimezone(UTC)
            kind = alarms.Kind.CARD_TESTING_OVER
            alarms.sound(conn, "card testing over", kind, {"since": since}, at=at, once=str(up_since))
            row.memory = {name: kept for name, kept in row.memory.items() if name != "up_since"}


def empty_unpaid(at: datetime) -> int:
    """Erase what was typed for donations that were not paid in a day. Returns how many."""
    emptied = 0
    for _ in range(MAX_BATCHES):
        with write_unit() as conn:
            batch = giving.unpaid.empty(conn, at, BATCH)
        emptied += batch
        if batch < BATCH:
            break
    return emptied
