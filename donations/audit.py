"""The audit: who did what to what, chained by hashes, in the transaction of the act. It names people by number and
holds no personal data; what an act means is known to who records it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Table, bindparam, func, insert, select, text, update
from sqlalchemy.engine import Connection, Row

from donations import privacy
from donations.models import AuditRecord, Job

BEFORE_THE_FIRST = "0" * 64
KEYED = "hmac:"  # how the hash of an act that was written with the key begins
HEAD_JOB = "audit-head"
_LOCK = 0x46465F4155444954  # "FF_AUDIT": on PostgreSQL a writer holds it until its transaction ends.
Details = Mapping[str, str | int | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Break:
    """An entry at which the chain is broken, and how. `sha256` covers its present content, so that an accepted break
    can be told from another one at the same entry."""

    id: int
    said: str
    sha256: str = field(default="", compare=False)


def record(conn: Connection, actor: str, act: str, about: str, details: Details | None = None, *, at: datetime) -> None:
    """Add an entry. Call it last in the transaction: it takes a lock that every writer of the log waits for, and taking
    other locks after it could deadlock. `actor` is like "staff:7" or "cli:maya"."""
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
    conn.execute(insert(_audit), {**row, "sha256": KEYED + _keyed(conn)(_hash(row)).hex()})


@dataclass(frozen=True, slots=True)
class Head:
    """The last act: its number, and the hash that covers it and every act before it."""

    id: int
    sha256: str


def head(conn: Connection) -> Head | None:
    """The last act now; None before the first."""
    last = conn.execute(_LAST).first()
    return Head(last.id, last.sha256) if last else None


def keep_head(conn: Connection, known: Head) -> None:
    """Remember the last act of today, under a key: a later end that is shorter, or another one, shows."""
    memory = {"id": known.id, "sha256": known.sha256, "mac": _mac(conn, known)}
    conn.execute(update(_job).where(_job.c.name == HEAD_JOB).values(memory=memory))


def head_break(conn: Connection, known: Head) -> Break | None:
    """Whether the log still has this entry as it was, so that nothing before it was cut off or rewritten."""
    there = conn.execute(select(_audit.c.sha256).where(_audit.c.id == known.id)).scalar()
    if there is None:
        return Break(known.id, f"act {known.id} was there before and is cut off", known.sha256)
    return (
        None if there == known.sha256 else Break(known.id, f"act {known.id} is another one than before", known.sha256)
    )


def verify(conn: Connection) -> Break | None:
    """Read the whole chain; the first act at which it does not hold, or None."""
    return next(breaks(conn), None)


def breaks(conn: Connection) -> Iterator[Break]:
    """Read the whole chain and return every entry at which it is broken. After each, checking continues from the
    present content."""
    previous, number, keyed = BEFORE_THE_FIRST, 0, _keyed(conn)
    with conn.execute(_ALL, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            said = _fault(row, number + 1, previous, keyed)
            if said:
                there = f"{previous}|{row.previous_sha256}|{row.sha256}|{_hash(row._asdict())}"
                yield Break(row.id, said, hashlib.sha256(there.encode()).hexdigest())
            previous, number = row.sha256, row.id
    known = _kept_head(conn)
    cut = head_break(conn, known) if known is not None else None
    if cut is not None:
        yield cut


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(_audit)).scalar_one()


def _fault(row: Row[tuple[object, ...]], number: int, previous: str, keyed: Callable[[str], bytes]) -> str:
    known = row._asdict()
    if known["id"] != number:
        return f"act {number} is missing"
    if known["previous_sha256"] != previous:
        return f"act {number} does not follow the one before it"
    is_keyed = str(known["sha256"]).startswith(KEYED)
    if previous.startswith(KEYED) and not is_keyed:
        return f"act {number} is written without the key"
    wanted = KEYED + keyed(_hash(known)).hex() if is_keyed else _hash(known)
    return "" if known["sha256"] == wanted else f"act {number} was changed after it was written"


def _kept_head(conn: Connection) -> Head | None:
    """The last act that was remembered, unless its writer had no key."""
    memory = conn.execute(select(_job.c.memory).where(_job.c.name == HEAD_JOB)).scalar() or {}
    if not memory:
        return None
    known = Head(int(memory.get("id", 0)), str(memory.get("sha256", "")))
    return known if hmac.compare_digest(_mac(conn, known), str(memory.get("mac", ""))) else Head(known.id, "forged")


def _mac(conn: Connection, known: Head) -> str:
    return privacy.lasting_hasher(conn, "audit head")(f"{known.id} {known.sha256}").hex()


def _keyed(conn: Connection) -> Callable[[str], bytes]:
    """Earlier entries had a plain hash, which anyone with write access to the database could make again; these need a
    key."""
    return privacy.lasting_hasher(conn, "audit chain")


def _hash(row: Mapping[str, object]) -> str:
    at = row["at"]
    assert isinstance(at, datetime)
    said = [row["id"], at.astimezone(UTC).isoformat(), row["actor"], row["act"], row["about"], row["details"]]
    # Canonical: the same text in the same order, whatever order the database gives the details back in.
    written = json.dumps([*said, row["previous_sha256"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


_audit: Table = AuditRecord.__table__  # type: ignore[assignment]
_job: Table = Job.__table__  # type: ignore[assignment]
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key"))
_LAST = select(_audit.c.id, _audit.c.sha256).order_by(_audit.c.id.desc()).limit(1)
_ALL = select(_audit).order_by(_audit.c.id)
