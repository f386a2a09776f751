"""Statement lines matched by the rules: as soon as a statement was imported, and every ten minutes, because donations,
payouts and paying-in slips are recorded in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from donations.database import snapshot, write_unit
from donations.errors import PostingStopped
from donations.extensions import db
from donations.models import Job, Statement
from donations.reconciliation import matching

NAME = "matching"
EVERY = timedelta(minutes=10)
MOST = 2000  # lines booked in one go, so that other work is not kept waiting


def match_lines(at: datetime) -> int:
    """Match what is not matched, if there is a new statement, or it is time. Returns how many lines were booked."""
    newest = db.session.scalar(select(func.max(Statement.id)))
    if newest is None or not _is_due(newest, at):
        return 0
    try:
        done = matching.run(write_unit, snapshot, at=at, most=MOST)
    except PostingStopped:  # The lines wait, as events do.
        return 0
    with write_unit():
        row = db.session.get(Job, NAME) or Job(name=NAME, due_at=at, memory={})
        db.session.add(row)
        row.memory = {"statement": None if done.left_over else newest, "ran_at": at.isoformat()}
    return done.confirmed


def _is_due(newest: int, at: datetime) -> bool:
    row = db.session.get(Job, NAME)
    memory = row.memory if row is not None else {}
    if memory.get("statement") != newest:
        return True
    return at - datetime.fromisoformat(str(memory["ran_at"])).astimezone(UTC) >= EVERY
