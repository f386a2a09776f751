"""What was written and what was proved, and what an operator should hear about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, inspect, select
from sqlalchemy.engine import Connection

from donations.models import ArchiveRecord

COPY_OLD_AFTER, DRILL_OLD_AFTER = timedelta(days=2), timedelta(days=40)


def note(conn: Connection, act: str, archive: Path, made_at: str, *, at: datetime) -> None:
    """Keep that it was written or drilled; tables of a version that cannot hold it are left alone."""
    if inspect(conn).has_table(_record.name):
        row = {"act": act, "at": at, "made_at": datetime.fromisoformat(made_at)}
        conn.execute(insert(_record).values(**row, name=archive.name, bytes=archive.stat().st_size))


def findings(conn: Connection, at: datetime) -> Iterator[tuple[str, str, str]]:
    """(level, what, sentence) for `donations doctor`."""
    copy, drilled = _last(conn, "written"), _last(conn, "drilled")
    if copy is None:
        yield "warning", "backup", "none was ever written here. Run `donations backup FOLDER --keep 14` each night"
    else:
        level = "warning" if at - copy.at > COPY_OLD_AFTER else "ok"
        mend = ". Run `donations backup FOLDER --keep 14` each night" if level == "warning" else ""
        yield level, "backup", f"the last is {copy.name} of {copy.at:%Y-%m-%d %H:%M} UTC, {copy.bytes:,} bytes{mend}"
    if drilled is None:
        yield "warning", "drill", "no archive was ever proved here. Run `donations drill ARCHIVE`"
    else:
        level = "warning" if at - drilled.at > DRILL_OLD_AFTER else "ok"
        mend = ". Run `donations drill ARCHIVE`" if level == "warning" else ""
        yield level, "drill", f"{drilled.name} was proved on {drilled.at:%Y-%m-%d}{mend}"


def _last(conn: Connection, act: str) -> Any:
    return conn.execute(select(_record).where(_record.c.act == act).order_by(_record.c.at.desc()).limit(1)).first()


_record: Table = ArchiveRecord.__table__  # type: ignore[assignment]
