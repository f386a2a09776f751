"""Counts of what people try, by keyed hash: for whom and from where is not kept in the clear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection

from donations.models import Throttle
from donations.prepared import upsert


def locked(conn: Connection, keys: Iterable[bytes], *, at: datetime) -> Sequence[Any]:
    """The rows that count for these keys, made where there are none, locked until the transaction ends, in the order of
    the keys: two who count at once take turns, and never wait for each other in a circle."""
    ordered = sorted(keys)
    for key in ordered:
        new = upsert(conn.dialect.name, _throttle).values(key_hash=key, failures=0, failed_at=at, wait_until=at)
        conn.execute(new.on_conflict_do_nothing(index_elements=["key_hash"]))
    asked = select(_throttle).where(_throttle.c.key_hash.in_(ordered)).order_by(_throttle.c.key_hash)
    return conn.execute(asked.with_for_update()).all()


_throttle: Table = Throttle.__table__  # type: ignore[assignment]
