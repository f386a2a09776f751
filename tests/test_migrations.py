"""Migrations: from nothing to what the models say, on both databases, and never back (R11 of the marks)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from donations import create_app
from donations.extensions import db
from donations.models import triggers
from tests.fixtures.settings import environ_for
from tests.house import ROOT

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))


@pytest.fixture
def empty_app(empty_database_url: str) -> Iterator[Flask]:
    """The app on a database without a table."""
    app = create_app(environ_for(empty_database_url), TESTING=True)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def conn(migrated_database_url: str) -> Iterator[Connection]:
    """The tables as the migrations made them."""
    app = create_app(environ_for(migrated_database_url), TESTING=True)
    with app.app_context():
        with db.engine.connect() as connection:
            yield connection
        db.engine.dispose()


def test_each_migration_leads_to_one_next(empty_app: Flask) -> None:
    # given an empty database
    revisions = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
    assert len(SCRIPTS.get_heads()) == 1
    # when it is upgraded step by step
    for revision in revisions:
        flask_migrate.upgrade(revision=revision)
        # then each step is kept by itself
        with db.engine.connect() as conn:
            assert MigrationContext.configure(conn).get_current_revision() == revision
    # and a second upgrade finds nothing to do
    flask_migrate.upgrade()
    with db.engine.connect() as conn:
        assert triggers.missing(conn) == []


# SQLAlchemy does not know the type of the mark, which is why no model names it.
no_xid8 = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")


@no_xid8
def test_the_models_say_what_the_migrations_made(conn: Connection) -> None:
    options = {"compare_type": True, "include_object": _in_both if conn.dialect.name == "postgresql" else None}
    differences = compare_metadata(MigrationContext.configure(conn, opts=options), db.metadata)
    assert differences == []


def _in_both(_thing: Any, name: str | None, _kind: str, reflected: bool, compare_to: Any) -> bool:
    """Not the mark of a transaction, which only PostgreSQL has and no model names, nor the key it replaces."""
    return compare_to is not None or not name or ("xid" not in name and name != "fk_posting_entry_id_entry")


@no_xid8
def test_a_difference_would_be_found(conn: Connection) -> None:
    conn.execute(text("ALTER TABLE appeal ADD COLUMN forgotten TEXT"))
    assert compare_metadata(MigrationContext.configure(conn), db.metadata)
    conn.rollback()


def test_every_check_of_the_models_stands_in_the_database(conn: Connection) -> None:
    # given the named checks of the models, which comparing metadata does not look at
    wanted = {
        (table.name, str(constraint.name))
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    # when the database is asked for its own
    found = {
        (table, str(check["name"]))
        for table in inspect(conn).get_table_names()
        for check in inspect(conn).get_check_constraints(table)
    }
    # then they are the same, each with its name
    assert found == wanted


def test_every_constraint_has_the_name_of_the_convention(conn: Connection) -> None:
    looked = inspect(conn)
    for table in set(looked.get_table_names()) - {"alembic_version"}:
        names = [looked.get_pk_constraint(table)["name"]]
        names += [key["name"] or _name_of_key(conn, table, key) for key in looked.get_foreign_keys(table)]
        names += [key["name"] for key in looked.get_unique_constraints(table)]
        assert all(name and name.split("_")[0] in ("pk", "fk", "uq") for name in names), (table, names)


def _name_of_key(conn: Connection, table: str, key: Any) -> str | None:
    """SQLite shows the name of a key that came with its column only in the CREATE statement of the table."""
    (column,) = key["constrained_columns"]
    name = f"fk_{table}_{column}_{key['referred_table']}"
    made = conn.execute(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table}).scalar_one()
    return name if f"CONSTRAINT {name} REFERENCES" in made else None


def test_the_chart_of_accounts_and_the_suspense_fund_are_there_from_the_start(conn: Connection) -> None:
    accounts = set(conn.execute(text("SELECT code FROM account")).scalars())
    assert {1000, 1100, 1105, 1120, 1130, 2010, 2020, 2990, 4000, 4050, 5000, 5100} <= accounts
    assert conn.execute(text("SELECT slug, kind, appeal_id FROM fund")).all() == [("suspense", "suspense", None)]


@pytest.mark.parametrize("kind", ["suspense", "general"])
def test_there_is_one_fund_of_these_kinds_only(conn: Connection, kind: str) -> None:
    insert = text("INSERT INTO fund (slug, kind, name, share, position) VALUES (:slug, :kind, '{}', 0, 0)")
    if kind == "general":
        conn.execute(insert, {"slug": "general", "kind": kind})
    with pytest.raises(IntegrityError, match=f"uq_fund_{kind}|fund.kind"):
        conn.execute(insert, {"slug": "another", "kind": kind})


@pytest.mark.parametrize("revision", [script.revision for script in SCRIPTS.walk_revisions()])
@pytest.mark.databases("sqlite")
def test_the_books_are_never_taken_apart(revision: str, database_kind: str) -> None:
    module = SCRIPTS.get_revision(revision).module
    with pytest.raises(NotImplementedError, match="restore a backup"):
        module.downgrade()
