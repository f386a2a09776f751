"""How far each of the worker's listings of Stripe has come, kept with its job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from donations.database import write_unit
from donations.extensions import db
from donations.installation.clocks import CLOCKS_DIFFER
from donations.models import Job

KEPT = timedelta(days=30)  # as long as Stripe lists its events


def cursor(name: str, otherwise: datetime, *, at: datetime) -> datetime:
    """The moment up to which this listing was read whole; `otherwise` if it never was. One in the future was written by
    a clock that was wrong since an unknown time: then everything that Stripe keeps is listed again."""
    row = db.session.get(Job, name)
    kept = row.memory.get("cursor") if row is not None else None
    if not kept:
        return otherwise
    moment = datetime.fromisoformat(str(kept)).astimezone(UTC)
    return moment if moment <= at + CLOCKS_DIFFER else at - KEPT


def move_cursor(name: str, at: datetime) -> None:
    with write_unit():
        row = db.session.get(Job, name) or Job(name=name, due_at=at, memory={})
        db.session.add(row)
        row.memory = {**row.memory, "cursor": at.isoformat()}
