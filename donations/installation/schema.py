"""Which version the tables are of, and which this code was written for."""

from __future__ import annotations

from functools import lru_cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from donations import config
from donations.errors import DatabaseNotReady


def head() -> str:
    """The version that this code was written for."""
    return _versions()[0]


def current(conn: Connection) -> str | None:
    """The version of the tables; None if there are none."""
    return MigrationContext.configure(conn).get_current_revision()


def check(conn: Connection) -> None:
    """Raises DatabaseNotReady, with the command that helps, unless the tables are of our version."""
    found = current(conn)
    if found == head():
        return
    if found is None:
        raise DatabaseNotReady(fault="it has no tables", fix="Run `donations init`")
    if found in _versions():
        fault, fix = f"its tables are of version {found}, and this code needs {head()}", "Run `donations db upgrade`"
    else:
        fault = f"its tables are of version {found}, which is newer than this code ({head()})"
        fix = "Run the newer code, or restore the backup from before the upgrade"
    raise DatabaseNotReady(fault=fault, fix=fix)


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    """Every version that this code knows, the newest first."""
    scripts = ScriptDirectory(str(config.HOME / "migrations"))
    return tuple(script.revision for script in scripts.walk_revisions())
