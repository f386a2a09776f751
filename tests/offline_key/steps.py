"""An organisation with an offline key, and the attacker who takes its server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import current_app
from sqlalchemy import LargeBinary, insert, select

from donations import data_keys, offline_key, privacy
from donations.data_keys import offline, seals
from donations.data_keys.offline import PrivateKey
from donations.database import write_unit
from donations.errors import BadSeal
from donations.extensions import db
from donations.models import Donation, OfflineKey, StatementLine
from donations.reconciliation import matches
from donations.reconciliation.matches import Said
from donations.worker.offline_key import carry_out, seal_settled
from tests.factories import NOON

KEY = PrivateKey(b"\x07" * 32)
PASSPHRASE = "seven otters ferry lanterns upstream"


def turn_on(key: PrivateKey = KEY, *, at: datetime = NOON) -> None:
    """The organisation has an offline key from now on."""
    with write_unit() as conn:
        row = {"key_id": key.key_id, "public_key": key.public, "made_at": at, "made_by": "cli:test"}
        conn.execute(insert(OfflineKey).values(row))


def seal(at: datetime) -> None:
    """What the worker seals at a moment."""
    db.session.rollback()
    seal_settled(at)
    db.session.rollback()


@contextmanager
def unlocked(key: PrivateKey = KEY) -> Iterator[None]:
    """What is done inside is done with the key."""
    offline.unlock(key)
    try:
        yield
    finally:
        offline.unlock(None)


def unlock(at: datetime, key: PrivateKey = KEY) -> None:
    """A treasurer unlocks the key: what waited for it is carried out."""
    db.session.rollback()
    with unlocked(key):
        carry_out(at)
    db.session.rollback()


def match_all(at: datetime) -> None:
    """Every statement line is matched to something that is known."""
    for number, minor in db.session.execute(select(StatementLine.id, StatementLine.amount_minor)).all():
        with write_unit() as conn:
            matches.confirm(conn, number, [Said("own_account", minor)], rule="by hand", actor="tara", at=at)


def opened_by_the_machine() -> dict[str, list[str]]:
    """Every text that can be opened with the database and its .env, by table and column."""
    keys, found = current_app.config["SETTINGS"].data_keys, {}
    for (table_name, column_name), identity in data_keys.SEALED.items():
        table = db.metadata.tables[table_name]
        rows = db.session.execute(select(table).where(table.c[column_name].is_not(None))).mappings()
        texts = []
        for row in rows:
            try:
                texts.append(seals.unseal(keys, row[column_name], identity.format(**row)))
            except BadSeal:
                continue
        found[f"{table_name}.{column_name}"] = texts
    return found


def in_clear() -> str:
    """Everything else in the tables."""
    rows = (db.session.execute(select(table)).mappings().all() for table in db.metadata.sorted_tables)
    return json.dumps([[dict(row) for row in some] for some in rows], default=str, ensure_ascii=False)


def hashes() -> set[bytes]:
    """Every keyed hash there is, from whatever column, and those that receipts have frozen."""
    found: set[bytes] = set()
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                found |= {bytes(value) for value in db.session.scalars(select(column)) if value is not None}
    receipts = db.metadata.tables["receipt"]
    frozen = [json.loads(text).get("person_hash") for text in db.session.scalars(select(receipts.c.payload))]
    return found | {bytes.fromhex(text) for text in frozen if text}


def asked_for(text: str, labels: list[str]) -> set[bytes]:
    """The hashes that the machine's keys allow of a name or address, to look whether it is there."""
    hashed = {column: purpose for column, (_name, purpose) in data_keys.HASHED.items()}
    purposes = {*hashed.values(), "event email", "bank payer", *(f"receipt:{label}" for label in labels)}
    keys = current_app.config["SETTINGS"].data_keys.values()
    return {seals.hasher(key, purpose)(text) for key in keys for purpose in purposes}


def name_of(reference: str) -> str:
    """The name of a donor, with the key that is unlocked now."""
    sealed = Donation.by_reference(reference).name_sealed
    assert sealed is not None
    return privacy.unseal(sealed, f"donation:{reference}:name")


def counts() -> dict[str, tuple[int, int]]:
    """By rule: how many under the offline key, how many under the machine's."""
    db.session.rollback()
    return {one.name: (one.offline, one.ours) for one in offline_key.sealed(db.session.connection())}
