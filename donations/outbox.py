"""Mail to send, kept in the same transaction as its cause, each under a key of its own so that one cause sends one
mail. Who writes and sends it is the worker (mailer.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, cast, exists, or_
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import Mail, Receipt, Restoration
from donations.models.base import UtcDateTime, new_id
from donations.prepared import Prepared, upsert


def queue(
    conn: Connection,
    kind: str,
    dedupe_key: str,
    *,
    to: str | None,
    language: str,
    at: datetime,
    due_at: datetime | None = None,
    receipt_id: int | None = None,
    facts: dict[str, object] | None = None,
    began_at: datetime | None = None,
    caused_at: datetime | None = None,
) -> None:
    """Keep a mail to be sent, at once or from `due_at` on. The same `dedupe_key` again is the same mail and changes
    nothing. Without `to` it waits until the offline key opens the address of the receipt's donation.

    After a restore a mail is held for a person if it may have gone before: if what caused it, by the clocks of the
    world outside (`caused_at`), lies before the restore; if what it is about began before (`began_at`) and not
    everything of that time is known yet; or if another mail about the same donation is held."""
    _INSERT.run(
        conn,
        {
            "id": new_id(),
            "kind": kind,
            "dedupe_key": dedupe_key,
            "recipient_sealed": None if to is None else privacy.seal(to, identity(dedupe_key)),
            "language": language,
            "receipt_id": receipt_id,
            "facts": facts or {},
            "caused_at": caused_at or at,
            "began_at": began_at or caused_at or at,
            "attempts": 0,
            "next_attempt_at": due_at or at,
            "created_at": at,
        },
    )


def identity(dedupe_key: str) -> str:
    """What the sealed address of a mail is bound to."""
    return f"mail:{dedupe_key}:recipient"


_mail: Table = Mail.__table__  # type: ignore[assignment]
_restoration: Table = Restoration.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]


_COLUMNS = (
    "id", "kind", "dedupe_key", "recipient_sealed", "language", "receipt_id", "facts", "attempts", "next_attempt_at",
    "created_at",
)  # fmt: skip


def _may_have_gone() -> ColumnElement[bool]:
    held, its_own, of_held = _mail.alias(), _receipt.alias(), _receipt.alias()
    waits = exists().where(
        held.c.state == "held",
        held.c.receipt_id == of_held.c.id,
        of_held.c.donation_id == its_own.c.donation_id,
        its_own.c.id == bindparam("receipt_id", type_=_mail.c.receipt_id.type),
    )
    before = _restoration.c.restored_at > bindparam("caused_at", type_=UtcDateTime)
    catching_up = and_(
        _restoration.c.caught_up_at.is_(None), _restoration.c.restored_at > bindparam("began_at", type_=UtcDateTime)
    )
    return exists().where(or_(before, catching_up, waits))  # A database that never was restored has no row to ask.


def _insert(dialect: str) -> Any:
    kind = _mail.c.recipient_sealed.type
    recipient = cast(bindparam("recipient_sealed", type_=kind), kind)  # PostgreSQL asks of what type a NULL is.
    state = case((recipient.is_(None), "locked"), (_may_have_gone(), "held"), else_="due")
    statement = upsert(dialect, _mail).values({name: bindparam(name) for name in _COLUMNS} | {"state": state})
    return statement.on_conflict_do_nothing(index_elements=["dedupe_key"])


_INSERT = Prepared(_insert)
