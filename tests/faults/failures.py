"""A database that fails at a chosen call: the drivers' own connections, with every execute and commit counted and one
of them made to fail as the driver would. Nothing of ours is replaced."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import psycopg
from sqlalchemy.engine import make_url


class Faults:
    """Which call fails and how. Counts while `armed`. The kinds:

    - `before`: nothing was done
    - `after`: it was done, but the answer was lost; PostgreSQL has hung up
    - `undone`: nothing was done, and the database has rolled the whole transaction back by itself (SQLite does so when
      the disk is full), or has hung up (PostgreSQL)"""

    KINDS = ("before", "after", "undone")

    def __init__(self) -> None:
        self.armed = False
        self.struck = False
        self._count, self._fatal, self._kind = 0, 0, "before"
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        """How many calls were counted since it was armed."""
        return self._count

    def arm(self, fatal: int, kind: str) -> None:
        """Let the call of that number fail, counted from 1."""
        self._count, self._fatal, self._kind = 0, fatal, kind
        self.struck, self.armed = False, True

    def disarm(self) -> None:
        self.armed = False

    def around(self, connection: Any, error: type[Exception], call: Any) -> Any:
        """Make one call to the database."""
        if not self._strikes():
            return call()
        if self._kind == "after":
            done = call()
            if isinstance(done, sqlite3.Cursor):
                done.fetchall()  # A statement that is half read would hold up the next COMMIT.
        if self._kind == "undone" or (self._kind == "after" and not isinstance(connection, sqlite3.Connection)):
            hang_up(connection)
        raise error("a fault, made for this test")

    def _strikes(self) -> bool:
        with self._lock:
            if not self.armed or self.struck:
                return False
            self._count += 1
            self.struck = self._count == self._fatal
            return self.struck


def hang_up(connection: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        if connection.in_transaction:
            sqlite3.Connection.rollback(connection)
    else:
        connection.close()


def engine_options(url: str, faults: Faults) -> dict[str, Any]:
    """Options for the app's engine, so that its connections fail as `faults` says."""
    if url.startswith("sqlite"):
        return {"connect_args": {"factory": _sqlite_connection(faults), "timeout": 10, "check_same_thread": False}}
    made = make_url(url)
    dsn = f"host={made.query['host']} dbname={made.database} user={made.username}"
    return {"creator": lambda: _postgresql_connection(faults).connect(dsn), "pool_pre_ping": True}


def _sqlite_connection(faults: Faults) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, *args: Any) -> Any:
            return faults.around(self.connection, sqlite3.OperationalError, lambda: sqlite3.Cursor.execute(self, *args))

        def executemany(self, *args: Any) -> Any:
            call = lambda: sqlite3.Cursor.executemany(self, *args)  # noqa: E731
            return faults.around(self.connection, sqlite3.OperationalError, call)

    class Connection(sqlite3.Connection):
        def cursor(self, *args: Any, **kwargs: Any) -> Any:
            return super().cursor(Cursor)

        def commit(self) -> None:
            faults.around(self, sqlite3.OperationalError, lambda: sqlite3.Connection.commit(self))

    return Connection


def _postgresql_connection(faults: Faults) -> Any:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            call = lambda: psycopg.Cursor.execute(self, *args, **kwargs)  # noqa: E731
            return faults.around(self.connection, psycopg.OperationalError, call)

        def executemany(self, *args: Any, **kwargs: Any) -> Any:
            call = lambda: psycopg.Cursor.executemany(self, *args, **kwargs)  # noqa: E731
            return faults.around(self.connection, psycopg.OperationalError, call)

        def copy(self, *args: Any, **kwargs: Any) -> Any:
            call = lambda: psycopg.Cursor.copy(self, *args, **kwargs)  # noqa: E731
            return faults.around(self.connection, psycopg.OperationalError, call)

    class Connection(psycopg.Connection[Any]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.cursor_factory = Cursor

        def commit(self) -> None:
            faults.around(self, psycopg.OperationalError, lambda: psycopg.Connection.commit(self))

    return Connection
