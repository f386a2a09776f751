"""One address for a monitor: well, or naming everything that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
from donations.models import Halt
from tests import events

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


def health(client: FlaskClient, at: datetime = NOW) -> tuple[int, Any]:
    with time_machine.travel(at, tick=False):
        answer = client.get("/healthz")
    return answer.status_code, answer.json


@pytest.fixture
def beaten(app: Flask) -> None:
    worker.beat(NOW)


def test_it_is_well_while_the_worker_lives(client: FlaskClient, beaten: None) -> None:
    assert health(client) == (200, {"status": "ok"})
    assert health(client, NOW + timedelta(seconds=119)) == (200, {"status": "ok"})


def test_a_worker_that_never_was_is_named(client: FlaskClient) -> None:
    assert health(client) == (503, {"status": "failing", "faults": ["worker: no sign of life"]})


def test_a_worker_that_fell_silent_is_named_with_its_last_sign(client: FlaskClient, beaten: None) -> None:
    status, said = health(client, NOW + timedelta(seconds=121))
    assert (status, said["faults"]) == (503, ["worker: silent since 2026-11-21T20:00:00Z"])


def test_one_of_several_workers_is_enough(client: FlaskClient, beaten: None) -> None:
    with write_unit() as conn:
        conn.execute(text("INSERT INTO heartbeat (worker, at) VALUES ('gone:1', '2026-11-21 18:00:00')"))
    assert health(client) == (200, {"status": "ok"})


def test_an_event_that_is_overdue_is_named(client: FlaskClient, beaten: None) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(minutes=29))
    assert health(client) == (200, {"status": "ok"})
    status, told = health(client, NOW + timedelta(seconds=61))
    assert (status, told["faults"]) == (503, ["inbox: 1 events are overdue"])


def test_a_mail_that_is_overdue_is_named(client: FlaskClient, beaten: None) -> None:
    with write_unit() as conn:
        outbox.queue(
            conn, "receipt", "receipt:R-1", to="maya@example.org", language="en", at=NOW - timedelta(minutes=29)
        )
    assert health(client) == (200, {"status": "ok"})
    status, told = health(client, NOW + timedelta(seconds=61))
    assert (status, told["faults"]) == (503, ["outbox: 1 mails are overdue"])
    assert "maya" not in str(told)


def test_stopped_posting_is_named_with_its_moment_and_no_figure(client: FlaskClient, beaten: None) -> None:
    with write_unit():
        db.session.add(Halt(id=1, since=NOW - timedelta(hours=2), reason="I10: fund 3: stored 1999 GBP"))
    status, told = health(client)
    assert (status, told["faults"]) == (503, ["posting stopped since 2026-11-21T18:00:00Z"])
    with write_unit():
        db.session.delete(db.session.get_one(Halt, 1))
    assert health(client) == (200, {"status": "ok"})


def test_all_that_is_wrong_is_named_at_once(client: FlaskClient) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(hours=1))
    with write_unit() as conn:
        outbox.queue(conn, "receipt", "receipt:R-1", to="maya@example.org", language="en", at=NOW - timedelta(hours=1))
    status, told = health(client)
    assert status == 503
    assert [fault.split(":")[0] for fault in told["faults"]] == ["worker", "inbox", "outbox"]


def test_a_parked_event_waits_for_a_person_and_is_not_overdue(client: FlaskClient, beaten: None) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOW - timedelta(hours=1))
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET state = 'parked', next_attempt_at = NULL"))
    assert health(client) == (200, {"status": "ok"})


def test_a_database_that_does_not_answer_is_named_and_nothing_more(client: FlaskClient, beaten: None) -> None:
    def down(_conn: Any) -> None:
        raise OperationalError("", {}, Exception("password of the database"))

    listen.listen(db.engine, "begin", down)
    try:
        status, said = health(client)
    finally:
        listen.remove(db.engine, "begin", down)
    assert (status, said) == (503, {"status": "failing", "faults": ["database: OperationalError"]})


def test_a_database_without_tables_is_named(client: FlaskClient, beaten: None) -> None:
    with write_unit() as conn:
        conn.execute(text("ALTER TABLE heartbeat RENAME TO elsewhere"))
    status, said = health(client)
    assert status == 503
    assert said["faults"][0].startswith("database: ")
