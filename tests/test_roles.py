"""Two roles on PostgreSQL: the app's reads and writes rows, and cannot remove the ledger's guards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from donations import archives, config, create_app, ledger
from donations.config.source import Source
from donations.database import write_unit
from donations.extensions import db
from donations.installation import roles
from donations.models import Donation, Receipt
from donations.worker import erasure
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, gbp
from tests.fixtures.databases import load_appeals, make_tables
from tests.fixtures.settings import environ_for
from tests.receipts.test_issuance import begun

OWNER, APP = "fund_owner", "fund_app"
OUT_OF_REACH = (
    "ALTER TABLE posting DISABLE TRIGGER ALL",
    "ALTER TABLE audit DISABLE TRIGGER USER",
    "DROP TRIGGER posting_never_truncated ON posting",
    "TRUNCATE audit",
    "DROP TABLE receipt",
    "ALTER TABLE entry OWNER TO fund_app",
    "CREATE TABLE mine (id integer)",
    "UPDATE alembic_version SET version_num = '0001'",
    "SET session_replication_role = replica",
)


@pytest.fixture
def two_roles(empty_database_url: str) -> Iterator[Flask]:
    """The app, signed in as a role that owns nothing, on tables that another has made."""
    admin = make_url(empty_database_url)
    with psycopg.connect(
        host=str(admin.query["host"]), user="postgres", dbname=admin.database, autocommit=True
    ) as conn:
        for role in (OWNER, APP):
            if not conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                conn.execute(f"CREATE ROLE {role} LOGIN")  # type: ignore[call-overload]
        conn.execute(f"ALTER DATABASE {admin.database} OWNER TO {OWNER}")  # type: ignore[call-overload]
    url, owners = (admin.set(username=role).render_as_string() for role in (APP, OWNER))
    made = create_app({**environ_for(url), "MIGRATION_DATABASE_URL": owners}, TESTING=True)
    with made.app_context():
        make_tables()
        load_appeals()
        yield made
        db.session.remove()
        db.engine.dispose()


def refused_alone() -> None:
    """Each of the statements is refused, as the app's role."""
    for statement in OUT_OF_REACH:
        with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"), write_unit() as conn:
            conn.execute(text(statement))


@pytest.mark.databases("postgresql")
def test_the_app_works_as_a_role_that_cannot_take_off_what_guards_the_books(two_roles: Flask, tmp_path: Path) -> None:
    two_roles.config["FILES_FOLDER"] = str(tmp_path / "files")
    # when money is given, it is booked and receipted
    hear(a_charge(begun(nonce="by another role"), gbp("20.00")))
    fresh()
    assert [one.label for one in db.session.scalars(select(Receipt))] == ["R-000001"]
    assert ledger.check(db.session.connection(), NOON).findings == ()
    # and the ledger's guards are out of reach, as they are for an intruder in the app
    refused_alone()
    assert not roles.owns_ledger_tables(db.session.connection())
    # and a copy is made by that role, and restored by the owner's, with the same outcome
    archives.write(tmp_path / "a.ffarchive", two_roles.config["SETTINGS"], at=NOON)
    db.session.remove()
    db.engine.dispose()
    answer = two_roles.test_cli_runner().invoke(args=["restore", "--replace", str(tmp_path / "a.ffarchive")])
    assert answer.exit_code == 0, answer.exception
    hear(a_charge(begun(nonce="after the restore"), gbp("20.00")))
    refused_alone()


@pytest.mark.databases("postgresql")
def test_the_owners_role_is_told_apart(two_roles: Flask) -> None:
    with roles.owner_engine() as engine, engine.connect() as conn:
        assert roles.owns_ledger_tables(conn)


@pytest.mark.databases("sqlite")
def test_the_processes_that_serve_never_get_the_owners_address() -> None:
    told = {"MIGRATION_DATABASE_URL": "postgresql://fund_owner@/fund", "DATABASE_URL": "postgresql://fund_app@/fund"}
    assert "fund_owner" not in str(Source(told).handed_down())


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("owners", ["sqlite:////tmp/a.db", "postgresql://fund_owner@/another"])
def test_an_owners_address_of_another_database_is_refused(owners: str) -> None:
    faults, settings = config.examine({**environ_for("postgresql://fund_app@/fund"), "MIGRATION_DATABASE_URL": owners})
    assert settings is None
    assert [fault.facts["setting"] for fault in faults] == ["MIGRATION_DATABASE_URL"]


@pytest.mark.databases("postgresql")
def test_what_is_due_is_erased_by_a_role_that_may_not_vacuum(two_roles: Flask, tmp_path: Path) -> None:
    two_roles.config["FILES_FOLDER"] = str(tmp_path / "files")
    reference = begun()
    later = NOON + timedelta(days=7 * 366)
    assert erasure.erase_personal_data(later) > 0
    erasure.rewrite_tables(later)
    db.session.rollback()
    assert Donation.by_reference(reference).name_sealed is None
