"""The keys as this process may use them: proved against the database once, before the first thing is sealed or looked
up. What the database does not know yet is recorded at a start (`record`), never on the way."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import Table, func, insert, inspect, select
from sqlalchemy.engine import Connection

from donations.data_keys import seals
from donations.data_keys.columns import SEALED, is_sealed_offline, needed, table_of
from donations.database import beside
from donations.errors import (
    BadSeal,
    DatabaseNotReady,
    DataKeyMissing,
    DataKeyUnknown,
    DonationsError,
    WrongDataKey,
)
from donations.models import DataKey

_CACHE = "data key ring"


@dataclass(frozen=True, slots=True)
class Ring:
    """`lookups` are the keys of look-up hashes, the newest first; `lasting` is the first key there ever was."""

    lookups: tuple[bytes, ...]
    lasting: bytes


def ring() -> Ring:
    """Raises WrongDataKey, DataKeyMissing or DataKeyUnknown, and DatabaseNotReady where its tables are too old."""
    found: Ring | None = current_app.extensions.get(_CACHE)
    if found is None:
        found = current_app.extensions[_CACHE] = _proved(_keys())
    return found


def lasting_of(conn: Connection) -> bytes:
    """The first key there ever was, by what the database of `conn` knows: ours, or one that is being restored and not
    visible to others yet. Raises WrongDataKey and DataKeyMissing."""
    rows, keys = _rows(conn) if inspect(conn).has_table(_data_key.name) else [], _keys()
    _check(rows, keys)
    by_age = _by_age(rows, keys)
    return by_age[0] if by_age else list(keys.values())[-1]


def forget_ring() -> None:
    """Prove the keys again before the next use."""
    current_app.extensions.pop(_CACHE, None)


def is_recorded(conn: Connection) -> bool:
    """Whether the database knows every key of DATA_KEY. Raises WrongDataKey and DataKeyMissing; True where its tables
    know no keys at all."""
    if not inspect(conn).has_table(_data_key.name):
        return True
    rows = _rows(conn)
    _check(rows, _keys())
    return _keys().keys() <= {row.key_id for row in rows}


def record(conn: Connection, *, at: datetime) -> None:
    """Let the database know every key of DATA_KEY. One that has sealed rows of the time before must open them. Raises
    WrongDataKey and DataKeyMissing; then nothing is written."""
    rows, keys = _rows(conn), _keys()
    _check(rows, keys)
    if not rows:
        _prove_by_opening(conn, keys)
    known, number = {row.key_id for row in rows}, max((row.number for row in rows), default=0)
    for key_id in reversed(list(keys)):  # The newest comes first.
        if key_id not in known:
            number += 1
            row = {"number": number, "key_id": key_id, "check_value": _check_value(key_id, keys[key_id])}
            conn.execute(insert(_data_key).values(**row, recorded_at=at))
            forget_ring()


def identity(key_id: str) -> str:
    """What a retired key, kept for look-ups, is sealed to."""
    return SEALED["data_key", "lookup_sealed"].format(key_id=key_id)


def _proved(keys: Mapping[str, bytes]) -> Ring:
    if "sqlalchemy" not in current_app.extensions:  # An app without a database, for work on bytes alone.
        return Ring(tuple(keys.values()), list(keys.values())[-1])
    with beside() as conn:
        if not inspect(conn).has_table(_data_key.name):
            raise DatabaseNotReady(fault="its tables are not of this version", fix="Run `donations db upgrade`.")
        rows = _rows(conn)
    _check(rows, keys)
    unknown = next((key_id for key_id in keys if key_id not in {row.key_id for row in rows}), None)
    if unknown is not None:
        raise DataKeyUnknown(key_id=unknown)
    newest, by_age = next(iter(keys.values())), _by_age(rows, keys)
    return Ring((newest, *(key for key in reversed(by_age) if key != newest)), by_age[0])


def _by_age(rows: Sequence[Any], keys: Mapping[str, bytes]) -> list[bytes]:
    """The keys that can still be used for look-ups, the oldest first."""
    retired = {
        row.key_id: base64.b64decode(seals.unseal(keys, row.lookup_sealed, identity(row.key_id)))
        for row in rows
        if row.lookup_sealed is not None and row.key_id not in keys
    }
    usable = {**keys, **retired}
    return [usable[row.key_id] for row in sorted(rows, key=lambda row: row.number) if row.key_id in usable]


def faults(rows: Sequence[Any], keys: Mapping[str, bytes]) -> Iterator[DonationsError]:
    """What does not fit between the rows that the database has and these keys."""
    for row in rows:
        if row.key_id in keys:
            if not hmac.compare_digest(row.check_value, _check_value(row.key_id, keys[row.key_id])):
                yield WrongDataKey(key_id=row.key_id)
        elif row.retired_at is None and row.lost_at is None:
            yield DataKeyMissing(key_id=row.key_id)


def _check(rows: Sequence[Any], keys: Mapping[str, bytes]) -> None:
    for fault in faults(rows, keys):
        raise fault


def _prove_by_opening(conn: Connection, keys: Mapping[str, bytes]) -> None:
    """A database of the time before keys were recorded: one value of each column and key is opened."""
    if needed(conn, keys)[""]:
        raise DataKeyMissing(key_id=_stranger(conn, keys))
    for (table_name, column_name), bound_to in SEALED.items():
        column = table_of(table_name).c[column_name]
        for key_id in keys:
            start = seals.head(key_id)
            asked = select(table_of(table_name)).where(func.substr(column, 1, len(start)) == start).limit(1)
            row = conn.execute(asked).mappings().first()
            if row is not None:
                try:
                    seals.unseal(keys, row[column_name], bound_to.format(**row))
                except BadSeal as error:
                    raise WrongDataKey(key_id=key_id) from error


def _stranger(conn: Connection, keys: Mapping[str, bytes]) -> str:
    """The id of a key that something is sealed with and that is not here."""
    for table_name, column_name in SEALED:
        column = table_of(table_name).c[column_name]
        asked = select(column).where(column.is_not(None), ~is_sealed_offline(column))
        for key_id in keys:
            start = seals.head(key_id)
            asked = asked.where(func.substr(column, 1, len(start)) != start)
        sealed = conn.scalar(asked.limit(1))
        if sealed is not None:
            return str(sealed[1 : 1 + sealed[0]].decode("ascii", "replace"))
    return "?"


def _check_value(key_id: str, key: bytes) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=b"fighting-fund.data-key.check").derive(key)
    return hmac.digest(derived, key_id.encode(), "sha256")


def _rows(conn: Connection) -> Sequence[Any]:
    return conn.execute(select(_data_key)).all()


def _keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = current_app.config["SETTINGS"].data_keys
    return keys


_data_key: Table = DataKey.__table__  # type: ignore[assignment]
