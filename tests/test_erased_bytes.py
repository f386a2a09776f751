"""What was erased is in no byte of the database any more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from donations import database, retention
from donations.extensions import db
from donations.installation import vacuum
from donations.worker import erasure
from donations.worker.jobs import JOBS
from tests.factories import NOON
from tests.fixtures.lived import erase

SEVEN_YEARS = timedelta(days=7 * 366)


@pytest.mark.databases("sqlite")
def test_not_a_byte_of_it_is_left_in_the_files_of_sqlite(app: Flask, lived: dict[str, Any]) -> None:
    database.truncate_wal()
    file = app.config["SETTINGS"].database_file
    inside = [value for value in lived["sealed"] if value in bytes_of(file)]
    assert len(inside) > 5, "what is looked for stands there before"
    erase(NOON + SEVEN_YEARS)
    assert [value for value in lived["sealed"] if value in bytes_of(file)] == []


@pytest.mark.databases("postgresql")
def test_not_a_byte_of_it_is_left_in_the_tables_of_postgresql_a_day_later(lived: dict[str, Any]) -> None:
    inside = [value for value in lived["sealed"] if value in bytes_of_tables()]
    assert len(inside) > 5, "what is looked for stands there before"
    erase(NOON + SEVEN_YEARS)
    dead = text(
        "SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE relname IN ('donation', 'statement_line', 'mail')"
    )
    assert db.session.scalar(dead) == 0, "no row of before is left that could be read"
    next(job for job in JOBS if job.name == "rewrite-tables").run(NOON + SEVEN_YEARS)
    assert [value for value in lived["sealed"] if value in bytes_of_tables()] == []


@pytest.mark.databases("postgresql")
def test_a_large_table_and_one_that_is_being_read_are_left_for_later(lived: dict[str, Any]) -> None:
    names = ("donation", "mail")
    db.session.rollback()
    with db.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM mail"))
        before = [relation(name) for name in names]
        vacuum.rewrite(["donation"], most_bytes=1)
        vacuum.rewrite(["mail"], most_bytes=erasure.SMALL_TABLE)
        assert [relation(name) for name in names] == before
        assert reader.scalar(text("SHOW lock_timeout")) == "0"
    vacuum.rewrite(names, most_bytes=erasure.SMALL_TABLE)
    assert all(now != then for now, then in zip([relation(name) for name in names], before, strict=True))


def relation(name: str) -> int:
    """The number of the file that a table is in: another one when it was rewritten."""
    with db.engine.connect() as conn:
        number: int = conn.execute(
            text("SELECT pg_relation_filenode(CAST(:name AS regclass))"), {"name": name}
        ).scalar_one()
        return number


def bytes_of_tables() -> bytes:
    """Whatever PostgreSQL's files hold of the tables with personal data, and of what is too long for them."""
    db.session.rollback()
    asked = text("SELECT pg_relation_filepath(oid), pg_relation_filepath(nullif(reltoastrelid, 0)) FROM pg_class"
                 " WHERE oid = CAST(:name AS regclass)")  # fmt: skip
    read, found = text("SELECT pg_read_binary_file(:path)"), b""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("CHECKPOINT")
        for name in sorted({rule.table.name for rule in retention.RULES}):
            for path in filter(None, conn.execute(asked, {"name": name}).one()):
                found += conn.execute(read, {"path": path}).scalar_one()
    return found


def bytes_of(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
