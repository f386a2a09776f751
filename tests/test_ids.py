"""No id is used again: a form or an address that names a deleted row never means another one. Every table is tried, on
both databases, also after a migration from the first version that was in use (90e6808)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Boolean, CheckConstraint, Column, Date, Integer, LargeBinary, Table, insert, text
from sqlalchemy.engine import Connection

from donations.extensions import db
from donations.models.base import Json, UtcDateTime
from tests.fixtures.databases import app_of_version

FIRST_IN_USE = "0016"  # the newest migration of commit 90e6808
AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
# Their id is chosen by the database. Every other table's id is random, another row's, or always the same.
CHOSEN = [
    table for table in db.metadata.sorted_tables
    if table.autoincrement_column is not None and len(table.primary_key.columns) == 1
]  # fmt: skip


@pytest.fixture
def migrated(empty_database_url: str) -> Iterator[Flask]:
    """A database of the first version in use, with a draft, brought to the newest one."""
    with app_of_version(FIRST_IN_USE, empty_database_url) as app:
        with db.engine.begin() as conn:
            conn.execute(text(DRAFT), {"id": 7, "key": "seven"})
            conn.execute(text(STAFF))
        flask_migrate.upgrade()
        yield app


DRAFT = (
    "INSERT INTO appeal_draft (id, content, base_sha256, reason, version, written_by, written_at, form_key)"
    " VALUES (:id, '{}', '', '', 1, 'staff:1', '2026-11-01 12:00:00', :key)"
)
STAFF = (
    "INSERT INTO staff (id, fs_uniquifier, state, email_sealed, email_hash, language, link_key, invited_at)"
    " VALUES (4, 'u', 'active', 'e', 'h', 'en', 'k', '2026-11-01 12:00:00')"
)


def test_no_table_uses_an_id_again(app: Flask) -> None:
    _try_all()


def test_no_table_uses_an_id_again_after_a_migration(migrated: Flask) -> None:
    _try_all()


def test_a_migration_keeps_the_rows_and_leaves_out_what_may_have_been_deleted_before(migrated: Flask) -> None:
    with db.engine.connect() as conn:
        assert conn.execute(text("SELECT id, form_key FROM appeal_draft")).all() == [(7, "seven")]
        assert conn.execute(text("SELECT id FROM staff")).scalars().all() == [4]
        if conn.dialect.name == "sqlite":
            # Drafts 8 and later may have been looked at and deleted: there is no record.
            new = conn.execute(insert(db.metadata.tables["appeal_draft"]), _row(_table("appeal_draft"), 2))
            assert new.inserted_primary_key[0] > 1000


@pytest.mark.databases("sqlite")
def test_a_reused_id_would_be_found(app: Flask) -> None:
    # given a table as they were, whose newest id SQLite gives out again
    with db.engine.connect() as conn:
        conn.exec_driver_sql("CREATE TABLE plain (id INTEGER PRIMARY KEY, word INTEGER NOT NULL)")
        words = Column("word", Integer, nullable=False)
        assert _uses_an_id_again(conn, Table("plain", db.MetaData(), Column("id", Integer, primary_key=True), words))
        conn.rollback()


def _try_all() -> None:
    assert len(CHOSEN) > 30
    with db.engine.connect() as conn:
        _let_anything_in(conn)
        again = {table.name for table in CHOSEN if _uses_an_id_again(conn, table)}
        conn.rollback()
    assert again == set()


def _uses_an_id_again(conn: Connection, table: Table) -> bool:
    """Delete the newest row, and put in another one."""
    ids = []
    for number in (901, 902):
        ids.append(conn.execute(insert(table).values(_row(table, number))).inserted_primary_key[0])
        conn.execute(table.delete().where(table.c.id == ids[-1]))
    return bool(ids[1] <= ids[0])


def _let_anything_in(conn: Connection) -> None:
    """Rows that say nothing: only how their ids are chosen is looked at. All of it is rolled back."""
    if conn.dialect.name == "sqlite":
        conn.rollback()
        driver: Any = conn.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA ignore_check_constraints=ON")
        for (name,) in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            conn.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    conn.exec_driver_sql("SET LOCAL session_replication_role = replica")
    for table in CHOSEN:
        for check in table.constraints:
            if isinstance(check, CheckConstraint):
                conn.exec_driver_sql(f"ALTER TABLE {table.name} DROP CONSTRAINT {check.name}")


def _table(name: str) -> Table:
    return db.metadata.tables[name]


def _row(table: Table, number: int) -> dict[str, Any]:
    needed = [column for column in table.columns if not column.primary_key and not column.nullable]
    return {column.name: _anything(column, number) for column in needed}


def _anything(column: Column[Any], number: int) -> Any:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return AT
    if isinstance(kind, Date):
        return date(2026, 11, 21) + timedelta(days=number)
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, LargeBinary):
        return str(number).encode()
    return {} if kind is Json else number if isinstance(kind, Integer) else f"tried {number}"
