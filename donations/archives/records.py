"""What was written and what was proved, and what an operator should hear about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, insert, inspect, select
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import ArchiveRecord

MAX_NAMED = 5
# From then on an archive holds what every date says is erased, such as raw events.
OUTLIVED_AFTER = timedelta(days=privacy.EVENT_DATA_DAYS + 1)
COPY_OLD_AFTER, DRILL_OLD_AFTER = timedelta(days=2), timedelta(days=40)


def note(conn: Connection, act: str, archive: Path, made_at: str, *, at: datetime) -> None:
    """Keep that it was written or drilled; tables of a version that cannot hold it are left alone."""
    if inspect(conn).has_table(_record.name):
        row = {"act": act, "at": at, "made_at": datetime.fromisoformat(made_at)}
        conn.execute(insert(_record).values(**row, name=archive.name, bytes=archive.stat().st_size))


def findings(conn: Connection, at: datetime) -> Iterator[tuple[str, str, str]]:
    """(level, what, sentence) for `donations doctor`."""
    for what, act, old_after, never, cure in _WATCHED:
        last = _last(conn, act)
        if last is None:
            yield "warning", what, f"{never}. {cure}"
        elif at - last.at > old_after:
            yield "warning", what, f"{_described(last)}. {cure}"
        else:
            yield "ok", what, _described(last)

    yield _outlived(conn, at)


def forget(conn: Connection, names: Iterable[str]) -> int:
    """Archives of these names were deleted, so nothing in them outlives its date. Returns how many were known."""
    of_names = (_record.c.act == "written", _record.c.name.in_(list(names)))
    return conn.execute(delete(_record).where(*of_names)).rowcount


def written(conn: Connection) -> list[str]:
    """The names of the archives written here and not reported as deleted."""
    return list(conn.scalars(select(_record.c.name).where(_record.c.act == "written").distinct()))


def _outlived(conn: Connection, at: datetime) -> tuple[str, str, str]:
    old = (_record.c.act == "written", _record.c.made_at < at - OUTLIVED_AFTER)
    names = list(conn.scalars(select(_record.c.name).where(*old).order_by(_record.c.made_at, _record.c.id)))
    if not names:
        return "ok", "old archives", "none is known that holds personal data beyond its date"
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    said = f"{', '.join(names[:MAX_NAMED])}{more} hold what has been erased since"
    cure = "Delete them and every copy of them, then tell it with `donations forget-archives NAME...`"
    return "warning", "old archives", f"{said}. {cure}"


def _described(last: Any) -> str:
    if last.act == "drilled":
        return f"{last.name} was proved on {last.at:%Y-%m-%d}"
    return f"the last is {last.name} of {last.at:%Y-%m-%d %H:%M} UTC, {last.bytes:,} bytes"


def _last(conn: Connection, act: str) -> Any:
    return conn.execute(select(_record).where(_record.c.act == act).order_by(_record.c.at.desc()).limit(1)).first()


# Its name in doctor, the audit kind, the age at which it is overdue, the text where it never happened, and the remedy.
_WATCHED = (
    ("backup", "written", COPY_OLD_AFTER, "none was ever written here",
     "Run `donations backup FOLDER --keep 14` each night"),
    ("drill", "drilled", DRILL_OLD_AFTER, "no archive was ever proved here", "Run `donations drill ARCHIVE`"),
)  # fmt: skip
_record: Table = ArchiveRecord.__table__  # type: ignore[assignment]
