"""Whether the database can be worked with: what a failure means, and whether it takes a write."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from donations.database import BUSY_TIMEOUT_MS

PROBE_MS = 1_000


def can_write(conn: Connection, statement: str) -> bool:
    """Whether the database takes a write: this statement is run and rolled back, with everything else in the
    connection's transaction. Where another holds the lock for longer than we wait, writes work: that is a yes."""
    is_lite = conn.dialect.name == "sqlite"
    conn.rollback()
    try:
        conn.exec_driver_sql(f"PRAGMA busy_timeout={PROBE_MS}" if is_lite else f"SET LOCAL lock_timeout={PROBE_MS}")
        conn.exec_driver_sql(statement)
        return True
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return code == sqlite3.SQLITE_BUSY or isinstance(error.orig, psycopg.errors.LockNotAvailable)
    finally:
        conn.rollback()
        if is_lite:
            conn.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def is_outage(error: BaseException) -> bool:
    """Whether the database cannot be worked with at all for now: no server, no file, a full or read-only disk. Not
    where it only refused what was asked."""
    said = getattr(error, "orig", error)
    if isinstance(said, sqlite3.OperationalError):
        return getattr(said, "sqlite_errorcode", 0) & 0xFF in _SQLITE_OUTAGES
    if isinstance(said, psycopg.OperationalError | psycopg.InterfaceError):
        state = said.sqlstate  # None: no server has answered.
        return state is None or (state[:2] in ("08", "53", "57") and state != "57014")
    return isinstance(said, psycopg.errors.ReadOnlySqlTransaction)


_SQLITE_OUTAGES = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
)
