"""What migration 0017 makes of a database of the version before: failed debits are marked as failed, and every request
for updates is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import MetaData, Table, text
from sqlalchemy.engine import Connection

from donations.extensions import db
from tests.fixtures.databases import app_of_version

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FILLERS: dict[str, Any] = {
    "INTEGER": 0, "BIGINT": 0, "BOOLEAN": False, "DATE": AT.date(), "DATETIME": AT, "TIMESTAMP": AT, "TEXT": "x",
    "BLOB": b"", "BYTEA": b"", "JSON": {}, "JSONB": {},
}  # fmt: skip
_numbers = count(1)


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Flask]:
    """The app on a database of the version before."""
    with app_of_version("0016", empty_database_url) as app:
        yield app


def insert(conn: Connection, name: str, /, **values: Any) -> int:
    """A row with these columns; what may not be empty is filled in."""
    table = Table(name, MetaData(), autoload_with=conn)
    for column in table.columns:
        if column.name not in values and not column.nullable and column.server_default is None:
            unique = f"{name}-{next(_numbers)}"
            filler = FILLERS[str(column.type).split("(")[0].split(" ")[0]]
            values[column.name] = unique if filler == "x" else filler
    values["id"] = values.get("id") or next(_numbers)
    conn.execute(table.insert().values(**values))
    return int(values["id"])


def a_donation(conn: Connection, appeal: int, state: str, attempts: list[str], *payments: dict[str, Any]) -> int:
    known = {"source": "card", "display": "secret", "interval": "once", "fee_bearer": "fund", "currency": "GBP"}
    donation = insert(conn, "donation", appeal_id=appeal, state=state, amount_minor=3300, **known)
    for number, attempt in enumerate(attempts, start=1):
        insert(conn, "checkout_attempt", donation_id=donation, number=number, state=attempt, session_id=f"{donation}")
    for payment in payments:
        insert(conn, "payment", donation_id=donation, amount_minor=3300, currency="GBP", charged_at=AT, **payment)
    return donation


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_failed_debits_and_who_asked_for_updates_are_brought_along(before: Flask) -> None:
    # given debits and cards in every state they could be left in, and two who asked for updates
    debit, card = {"method": "bacs_debit"}, {"method": "card"}
    with db.engine.begin() as conn:
        appeal = insert(
            conn, "appeal", slug="ali", state="open", visibility="shown", fee_bearer="fund", currency="GBP", title={}
        )
        failed = a_donation(conn, appeal, "processing", ["complete"], {**debit, "failed_at": AT})
        pending = a_donation(conn, appeal, "processing", ["complete"], debit)
        declined_then_debit = a_donation(conn, appeal, "processing", ["complete"], {**card, "failed_at": AT})
        paid = a_donation(conn, appeal, "paid", ["complete"], {**debit, "succeeded_at": AT})
        waiting = insert(conn, "subscription", appeal_id=appeal, donation_id=paid, state="asked")
        ended = insert(conn, "subscription", appeal_id=appeal, donation_id=None, state="ended")
    # when the database is brought up to date
    flask_migrate.upgrade()
    # then what had failed says so and may be tried again, and nothing else has changed
    with db.engine.connect() as conn:
        states = {row.id: row.state for row in conn.execute(text("SELECT id, state FROM donation"))}
        assert states == {failed: "failed", pending: "processing", declined_then_debit: "processing", paid: "paid"}
        told = conn.execute(text("SELECT donation_id FROM checkout_attempt WHERE payment_failed_at IS NOT NULL"))
        assert told.scalars().all() == [failed]
        asked = conn.execute(text("SELECT subscriber_id, donation_id FROM subscriber_request")).all()
        assert asked == [(waiting, paid)]
        kept = conn.execute(text("SELECT id, state, appeal_id FROM subscriber ORDER BY id")).all()
        assert kept == [(waiting, "asked", appeal), (ended, "ended", appeal)]
