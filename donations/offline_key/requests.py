"""People who ask for what is kept of them while the key is locked: whether they are known shows when it is unlocked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, insert
from sqlalchemy.engine import Connection

from donations.models import OfflineRequest
from donations.models.base import new_id
from donations.offline_key.seal import seal_one


def note(conn: Connection, email: str, language: str, *, at: datetime) -> None:
    """Keep it until the key is unlocked; without an offline key nothing has to wait."""
    number = new_id()
    sealed = seal_one(conn, email, f"offline_request:{number}:email")
    if sealed is not None:
        row = {"id": number, "email_sealed": sealed, "language": language, "asked_at": at}
        conn.execute(insert(_request).values(row))


_request: Table = OfflineRequest.__table__  # type: ignore[assignment]
