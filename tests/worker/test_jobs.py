"""Periodic jobs run when they are due and by one worker at a time; a worker says that it lives."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from donations import inbox, outbox, stripe_gateway, totals, worker
from donations.database import write_unit
from donations.errors import PaymentServiceDown
from donations.extensions import db
from donations.models import Appeal, Heartbeat, Job
from donations.worker import cursors, jobs, queues
from tests import events
from tests.events import fresh, rows
from tests.factories import NOON, gbp
from tests.worker.steps import received

WAIT_SECONDS = 30
MINUTE = timedelta(minutes=1)


def due_at(name: str) -> datetime:
    fresh()
    return db.session.get_one(Job, name).due_at


def test_a_discreet_total_is_published_every_quarter_of_an_hour(app: Flask) -> None:
    for _ in range(3):  # as many as a discreet figure waits for
        received("campaign-kazakhstan")

    def published() -> tuple[Any, datetime]:
        fresh()
        total = totals.public(Appeal.any_by_slug("campaign-kazakhstan"), NOON)
        return total.raised, total.as_of

    jobs.run_jobs(NOON)
    assert published() == (gbp("60.00"), NOON)
    for _ in range(3):
        received("campaign-kazakhstan")
    jobs.run_jobs(NOON + timedelta(minutes=14, seconds=59))
    assert published() == (gbp("60.00"), NOON)
    jobs.run_jobs(NOON + timedelta(minutes=15))
    assert published() == (gbp("120.00"), NOON + timedelta(minutes=15))


def counting(monkeypatch: pytest.MonkeyPatch, run: Callable[[datetime], None]) -> None:
    monkeypatch.setattr(jobs, "JOBS", (jobs.Periodic("counted", timedelta(seconds=30), run),))


def test_a_job_runs_when_it_is_due_and_not_before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[datetime] = []
    counting(monkeypatch, runs.append)
    for seconds in (0, 1, 29, 30, 31, 59, 61):
        jobs.run_jobs(NOON + timedelta(seconds=seconds))
    assert [(run - NOON).seconds for run in runs] == [0, 30, 61]


def test_a_job_that_fails_is_noted_and_runs_again_when_it_is_due(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_at: datetime) -> None:
        raise PaymentServiceDown()

    counting(monkeypatch, fail)
    assert jobs.run_jobs(NOON) == 1
    fresh()
    job = db.session.get_one(Job, "counted")
    assert (job.last_error, job.last_run_at, job.leased_until) == ("PaymentServiceDown", NOON, None)
    assert due_at("counted") == NOON + timedelta(seconds=30)
    runs: list[datetime] = []
    counting(monkeypatch, runs.append)
    jobs.run_jobs(NOON + timedelta(seconds=30))
    fresh()
    assert len(runs) == 1
    assert db.session.get_one(Job, "counted").last_error is None


def test_a_job_that_somebody_has_is_not_run_twice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[datetime] = []

    def run(at: datetime) -> None:
        runs.append(at)
        if len(runs) == 1:  # While it runs, another worker comes by.
            assert jobs.run_jobs(at + timedelta(seconds=60)) == 0

    counting(monkeypatch, run)
    jobs.run_jobs(NOON)
    assert len(runs) == 1


def test_a_job_whose_worker_died_is_given_back_when_its_lease_runs_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[datetime] = []
    counting(monkeypatch, runs.append)
    with write_unit():
        db.session.add(Job(name="counted", due_at=NOON, leased_until=NOON + jobs.LEASE))
    jobs.run_jobs(NOON + MINUTE)
    assert runs == []
    jobs.run_jobs(NOON + jobs.LEASE)
    assert len(runs) == 1


@pytest.mark.parametrize("column", ["due_at", "leased_until"])
def test_a_moment_from_a_clock_that_was_wrong_holds_no_job_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    # given a job that is due, or leased, until a moment further ahead than there can be one
    runs: list[datetime] = []
    counting(monkeypatch, runs.append)
    moments = {"due_at": NOON, "leased_until": None} | {column: NOON + timedelta(minutes=10)}
    with write_unit():
        db.session.add(Job(name="counted", memory={}, **moments))
    # then it runs now, and from then on in its time
    jobs.run_jobs(NOON)
    jobs.run_jobs(NOON + timedelta(seconds=29))
    assert runs == [NOON]
    assert due_at("counted") == NOON + timedelta(seconds=30)


def test_clocks_of_two_hosts_may_differ_by_seconds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[datetime] = []
    counting(monkeypatch, runs.append)
    for seconds in (0, -20, 10, 29):
        jobs.run_jobs(NOON + timedelta(seconds=seconds))
    assert runs == [NOON]


def test_a_cursor_from_a_clock_that_was_wrong_hides_nothing(app: Flask) -> None:
    cursors.move_cursor("events", NOON + timedelta(days=400))
    assert cursors.cursor("events", NOON - MINUTE, at=NOON) == NOON - timedelta(days=30)
    cursors.move_cursor("events", NOON + timedelta(seconds=30))
    assert cursors.cursor("events", NOON - MINUTE, at=NOON) == NOON + timedelta(seconds=30)


def test_an_event_and_a_mail_from_a_clock_that_was_wrong_do_not_wait_for_it(app: Flask) -> None:
    said = events.as_text({**events.succeeded(None), "api_version": "2019-12-03"})
    later = NOON + timedelta(days=400)
    inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=later)
    with write_unit() as conn:
        outbox.queue(
            conn, "alarm", "alarm:x:y", to="a@b.example", language="en", at=later, facts={"name": "", "said": ""}
        )
    assert inbox.anything_due(at=NOON)
    assert queues.send_mails(NOON) == 1


def test_while_the_database_is_away_one_line_is_logged_and_it_is_asked_ever_more_rarely(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    pauses: list[float] = []
    down = OperationalError("", {}, psycopg.OperationalError("connection refused"))

    def beat(_at: datetime) -> None:
        if len(pauses) < 8:
            raise down

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 10:
            Event.set(stop)
        return stop.is_set()

    Event = threading.Event
    monkeypatch.setattr(stop, "wait", wait)
    monkeypatch.setattr(worker, "beat", beat)
    monkeypatch.setattr(worker, "work", lambda _at: 0)
    with caplog.at_level("WARNING"):
        worker.run(app, stop, idle_seconds=0.5)
    lines = [record.message for record in caplog.records]
    assert pauses == [1, 2, 4, 8, 15, 15, 15, 15, 0.5, 0.5]
    assert len(lines) == 2, lines
    assert lines[0].startswith("the database fails: OperationalError: connection refused")
    assert lines[1].startswith("the database works again: it had failed 8 times")
    assert "Traceback" not in caplog.text


def test_a_job_that_goes_on_failing_is_logged_once_and_once_when_it_is_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]

    def run(_at: datetime) -> None:
        if broken:
            raise ZeroDivisionError

    counting(monkeypatch, run)
    with caplog.at_level("WARNING"):
        for minutes in range(5):
            jobs.run_jobs(NOON + minutes * MINUTE)
        broken.clear()
        jobs.run_jobs(NOON + 9 * MINUTE)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "job counted works again: it had failed 5 times" in caplog.text


def test_two_workers_that_begin_at_once_run_a_job_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[datetime] = []
    failures: list[BaseException] = []
    barrier = threading.Barrier(4)
    counting(monkeypatch, runs.append)

    def work() -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                jobs.run_jobs(NOON)
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert failures == []
    assert len(runs) == 1


def test_a_worker_says_that_it_lives_and_forgets_who_is_long_gone(app: Flask) -> None:
    with write_unit():
        db.session.add(Heartbeat(worker="gone:1", at=NOON - timedelta(days=2)))
        db.session.add(Heartbeat(worker="lately:1", at=NOON - timedelta(hours=2)))
    for seconds in (0, 10):
        worker.beat(NOON + timedelta(seconds=seconds))
    fresh()
    beats = {row.worker: row.at for row in db.session.query(Heartbeat)}
    assert beats == {
        "lately:1": NOON - timedelta(hours=2),
        f"{socket.gethostname()}:{os.getpid()}": NOON + timedelta(seconds=10),
    }


def test_the_loop_goes_on_after_a_fault_and_ends_when_it_is_told_to(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    turns: list[int] = []

    def work(_at: datetime) -> int:
        turns.append(len(turns))
        if len(turns) == 1:
            raise ZeroDivisionError
        if len(turns) == 3:
            stop.set()
        return 1

    monkeypatch.setattr(worker, "work", work)
    worker.run(app, stop, idle_seconds=0)
    assert len(turns) == 3
    assert "the worker fails: ZeroDivisionError" in caplog.text
    assert rows("heartbeat") == 0  # It took its sign of life back.
