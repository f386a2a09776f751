"""Write units: whole or not at all, one writer at a time on SQLite, and nothing left behind by a failure."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError

from donations import create_app, database
from donations.extensions import db
from donations.models import Appeal, Heartbeat
from tests.factories import NOON
from tests.house import ROOT

ORPHAN = text(
    "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
    " SELECT 7, 0, 1105, id, 'GBP', 5 FROM fund WHERE slug = 'ali'"
)


def beat(worker: str) -> None:
    db.session.add(Heartbeat(worker=worker, at=NOON))
    db.session.flush()


def workers() -> set[str]:
    """What another thread sees, which is in no write unit."""
    found: set[str] = set()

    def look(engine: Engine) -> None:
        with engine.connect() as conn:
            found.update(conn.execute(text("SELECT worker FROM heartbeat")).scalars())

    thread = threading.Thread(target=look, args=(db.engine,))
    thread.start()
    thread.join()
    return found


def test_a_write_unit_is_committed_at_its_end(app: Flask) -> None:
    with database.write_unit():
        beat("one")
        assert workers() == set()
    assert workers() == {"one"}


def test_a_write_unit_that_fails_leaves_nothing(app: Flask) -> None:
    def fail() -> None:
        with database.write_unit():
            beat("one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert workers() == set()
    assert not database.in_write_unit()


def test_a_write_unit_that_fails_at_its_commit_leaves_nothing_and_the_next_one_works(app: Flask) -> None:
    # given a fault that shows only at COMMIT, after which SQLite keeps the transaction open
    def fail(number: int) -> None:
        with database.write_unit() as conn:
            beat(f"lost {number}")
            conn.execute(ORPHAN)

    for number in range(12):
        with pytest.raises(IntegrityError):
            fail(number)
    # when the next one writes
    with database.write_unit():
        beat("one")
    # then no connection of the pool is stuck in what failed, and no lock is held
    assert workers() == {"one"}
    with db.engine.connect() as conn:
        assert conn.execute(text("SELECT count(*) FROM posting")).scalar_one() == 0


def test_write_units_do_not_nest(app: Flask) -> None:
    with database.write_unit(), pytest.raises(AssertionError, match="do not nest"):
        database.write_unit().__enter__()
    with database.write_unit():
        beat("afterwards")
    assert workers() == {"afterwards"}


def test_what_was_read_before_a_write_unit_is_read_anew_in_it(app: Flask) -> None:
    # given an appeal that was read, and then paused by another person
    appeal = db.session.scalars(select(Appeal).where(Appeal.slug == "fighting-fund")).one()
    assert appeal.state == "open"
    db.session.rollback()
    with db.engine.begin() as conn:
        conn.execute(text("UPDATE appeal SET state = 'paused'"))
    # when a write unit begins
    with database.write_unit():
        # then nothing is decided on the stale row
        assert appeal.state == "paused"


def test_a_bare_write_unit_is_whole_or_not_at_all_too(app: Flask) -> None:
    beat_of = text("INSERT INTO heartbeat (worker, at) VALUES (:worker, '2026-11-21 12:00:00')")

    def fail() -> None:
        with database.bare_write_unit() as conn:
            conn.execute(beat_of, {"worker": "lost"})
            conn.execute(ORPHAN)

    for _ in range(12):
        with pytest.raises(IntegrityError):
            fail()
    with database.bare_write_unit() as conn:
        conn.execute(beat_of, {"worker": "one"})
    assert workers() == {"one"}
    assert not database.in_write_unit()


@pytest.mark.databases("sqlite")
def test_a_connection_whose_commit_failed_goes_back_to_the_pool_clean(app: Flask) -> None:
    # given a connection without a session, and a fault at its COMMIT
    with db.engine.connect() as conn:
        conn.execute(ORPHAN)
        with pytest.raises(IntegrityError):
            conn.commit()
        raw = conn.connection.dbapi_connection
    # when it is given back
    # then it holds no lock
    assert raw is not None
    assert not raw.in_transaction


def test_a_savepoint_that_fails_leaves_the_rest_of_the_unit(app: Flask) -> None:
    with database.write_unit() as conn:
        beat("kept")
        with pytest.raises((database.OrphanPosting, IntegrityError, psycopg.IntegrityError)), database.savepoint(conn):
            conn.execute(ORPHAN)
    assert workers() == {"kept"}


def in_threads(app: Flask, count: int, work: Callable[[int], None]) -> list[BaseException]:
    failures: list[BaseException] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            with app.app_context():
                start.wait(timeout=10)
                work(number)
                db.session.remove()
        except BaseException as error:  # told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a writer waits for ever"
    return failures


def test_many_threads_that_read_and_then_write_lose_nothing(app: Flask) -> None:
    # given a number that each of eight threads reads, adds to and writes
    with database.write_unit():
        db.session.execute(text("UPDATE appeal SET goal_minor = 1"))

    def add(_number: int) -> None:
        for _ in range(5):
            with database.write_unit():
                lock = "" if database.is_sqlite() else " FOR UPDATE"
                row = db.session.execute(text(f"SELECT id, goal_minor FROM appeal WHERE slug = 'kurmanov'{lock}")).one()
                db.session.execute(
                    text("UPDATE appeal SET goal_minor = :goal WHERE id = :id"), {"goal": row[1] + 1, "id": row[0]}
                )

    # when all of them do
    failures = in_threads(app, 8, add)
    # then none failed and none was lost
    assert failures == []
    assert db.session.execute(text("SELECT goal_minor FROM appeal WHERE slug = 'kurmanov'")).scalar_one() == 41


WRITER = """
import sys
from donations import create_app, database
from donations.extensions import db
from sqlalchemy import text
with create_app().app_context():
    for _ in range(10):
        with database.write_unit():
            goal = db.session.execute(text("SELECT goal_minor FROM appeal WHERE slug = 'kurmanov'")).scalar_one()
            db.session.execute(text("UPDATE appeal SET goal_minor = :goal"), {"goal": goal + 1})
"""


@pytest.mark.databases("sqlite")
def test_many_processes_that_read_and_then_write_lose_nothing(app: Flask, server_environ: dict[str, str]) -> None:
    with database.write_unit():
        db.session.execute(text("UPDATE appeal SET goal_minor = 1"))
    # when three processes write at once
    command = [sys.executable, "-c", WRITER]
    processes = [subprocess.Popen(command, env=server_environ, cwd=ROOT) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    # then each saw what the other wrote
    assert db.session.execute(text("SELECT goal_minor FROM appeal WHERE slug = 'kurmanov'")).scalar_one() == 31


@pytest.mark.databases("sqlite")
def test_a_reader_takes_no_write_lock_and_does_not_wait_for_a_writer(app: Flask) -> None:
    with database.write_unit():
        beat("one")
        # when a page is read meanwhile
        # then it is answered at once, with what is committed
        assert workers() == set()
    # and a reader that sits on its transaction does not keep a writer waiting
    with db.engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM heartbeat"))
        with database.write_unit():
            beat("two")
    assert workers() == {"one", "two"}


@pytest.mark.databases("sqlite")
def test_every_connection_to_sqlite_keeps_what_the_books_rely_on(app: Flask) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 10_000,
    }
    with db.engine.connect() as first, db.engine.connect() as second:
        for conn in (first, second):
            assert {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted} == wanted


@pytest.mark.databases("sqlite")
def test_the_lock_file_is_for_its_owner_only(app: Flask) -> None:
    with database.write_unit():
        pass
    lock = Path(f"{make_url(str(db.engine.url)).database}.write-lock")
    assert lock.stat().st_mode & 0o777 == 0o600


def test_two_apps_in_one_process_keep_their_databases_apart(
    app: Flask, environ: dict[str, str], tmp_path: Path
) -> None:
    other = create_app(environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"}, TESTING=True)
    with other.app_context():
        assert db.engine.dialect.name == "sqlite"
        assert "other.db" in str(db.engine.url)
        db.engine.dispose()
