"""The audit: who did what to what, chained by hashes, in the transaction of the act. It names people by number and
holds no personal data; what an act means is known to who records it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Table, bindparam, func, insert, select, text
from sqlalchemy.engine import Connection, Row

from donations.models import AuditRecord

BEFORE_THE_FIRST = "0" * 64
_LOCK = 0x46465F4155444954  # "FF_AUDIT": whoever writes the audit on PostgreSQL holds it until its transaction ends.
Details = Mapping[str, str | int | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Break:
    """An act at which the chain does not hold, and how that shows. `sha256` covers what stands there now, so that a
    break that was looked at can be told from another one at the same act."""

    id: int
    said: str
    sha256: str = field(default="", compare=False)


def record(conn: Connection, actor: str, act: str, about: str, details: Details | None = None, *, at: datetime) -> None:
    """Add an act. Call it last in the transaction: it holds a lock that everybody who acts waits for, and whoever took
    other locks after it could wait for them in a circle. `actor` is like "staff:7" or "cli:maya"."""
    if conn.dialect.name == "postgresql":
        conn.execute(_TAKE_TURNS, {"key": _LOCK})
    last = conn.execute(_LAST).first()
    row = {
        "id": last.id + 1 if last else 1,
        "at": at.astimezone(UTC),
        "actor": actor,
        "act": act,
        "about": about,
        "details": dict(details or {}),
        "previous_sha256": last.sha256 if last else BEFORE_THE_FIRST,
    }
    conn.execute(insert(_audit), {**row, "sha256": _hash(row)})


def verify(conn: Connection) -> Break | None:
    """Read the whole chain; the first act at which it does not hold, or None."""
    return next(breaks(conn), None)


def breaks(conn: Connection) -> Iterator[Break]:
    """Read the whole chain; every act at which it does not hold. After each it is followed from what stands there."""
    previous, number = BEFORE_THE_FIRST, 0
    with conn.execute(_ALL, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            said = _fault(row, number + 1, previous)
            if said:
                there = f"{previous}|{row.previous_sha256}|{row.sha256}|{_hash(row._asdict())}"
                yield Break(row.id, said, hashlib.sha256(there.encode()).hexdigest())
            previous, number = row.sha256, row.id


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(_audit)).scalar_one()


def _fault(row: Row[tuple[object, ...]], number: int, previous: str) -> str:
    known = row._asdict()
    if known["id"] != number:
        return f"act {number} is missing"
    if known["previous_sha256"] != previous:
        return f"act {number} does not follow the one before it"
    return "" if known["sha256"] == _hash(known) else f"act {number} was changed after it was written"


def _hash(row: Mapping[str, object]) -> str:
    at = row["at"]
    assert isinstance(at, datetime)
    said = [row["id"], at.astimezone(UTC).isoformat(), row["actor"], row["act"], row["about"], row["details"]]
    # Canonical: the same words in the same order, whatever order the database gives the details back in.
    written = json.dumps([*said, row["previous_sha256"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


_audit: Table = AuditRecord.__table__  # type: ignore[assignment]
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key"))
_LAST = select(_audit.c.id, _audit.c.sha256).order_by(_audit.c.id.desc()).limit(1)
_ALL = select(_audit).order_by(_audit.c.id)
