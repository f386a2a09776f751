"""Seals everything again with the first key of DATA_KEY, a small batch at a time, while the fund keeps working. Nothing
is remembered between two batches except in the rows themselves, so it may be stopped and restarted at any point."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Table, func, select, update
from sqlalchemy.engine import Connection

from donations.data_keys import seals
from donations.data_keys.columns import HASHED, SEALED, is_sealed_offline, needed, table_of
from donations.data_keys.ring import forget_ring, identity
from donations.errors import BadSeal
from donations.models import DataKey

BATCH = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """`last` is the key of the last row that was looked at; None when none is left."""

    sealed: int
    unreadable: int
    last: Any | None


def seal_batch(conn: Connection, table_name: str, column_name: str, after: Any | None, size: int = BATCH) -> Batch:
    """The next rows of a column that another key has sealed, with the look-up hash beside it. What changes meanwhile is
    left for the next time; what cannot be opened stays as it is."""
    keys = _keys()
    table, column = table_of(table_name), table_of(table_name).c[column_name]
    key_id, key = next(iter(keys.items()))
    start, (number,) = seals.head(key_id), table.primary_key.columns
    others = (func.substr(column, 1, len(start)) != start, ~is_sealed_offline(column))
    asked = select(table).where(column.is_not(None), *others)
    rows = conn.execute(
        (asked if after is None else asked.where(number > after)).order_by(number).limit(size)
    ).mappings()
    seal, sealed, unreadable, last = seals.sealer(key_id, key), 0, 0, None
    for row in rows.all():
        last, bound_to = row[number.name], SEALED[table_name, column_name].format(**row)
        try:
            text = seals.unseal(keys, row[column_name], bound_to)
        except BadSeal:
            unreadable += 1
            continue
        values: dict[str, Any] = {column_name: seal(text, bound_to)}
        if (table_name, column_name) in HASHED:
            hash_name, purpose = HASHED[table_name, column_name]
            values[hash_name] = seals.hasher(key, purpose)(text)
        same = (number == row[number.name], column == row[column_name])
        sealed += conn.execute(update(table).where(*same).values(values)).rowcount
    return Batch(sealed, unreadable, last)


def retire(conn: Connection, *, at: datetime) -> dict[str, int]:
    """Retire every key but the first that nothing needs any more; what it hashed stays findable by a copy of it that
    the first key seals. Returns how many values still need each of those that could not be retired."""
    keys = _keys()
    first = next(iter(keys.items()))
    rows = conn.execute(select(_data_key).where(_data_key.c.retired_at.is_(None))).all()
    old = [row for row in rows if row.key_id != first[0] and row.lost_at is None]
    left = needed(conn, [row.key_id for row in old] + [first[0]])
    for row in old:
        if left[row.key_id] == 0 and row.key_id in keys:
            kept = seals.sealer(*first)(base64.b64encode(keys[row.key_id]).decode(), identity(row.key_id))
            values = {"retired_at": at, "lookup_sealed": kept}
            conn.execute(update(_data_key).where(_data_key.c.number == row.number).values(values))
    forget_ring()
    return {row.key_id: left[row.key_id] for row in old if left[row.key_id]}


def lose(conn: Connection, key_id: str, *, at: datetime) -> None:
    """A key will never come back: what it has sealed cannot be read any more, and nothing waits for it."""
    conn.execute(update(_data_key).where(_data_key.c.key_id == key_id).values(lost_at=at))
    forget_ring()


def _keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = current_app.config["SETTINGS"].data_keys
    return keys


_data_key: Table = DataKey.__table__  # type: ignore[assignment]
