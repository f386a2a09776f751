"""Builds a database from an archive, on a connection whose transaction the caller commits or rolls back: tables by our
own migrations up to the archive's version, rows as data, triggers and keys put back, then the newest version. Whatever
is not exactly as the manifest says raises BadManifest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from donations.archives import tables
from donations.archives.backup import figures, unsound
from donations.archives.manifest import BadManifest, Manifest
from donations.models import triggers

GAP = 1000
_MISSING_SEQUENCES = (
    "INSERT INTO sqlite_sequence SELECT name, 0 FROM sqlite_master WHERE type = 'table'"
    " AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)"
)
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
_FOREIGN_KEYS = (
    "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conparentid = 0"
)
_SERIALS = (
    "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
    " FROM information_schema.columns WHERE table_schema = current_schema() AND starts_with(column_default, 'nextval(')"
)


def rebuild(conn: Connection, manifest: Manifest, places: dict[str, Path], *, at: datetime) -> dict[str, Any]:
    """Everything of the archive into the empty database. Returns its figures now. Raises BadManifest."""
    try:
        _migrate(conn, manifest.revision)
        _same_shape(conn, manifest)
        with _unguarded(conn):
            for table in manifest.tables:
                tables.load(conn, manifest, table, places)
        _prove_rows(conn, manifest)
        _migrate(conn, "head")
        _leave_gap(conn)
        lost = triggers.missing(conn)
        if lost:
            raise BadManifest(f"the triggers that guard the books could not be put back ({', '.join(lost)})")
        now = figures(conn, at)
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error, ValueError, OverflowError) as error:
        said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        raise BadManifest(f"the database refuses what it holds: {said}") from error
    wrong = unsound(now, manifest.figures)
    told = ("balances", "raised", "donations", "entries") if manifest.figures else ()
    wrong += [f"{name} are not those of the copy" for name in told if now[name] != manifest.figures.get(name)]
    if wrong:
        raise BadManifest(f"its books are not sound: {'; '.join(wrong[:5])}")
    return now


def _migrate(conn: Connection, revision: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = conn
    try:
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError as error:
        raise BadManifest(f"its tables are of version {revision}, which a newer program has written") from error
    command.upgrade(config, revision)


def _leave_gap(conn: Connection) -> None:
    """After the copy was made, ids were given that are not in it: none of them is given to another row."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(_MISSING_SEQUENCES)
        conn.exec_driver_sql(f"UPDATE sqlite_sequence SET seq = seq + {GAP}")  # noqa: S608 - our own number
        return
    for table, column, sequence in conn.exec_driver_sql(_SERIALS).all():
        newest = f'SELECT coalesce(max("{column}"), 0) + {GAP} FROM "{table}"'  # noqa: S608 - names of our catalogue
        conn.exec_driver_sql(f"SELECT setval('{sequence}', ({newest}))")


def _same_shape(conn: Connection, manifest: Manifest) -> None:
    here = {name: set(columns) for name, columns in tables.shape(conn).items()}
    there = {name: set(part.columns) for name, part in manifest.tables.items()}
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            raise BadManifest(f"its table {name} is not that of version {manifest.revision}")


def _prove_rows(conn: Connection, manifest: Manifest) -> None:
    differing = tables.differing(conn, manifest)
    if differing:
        raise BadManifest(f"read back, the rows of {', '.join(differing)} are not those of the copy")
    if conn.dialect.name == "sqlite" and conn.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise BadManifest("a row names another that is not there")


@contextmanager
def _unguarded(conn: Connection) -> Iterator[None]:
    """Take off what guards against writing by hand, and put back exactly that; foreign keys look at every row then."""
    with _unguarded_sqlite(conn) if conn.dialect.name == "sqlite" else _unguarded_postgresql(conn):
        yield


@contextmanager
def _unguarded_sqlite(conn: Connection) -> Iterator[None]:
    conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    found = conn.exec_driver_sql(_TRIGGERS).all()
    for name, _ in found:
        conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
    # Rows that a migration has put in are those of the archive's own database too.
    for table in tables.shape(conn):
        conn.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608 - names of our catalogue
    yield
    for _, sql in found:
        conn.exec_driver_sql(sql)


@contextmanager
def _unguarded_postgresql(conn: Connection) -> Iterator[None]:
    names = list(tables.shape(conn))
    keys = conn.exec_driver_sql(_FOREIGN_KEYS).all()
    for table, name, _ in keys:
        conn.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for table in names:
        conn.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        conn.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608 - names of our catalogue
    yield
    for table in names:
        conn.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
    for table, name, definition in keys:
        conn.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
