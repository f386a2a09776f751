"""One address for a monitor: well, or naming everything that is wrong."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as listen
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from donations import inbox, outbox, stripe_gateway, worker
from donations.database import write_unit
from donations.extensions import db
from donations.installation import disk
from donations.models import Heartbeat, Job, PostingStop
from tests import events
from tests.events import rows
from tests.factories import a_donation

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


WELL = (200, {"status": "ok", "warnings": []})


def health(client: FlaskClient, at: datetime = NOW) -> tuple[int, Any]:
    with time_machine.travel(at, tick=False):
        answer = client.get("/healthz")
    return answer.status_code, answer.json


@pytest.fixture
def beaten(app: Flask) -> None:
    worker.beat(NOW)


def test_it_is_well_while_the_worker_lives(client: FlaskClient, beaten: None) -> None:
    assert health(client) == WELL
    assert health(client, NOW + timedelta(seconds=119)) == WELL


def test_a_worker_that_never_was_is_named(client: FlaskClient) -> None:
    assert health(client) == (503, {"status": "failing", "faults": ["worker: no sign of life"], "warnings": []})


def test_a_worker_that_fell_silent_is_named_with_its_last_sign(client: FlaskClient, beaten: None) -> None:
    status, said = health(client, NOW + timedelta(seconds=121))
    assert (status, said["faults"]) == (503, ["worker: silent since 2026-11-21T20:00:00Z"])


def beats(**workers: datetime) -> None:
    with write_unit():
        db.session.add_all(Heartbeat(worker=f"{host}:1", at=at) for host, at in workers.items())


@pytest.mark.databases("postgresql")
def test_a_host_whose_worker_fell_silent_is_named_though_another_works(client: FlaskClient, beaten: None) -> None:
    beats(gone=NOW - timedelta(hours=2))
    status, said = health(client)
    assert (status, said["faults"]) == (503, ["worker: silent on 1 of 2 hosts"])
    assert "gone" not in str(said)
    worker.forget("gone")
    assert health(client) == WELL


@pytest.mark.databases("sqlite")
def test_on_sqlite_one_worker_is_enough_whatever_this_machine_was_called(client: FlaskClient, beaten: None) -> None:
    beats(gone=NOW - timedelta(hours=2))
    assert health(client) == WELL


def test_a_sign_of_life_in_the_future_hides_no_dead_worker(client: FlaskClient) -> None:
    beats(host=NOW + timedelta(hours=2))
    status, said = health(client)
    assert (status, said["faults"]) == (503, ["worker: its sign of life lies in the future, so a clock is wrong"])
    with write_unit():
        db.session.add(Heartbeat(worker="host:2", at=NOW - timedelta(minutes=3)))
    assert health(client)[1]["faults"] == ["worker: silent since 2026-11-21T19:57:00Z"]


def test_the_worker_of_this_process_is_not_missed_once_it_has_ended_as_it_was_told(
    app: Flask, client: FlaskClient
) -> None:
    beats(other=NOW)
    stop = threading.Event()
    stop.set()
    worker.beat(NOW)
    worker.run(app, stop)
    assert health(client) == WELL


def test_a_job_that_nobody_runs_is_named_and_one_that_fails_is_a_warning(client: FlaskClient, beaten: None) -> None:
    with write_unit():
        db.session.add(Job(name="movements", due_at=NOW - timedelta(minutes=9), memory={}, last_error="BadEvent"))
        db.session.add(Job(name="objects", due_at=NOW - timedelta(minutes=59), memory={}))
        db.session.add(Job(name="of an older version", due_at=NOW - timedelta(days=9), memory={}, last_error="X"))
    assert health(client) == (200, {"status": "ok", "warnings": ["job movements: failed (BadEvent)"]})
    worker.beat(NOW + timedelta(minutes=2))
    faults = health(client, NOW + timedelta(minutes=2))[1]["faults"]
    assert sorted(faults) == [
        "job movements: due since 2026-11-21T19:51:00Z",
        "job objects: due since 2026-11-21T19:01:00Z",
    ]


def test_tables_of_another_version_are_named(client: FlaskClient, beaten: None) -> None:
    for version in ("0001", "9999"):
        with write_unit() as conn:
            conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        status, said = health(client)
        assert (status, said["faults"]) == (503, ["schema: the tables are of another version"])


@pytest.mark.databases("sqlite")
def test_a_database_that_is_read_only_is_named(client: FlaskClient, beaten: None) -> None:
    def read_only(conn: Any) -> None:
        conn.exec_driver_sql("PRAGMA query_only=ON")

    listen.listen(db.engine, "begin", read_only)
    try:
        assert health(client)[1]["faults"] == ["database: it cannot be written to"]
    finally:
        listen.remove(db.engine, "begin", read_only)


@pytest.mark.databases("postgresql")
def test_a_standby_or_read_only_server_is_named(client: FlaskClient, beaten: None) -> None:
    def read_only(conn: Any) -> None:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")

    listen.listen(db.engine, "begin", read_only)
    try:
        assert health(client)[1]["faults"] == ["database: it cannot be written to"]
    finally:
        listen.remove(db.engine, "begin", read_only)


def test_the_look_at_writing_writes_nothing_and_leaves_its_connection_as_it_was(
    client: FlaskClient, beaten: None
) -> None:
    before = rows("heartbeat")
    for _ in range(3):
        health(client)
    assert rows("heartbeat") == before
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as conn:
            assert conn.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


@pytest.mark.databases("sqlite")
def test_somebody_who_is_writing_is_no_fault(client: FlaskClient, beaten: None, app: Flask) -> None:
    with closing(sqlite3.connect(app.config["SETTINGS"].database_file)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        assert health(client) == WELL


def test_a_full_disk_is_named_with_the_limit(
    client: FlaskClient, beaten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk.os, "statvfs", lambda _place: SimpleNamespace(f_bavail=50, f_frsize=2**20))
    status, said = health(client)
    assert (status, said["faults"][0]) == (503, "disk: 50 MiB free, and 100 MiB are needed")
    monkeypatch.setattr(disk.os, "statvfs", lambda _place: SimpleNamespace(f_bavail=500, f_frsize=2**20))
    assert health(client)[1]["warnings"][0] == "disk: only 500 MiB free"


def test_a_flood_of_questions_is_answered_once(app: Flask, client: FlaskClient, beaten: None) -> None:
    app.config["HEALTH_KEPT_SECONDS"] = 60
    assert health(client) == WELL
    asked: list[str] = []
    listen.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for _ in range(20):
        assert health(client) == WELL
    assert asked == []


def test_a_process_that_answers_lives_whatever_the_database_does(client: FlaskClient) -> None:
    def down(_conn: Any) -> None:
        raise OperationalError("", {}, Exception("down"))

    listen.listen(db.engine, "begin", down)
    try:
        answer = client.get("/livez")
    finally:
        listen.remove(db.engine, "begin", down)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_an_event_that_is_overdue_is_named(client: FlaskClient, beaten: None) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(minutes=29))
    assert health(client) == WELL
    assert health(client, NOW + timedelta(seconds=61)) == (200, {"status": "ok", "warnings": ["late events: 1"]})


def test_a_mail_that_is_overdue_is_named(client: FlaskClient, beaten: None) -> None:
    with write_unit() as conn:
        outbox.queue(
            conn, "receipt", "receipt:R-1", to="maya@example.org", language="en", at=NOW - timedelta(minutes=29)
        )
    assert health(client) == WELL
    status, told = health(client, NOW + timedelta(seconds=61))
    assert (status, told["warnings"]) == (200, ["late mails: 1"])
    assert "maya" not in str(told)


def test_stopped_posting_is_named_with_its_moment_and_no_figure(client: FlaskClient, beaten: None) -> None:
    with write_unit():
        db.session.add(PostingStop(id=1, since=NOW - timedelta(hours=2), reason="I10: fund 3: stored 1999 GBP"))
    status, told = health(client)
    assert (status, told["faults"]) == (503, ["posting stopped since 2026-11-21T18:00:00Z"])
    with write_unit():
        db.session.delete(db.session.get_one(PostingStop, 1))
    assert health(client) == WELL


def test_all_that_is_wrong_is_named_at_once(client: FlaskClient) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(hours=1))
    with write_unit() as conn:
        outbox.queue(conn, "receipt", "receipt:R-1", to="maya@example.org", language="en", at=NOW - timedelta(hours=1))
    status, told = health(client)
    assert status == 503
    assert [fault.split(":")[0] for fault in told["faults"] + told["warnings"]] == [
        "worker",
        "late events",
        "late mails",
    ]


def test_a_parked_event_waits_for_a_person_and_is_not_overdue(client: FlaskClient, beaten: None) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(hours=1))
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET state = 'parked', next_attempt_at = NULL"))
    assert health(client) == (200, {"status": "ok", "warnings": ["parked events: 1"]})


def test_a_database_that_does_not_answer_is_named_and_nothing_more(client: FlaskClient, beaten: None) -> None:
    def down(_conn: Any) -> None:
        raise OperationalError("", {}, Exception("password of the database"))

    listen.listen(db.engine, "begin", down)
    try:
        status, said = health(client)
    finally:
        listen.remove(db.engine, "begin", down)
    assert (status, said) == (
        503,
        {"status": "failing", "faults": ["database: OperationalError"], "warnings": []},
    )


def test_a_database_without_tables_is_named(client: FlaskClient, beaten: None) -> None:
    with write_unit() as conn:
        conn.execute(text("ALTER TABLE heartbeat RENAME TO elsewhere"))
    status, said = health(client)
    assert status == 503
    assert said["faults"][0].startswith("database: ")


def test_card_testing_is_a_warning_and_stops_nothing(client: FlaskClient, beaten: None, appeals: dict) -> None:
    for _ in range(9):
        with write_unit():
            donation = a_donation(appeals["hands-off-ali"], at=NOW)
        events.hear(events.a_charge(donation.reference, donation.amount, status="failed", at=NOW), at=NOW)
    said = "card testing: more than 40 % of the last charges were declined"
    assert health(client) == (200, {"status": "ok", "warnings": [said]})
