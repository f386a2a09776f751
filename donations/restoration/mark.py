"""The mark of a restored database: receipts are numbered in a new series, no mail goes out that may have gone before,
and every session ends."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.engine import Connection

from donations import audit
from donations.models import Mail, ReceiptSeries, Restoration, StaffSession
from donations.references import ALPHABET

SERIES, CODE_LETTERS = {"sequential": "R", "random": "D"}, 4
# What these say is over within the hour. All other mails wait for a person, because the lost installation may have sent
# them after the copy was made.
OVER_SOON = ("staff_reset", "staff_sign_in")


def mark_restored(conn: Connection, copied_at: datetime, *, actor: str, at: datetime) -> str:
    """The database that `conn` writes to was restored just now from a copy made at `copied_at`. Call it once, before
    anything else is written. Returns the name of the new series of receipts: no other restore of the same copy has it,
    so no number is given twice."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    for numbering, letter in SERIES.items():
        conn.execute(insert(_series).values(prefix=letter + code, next_number=1, numbering=numbering))
    series = SERIES["sequential"] + code
    series_id = conn.execute(select(_series.c.id).where(_series.c.prefix == series)).scalar_one()
    row = {"copied_at": copied_at, "restored_at": at, "series_id": series_id}
    conn.execute(insert(_restoration).values(row))
    conn.execute(delete(_mail).where(_mail.c.state == "due", _mail.c.kind.in_(OVER_SOON)))
    held = {"state": "held", "leased_until": None, "next_attempt_at": None}
    conn.execute(update(_mail).where(_mail.c.state == "due").values(held))
    # A session that was ended after the copy was made would be open again.
    conn.execute(update(_session).where(_session.c.ended_at.is_(None)).values(ended_at=at))
    details = {"copied_at": copied_at.isoformat(timespec="seconds"), "series": series}
    audit.record(conn, actor, "installation.restored", f"series:{series}", details, at=at)
    return series


def latest(conn: Connection) -> Restoration | None:
    """The last time this database was restored; None if it never was."""
    found = conn.execute(select(_restoration).order_by(_restoration.c.id.desc()).limit(1)).first()
    return None if found is None else Restoration(**found._asdict())


def note_caught_up(conn: Connection, *, at: datetime) -> None:
    """Everything that Stripe knows of the time since the copy was made has been imported."""
    conn.execute(update(_restoration).where(_restoration.c.caught_up_at.is_(None)).values(caught_up_at=at))


_series: Table = ReceiptSeries.__table__  # type: ignore[assignment]
_restoration: Table = Restoration.__table__  # type: ignore[assignment]
_mail: Table = Mail.__table__  # type: ignore[assignment]
_session: Table = StaffSession.__table__  # type: ignore[assignment]
