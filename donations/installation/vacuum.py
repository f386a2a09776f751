"""How erased bytes leave the files of PostgreSQL. Outside of any transaction; a table that belongs to another role is
skipped, with a note in PostgreSQL's log. SQLite overwrites by itself (`secure_delete`), and is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from donations.database import is_sqlite
from donations.extensions import db


def vacuum(tables: Iterable[str]) -> None:
    """Take what was erased out of the rows of these tables; its bytes may lie in the room that got free until that is
    used again. A table that is being vacuumed already is left."""
    _vacuum(tables, "SKIP_LOCKED")


def rewrite(tables: Iterable[str], *, most_bytes: int) -> None:
    """Write these tables again, so that PostgreSQL's files hold nothing that was erased. A table cannot be read
    meanwhile, so one that is larger is left as it is, and so is one that is in use for a second."""
    _vacuum(tables, "FULL", most_bytes=most_bytes)


def _vacuum(tables: Iterable[str], how: str, *, most_bytes: int | None = None) -> None:
    if is_sqlite():
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("SET lock_timeout = '1s'")
        try:
            for table in tables:
                if most_bytes is not None and _size(conn, table) > most_bytes:
                    continue
                with suppress(OperationalError):  # It is being read: the next run comes.
                    conn.exec_driver_sql(f"VACUUM ({how}) {conn.dialect.identifier_preparer.quote(table)}")
        finally:
            conn.exec_driver_sql("RESET lock_timeout")


def _size(conn: Connection, table: str) -> int:
    """In bytes, with its indexes and what is too long for its rows."""
    return conn.exec_driver_sql("SELECT pg_total_relation_size(to_regclass(%s))", (table,)).scalar() or 0
