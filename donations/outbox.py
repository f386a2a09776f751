"""Mail to send, kept in the same transaction as its cause, each under a key of its own so that one cause sends one
mail. Who writes and sends it is the worker (mailer.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import Mail
from donations.models.base import new_id
from donations.prepared import Prepared, upsert


def queue(
    conn: Connection,
    kind: str,
    dedupe_key: str,
    *,
    to: str,
    language: str,
    at: datetime,
    due_at: datetime | None = None,
    receipt_id: int | None = None,
    facts: dict[str, object] | None = None,
) -> None:
    """Keep a mail to be sent, at once or from `due_at` on. The same `dedupe_key` again is the same mail and changes
    nothing."""
    _INSERT.run(
        conn,
        {
            "id": new_id(),
            "kind": kind,
            "dedupe_key": dedupe_key,
            "recipient_sealed": privacy.seal(to, identity(dedupe_key)),
            "language": language,
            "receipt_id": receipt_id,
            "facts": facts or {},
            "state": "due",
            "attempts": 0,
            "next_attempt_at": due_at or at,
            "created_at": at,
        },
    )


def identity(dedupe_key: str) -> str:
    """What the sealed address of a mail is bound to."""
    return f"mail:{dedupe_key}:recipient"


_mail: Table = Mail.__table__  # type: ignore[assignment]


_COLUMNS = (
    "id", "kind", "dedupe_key", "recipient_sealed", "language", "receipt_id", "facts", "state", "attempts",
    "next_attempt_at", "created_at",
)  # fmt: skip


def _insert(dialect: str) -> Any:
    statement = upsert(dialect, _mail).values({name: bindparam(name) for name in _COLUMNS})
    return statement.on_conflict_do_nothing(index_elements=["dedupe_key"])


_INSERT = Prepared(_insert)
