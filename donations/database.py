"""How this house talks to SQLite and PostgreSQL: pragmas, and the write unit, in which every change is made.

On SQLite a write unit holds one lock between all processes and begins IMMEDIATE, because writers that poll each other's
lock starve; a page view takes no write lock. On PostgreSQL it is an ordinary transaction. No table is known here."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import IntegrityError

from donations.extensions import db

_unit = threading.local()
_IN_TRANSACTION = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
BUSY_TIMEOUT_MS = 10_000
# Whichever layer is the first to hear that the database refused something: SQLAlchemy, or the driver itself.
INTEGRITY_ERRORS = (IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)


def engine_options(url: str) -> dict[str, Any]:
    """Options for SQLAlchemy's engine, by the kind of database."""
    own = {"pool_size": 10, "hide_parameters": True}  # An error that is logged names no value.
    if make_url(url).get_backend_name() == "sqlite":
        return {**own, "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
    return {**own, "pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}


def init_app(app: Flask) -> None:
    """Bind the listeners to the app's engine. Call once, after db.init_app."""
    with app.app_context():
        prepare(db.engine)


def prepare(engine: Engine) -> None:
    """Bind the listeners to an engine: a restore has one of its own."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_private)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _end_sqlite)


@contextmanager
def write_unit() -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back whole if anything is raised.

    Returns the session's connection for Core statements. Units do not nest. What was read before it is forgotten, so
    that nothing is written on the strength of a stale row."""
    assert not in_write_unit(), "write units do not nest"
    db.session.rollback()
    db.session.expire_all()  # A rollback forgets nothing where no transaction was open.
    with _writer_lock(db.engine):
        _unit.open = True
        try:
            yield db.session.connection()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            _unit.open = False


@contextmanager
def bare_write_unit() -> Iterator[Connection]:
    """A write unit without SQLAlchemy's session, for code that uses prepared statements only."""
    assert not in_write_unit(), "write units do not nest"
    with _writer_lock(db.engine):
        _unit.open = True
        try:
            with db.engine.begin() as conn:
                yield conn
        finally:
            _unit.open = False


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees the database as it was at one moment, whatever others commit meanwhile: for questions that
    take several queries, which PostgreSQL would otherwise answer each as of its own moment."""
    with db.engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn = conn.execution_options(isolation_level="REPEATABLE READ")
            # These questions sort and group the whole ledger: in memory, not in files.
            conn.exec_driver_sql("SET LOCAL work_mem = '128MB'")
        yield conn


@contextmanager
def beside() -> Iterator[Connection]:
    """A connection of its own that only reads, also from within a write unit: it sees what was committed before."""
    outer, _unit.open = in_write_unit(), False  # Else it would ask for the lock that this thread holds.
    try:
        with db.engine.connect() as conn:
            yield conn
    finally:
        _unit.open = outer


def truncate_wal() -> bool:
    """Empty what SQLite keeps beside its file, so that no erased bytes are left there. Returns whether it could."""
    if not is_sqlite():
        return True
    with db.engine.connect() as conn:
        raw: Any = conn.connection.cursor()
        raw.execute("PRAGMA busy_timeout = 1000")
        try:
            is_busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not is_busy
        finally:
            raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def in_write_unit() -> bool:
    return getattr(_unit, "open", False)


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


@contextmanager
def savepoint(conn: Connection, *, is_last: bool = False) -> Iterator[None]:
    """A savepoint whose deferred constraints are checked before it is released, so that a fault that would show
    only at COMMIT shows here, while there is still something to save. Raises IntegrityError or OrphanPosting.

    One per write unit: on PostgreSQL what follows it is checked statement by statement. `is_last` says that nothing
    follows it in this unit: then PostgreSQL is sent the COMMIT in the same breath as the checks, and the locks that
    others wait for are held for one round trip less. It skips the COMMIT if a check before it fails."""
    raw = conn.connection.cursor()
    mark = _last_posting(conn, raw)
    if conn.info.pop(_BEGUN, None) is not conn:
        raw.execute("SAVEPOINT handling")
    pipeline = conn.info[_PIPELINE] = ExitStack()
    try:
        yield
        with pipelined(conn):
            _check_deferred(conn, raw, mark)
            if is_last and conn.dialect.name == "postgresql":
                _send_commit(raw)  # It releases the savepoint too.
            else:
                raw.execute("RELEASE SAVEPOINT handling")
        pipeline.close()  # Here the answers of all that was sent are read.
    except BaseException:
        with suppress(Exception):
            pipeline.close()
        check_open(conn)
        raw.execute("ROLLBACK TO SAVEPOINT handling")
        raise
    finally:
        del conn.info[_PIPELINE]


def begin_savepoint(conn: Connection) -> None:
    """Send the SAVEPOINT ahead of the savepoint that follows, in the same breath as what comes before it. PostgreSQL
    only, inside pipelined."""
    conn.connection.cursor().execute("SAVEPOINT handling")
    conn.info[_BEGUN] = conn  # Not only that it was sent: the driver's connection outlives this unit.


@contextmanager
def pipelined(conn: Connection) -> Iterator[None]:
    """Send prepared statements without waiting for each other's answers (PostgreSQL's pipeline mode): locks that others
    wait for are held for fewer round trips. From here on, until the savepoint around it ends, only prepared statements
    may be run; what fails is raised at the next answer that is read, or at the end."""
    if conn.dialect.name != "postgresql":
        yield
        return
    driver: Any = conn.connection.driver_connection
    outer = conn.info.get(_PIPELINE)
    if outer is None:
        with driver.pipeline():
            yield
        return
    if not conn.info.get(_PIPED):
        conn.info[_PIPED] = True
        outer.callback(conn.info.pop, _PIPED)
        outer.enter_context(driver.pipeline())
    yield


def _send_commit(raw: Any) -> None:
    raw.execute("COMMIT")


_PIPELINE, _PIPED, _BEGUN = "pipeline of the savepoint", "pipeline is open", "savepoint was sent"


def _last_posting(conn: Connection, raw: Any) -> int:
    if conn.dialect.name != "sqlite":
        return 0
    raw.execute("SELECT coalesce(max(rowid), 0) FROM posting")
    return int(raw.fetchone()[0])


def _check_deferred(conn: Connection, raw: Any, mark: int) -> None:
    if conn.dialect.name == "postgresql":
        raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return
    # SQLite has no such statement; the ledger's is the only deferred key, so we look for what it would refuse.
    raw.execute(_ORPHAN, (mark,))
    orphan = raw.fetchone()
    if orphan is not None:
        raise OrphanPosting(f"posting of entry {orphan[0]}, which does not exist")


_ORPHAN = (
    "SELECT entry_id FROM posting WHERE rowid > ?"
    " AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = posting.entry_id) LIMIT 1"
)


def check_open(conn: Connection) -> None:
    """Call before writing on after a failure. Raises TransactionLost if the whole transaction is gone: SQLite rolls it
    back by itself when the disk is full, PostgreSQL when a COMMIT fails. What came after would be committed without
    it."""
    driver: Any = conn.connection.driver_connection
    lost = (
        not driver.in_transaction
        if conn.dialect.name == "sqlite"
        else driver.info.transaction_status not in _IN_TRANSACTION
    )
    if lost:
        raise TransactionLost("rolled back by the database")


class TransactionLost(Exception):
    """Nothing of this transaction is kept, and it cannot be gone on with."""


class OrphanPosting(Exception):
    """A posting was written without the entry that seals it."""


def _make_private(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    """Make a new database and its folder for this user alone: the -wal and -shm files take its mode over. One that
    is there is never opened here: closing it would give up the locks that SQLite holds on it."""
    with suppress(OSError):  # Then SQLite says what is wrong.
        Path(arguments[0]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(arguments[0], os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is switched off: it begins too late and cannot begin IMMEDIATE.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        # Fewer, larger checkpoints: each costs the writer who happens to be there a wait for the disk.
        "wal_autocheckpoint=8000",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",  # What is erased is overwritten, not only let go.
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if in_write_unit() else "BEGIN")


def _end_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # A COMMIT that fails leaves SQLite's transaction open, and SQLAlchemy takes it for ended: without this a connection
    # could go back to the pool with the write lock still held.
    if dbapi_connection is not None and dbapi_connection.in_transaction:
        dbapi_connection.rollback()


_thread_lock = threading.Lock()


@contextmanager
def _writer_lock(engine: Engine) -> Iterator[None]:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    with _thread_lock:
        handle = os.open(f"{engine.url.database}.write-lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # The kernel wakes waiting processes in turn; SQLite's own busy handler sleeps and starves.
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
