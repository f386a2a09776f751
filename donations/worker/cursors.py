"""How far each of the worker's listings of Stripe has come, kept with its job."""

from __future__ import annotations

from datetime import UTC, datetime

from donations.database import write_unit
from donations.extensions import db
from donations.models import Job


def cursor(name: str, otherwise: datetime) -> datetime:
    """The moment up to which this listing was read whole; `otherwise` if it never was."""
    row = db.session.get(Job, name)
    kept = row.memory.get("cursor") if row is not None else None
    return datetime.fromisoformat(str(kept)).astimezone(UTC) if kept else otherwise


def move_cursor(name: str, at: datetime) -> None:
    with write_unit():
        row = db.session.get(Job, name) or Job(name=name, due_at=at, memory={})
        db.session.add(row)
        row.memory = {**row.memory, "cursor": at.isoformat()}
