"""The key unlocked in a browser, for UNLOCKED_FOR: kept encrypted under what only the cookie of that session holds. No
commit here."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Table, delete
from sqlalchemy.engine import Connection

from donations.data_keys.offline import PrivateKey
from donations.errors import OfflineKeyOfAnother
from donations.extensions import db
from donations.models import OfflineKey, OfflineUnlock
from donations.prepared import upsert

UNLOCKED_FOR = timedelta(minutes=15)


def begin(conn: Connection, session_id: int, cookie_key: str, key: PrivateKey, *, until: datetime) -> None:
    """Unlock a key for a session. Raises OfflineKeyOfAnother if it is not one of this installation's."""
    check_ours(key)
    values = {"key_wrapped": _wrapped(session_id, cookie_key, key), "until": until}
    new = upsert(conn.dialect.name, _unlock).values(session_id=session_id, **values)
    conn.execute(new.on_conflict_do_update(index_elements=["session_id"], set_=values))


def end(conn: Connection, session_id: int) -> None:
    conn.execute(delete(_unlock).where(_unlock.c.session_id == session_id))


def until(session_id: int, at: datetime) -> datetime | None:
    """Until when a session has a key unlocked; None if it has none."""
    row = db.session.get(OfflineUnlock, session_id)
    return row.until if row is not None and at < row.until <= at + UNLOCKED_FOR else None


def read(session_id: int, cookie_key: str, at: datetime) -> PrivateKey | None:
    """The key that a session has unlocked."""
    if until(session_id, at) is None:
        return None
    row = db.session.get_one(OfflineUnlock, session_id)
    try:
        return PrivateKey(
            _cipher(cookie_key).decrypt(row.key_wrapped[:12], row.key_wrapped[12:], _bound_to(session_id))
        )
    except InvalidTag:
        return None


def carry_over(conn: Connection, session_id: int, old: str, new: str, *, at: datetime) -> None:
    """The session continues under another cookie, and its unlock with it."""
    key, ends = read(session_id, old, at), until(session_id, at)
    if key is not None and ends is not None:
        begin(conn, session_id, new, key, until=ends)


def check_ours(key: PrivateKey) -> None:
    """Raises OfflineKeyOfAnother if this installation seals nothing to that key."""
    if db.session.get(OfflineKey, key.key_id) is None:
        raise OfflineKeyOfAnother(key_id=key.key_id)


def _wrapped(session_id: int, cookie_key: str, key: PrivateKey) -> bytes:
    nonce = os.urandom(12)
    return nonce + _cipher(cookie_key).encrypt(nonce, key.raw, _bound_to(session_id))


def _cipher(cookie_key: str) -> AESGCM:
    info = b"fighting-fund.offline-key.unlock"
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=info).derive(cookie_key.encode()))


def _bound_to(session_id: int) -> bytes:
    return f"offline_unlock:{session_id}".encode()


_unlock: Table = OfflineUnlock.__table__  # type: ignore[assignment]
