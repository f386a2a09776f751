"""Two roles on PostgreSQL: one owns the tables and changes them at an update; the other, the app's, reads and writes
rows. An intruder in the app can do no more than its role, so cannot remove the triggers that guard the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine, make_url

from donations.extensions import db

_VERSION = "alembic_version"  # Only an update writes it.


@contextmanager
def owner_engine() -> Iterator[Engine]:
    """The engine that may change tables: of MIGRATION_DATABASE_URL, or the app's own where that is not set."""
    owners = current_app.config["SETTINGS"].migration_database_url
    if not owners:
        yield db.engine
        return
    engine = create_engine(owners)
    try:
        yield engine
    finally:
        engine.dispose()


def grant(conn: Connection) -> None:
    """Let the app's role read and write rows of every table there is, and nothing else. `conn` is the owner's. Nothing
    is done where the app owns the tables itself."""
    settings = current_app.config["SETTINGS"]
    if not settings.migration_database_url:
        return
    name = conn.dialect.identifier_preparer.quote(_app_role(settings.database_url))
    schema = conn.dialect.identifier_preparer.quote(conn.exec_driver_sql("SELECT current_schema()").scalar_one())
    for statement in (
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON {schema}.{_VERSION} FROM {name}",
    ):
        conn.exec_driver_sql(statement)


def owns_ledger_tables(conn: Connection) -> bool:
    """Whether the role of this connection could remove the triggers that guard the ledger."""
    if conn.dialect.name != "postgresql":
        return False
    return bool(conn.execute(_OWNS).scalar_one())


def _app_role(url: str) -> str:
    """The role the app signs in with: as the address says it, or as libpq does where it says none."""
    given = make_url(url).username
    if given:
        return given
    with db.engine.connect() as conn:
        return str(conn.exec_driver_sql("SELECT current_user").scalar_one())


# A superuser is a member of every role.
_OWNS = text(
    "SELECT coalesce(bool_or(pg_has_role(tableowner, 'USAGE')), false) FROM pg_tables"
    " WHERE schemaname = current_schema() AND tablename = 'posting'"
)
