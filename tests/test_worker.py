"""The worker: each mail sent once and none lost, what Stripe did not tell asked for, periodic jobs run by one at a
time, and a clean end. Time is passed in; a real mail server and the sandbox are at the other ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import text

from donations import giving, ledger, totals, worker
from donations.database import write_unit
from donations.errors import PaymentServiceDown
from donations.extensions import db
from donations.models import Appeal, Donation, Heartbeat, Job, Mail
from donations.web.supporters import checkout
from donations.worker import jobs
from donations.worker.queues import LEASE, send_mails
from donations.worker.sessions import expire_checkouts, look_at_sessions
from tests.events import a_charge, balances, fresh, hear, rows, signature, succeeded
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import MailServer, Stripe, plain_text
from tests.fixtures.settings import environ_for
from tests.house import ROOT

WAIT_SECONDS = 30
MINUTE = timedelta(minutes=1)


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url, "SMTP_URL": mail_server.url}


@pytest.fixture
def now() -> datetime:
    """The sandbox keeps real time, so what is asked of it does too."""
    return datetime.now(UTC)


def received(slug: str = "hands-off-ali", *, at: datetime = NOON, **columns: Any) -> str:
    """A gift that was received, so that its receipt's mail is due. Gives its reference."""
    with write_unit():
        reference = a_donation(Appeal.any_by_slug(slug), at=at, **columns).reference
    hear(a_charge(reference, gbp("20.00"), at=at), at=at)
    return reference


def the_mail() -> Mail:
    fresh()
    return db.session.query(Mail).one()


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), NOON).sound


# Mail.


def test_a_mail_is_sent_once_and_its_address_goes(app: Flask, mail_server: MailServer) -> None:
    received()
    assert send_mails(NOON) == 1
    assert mail_server.recipients == [["maya@example.org"]]
    mail = the_mail()
    assert (mail.state, mail.sent_at, mail.recipient_sealed, mail.attempts) == ("sent", NOON, None, 1)
    assert (mail.leased_until, mail.next_attempt_at, mail.last_error) == (None, None, None)
    # and no second time
    for later in (MINUTE, timedelta(days=1)):
        assert send_mails(NOON + later) == 0
    assert len(mail_server.mails) == 1


def test_a_mail_that_is_not_due_yet_waits(app: Flask, mail_server: MailServer) -> None:
    received()
    assert send_mails(NOON - timedelta(seconds=1)) == 0
    assert mail_server.mails == []


def test_each_mail_goes_to_its_own_reader(app: Flask, mail_server: MailServer) -> None:
    for _ in range(3):
        received()
    assert send_mails(NOON) == 3
    subjects = sorted(mail["Subject"] for mail in mail_server.mails)
    assert subjects == [f"Your receipt R-00000{number}" for number in (1, 2, 3)]
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 3


def test_while_the_mail_server_is_down_nothing_is_lost_and_it_is_asked_with_patience(
    app: Flask, mail_server: MailServer
) -> None:
    # given a mail server that is down for six hours
    received()
    mail_server.stop()
    at, pauses = NOON, []
    while at < NOON + timedelta(hours=6):
        assert send_mails(at) == 1
        mail = the_mail()
        assert (mail.state, mail.last_error, mail.leased_until) == ("due", "MailServerDown", None)
        assert mail.next_attempt_at is not None
        pauses.append(mail.next_attempt_at - at)
        assert send_mails(mail.next_attempt_at - timedelta(milliseconds=1)) == 0  # not before
        at = mail.next_attempt_at
    # then it was tried after 30 seconds, then ever more seldom, but every hour, and never by the clock
    assert all(timedelta(seconds=30) <= pause <= timedelta(hours=1) for pause in pauses)
    assert pauses[0] <= timedelta(seconds=40)
    assert pauses[-1] >= timedelta(minutes=45)
    assert pauses[:7] == sorted(pauses[:7])
    assert len(set(pauses)) == len(pauses)
    # and when it is back, the mail goes out once
    mail_server.start()
    assert send_mails(at) == 1
    assert len(mail_server.mails) == 1
    assert the_mail().state == "sent"


def test_a_mail_that_is_tried_again_has_the_same_message_id(
    app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that dies after it has sent a mail and before it has noted that
    received()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(worker.queues, "_sent", die)
        with pytest.raises(KeyboardInterrupt):
            send_mails(NOON)
    db.session.rollback()
    # when another one takes it up, once the lease has run out
    assert send_mails(NOON + LEASE) == 0
    assert send_mails(NOON + LEASE + timedelta(seconds=1)) == 1
    # then it is known as the same mail
    first, second = mail_server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert plain_text(first) == plain_text(second)


def test_a_mail_that_cannot_be_written_does_not_hold_up_the_others(app: Flask, mail_server: MailServer) -> None:
    received()
    received()
    with write_unit() as conn:
        first = conn.execute(text("SELECT min(id) FROM mail")).scalar_one()
        conn.execute(text("UPDATE mail SET recipient_sealed = :junk WHERE id = :id"), {"junk": b"\x02k1x", "id": first})
    assert send_mails(NOON) == 2
    assert len(mail_server.mails) == 1
    fresh()
    assert sorted(db.session.scalars(text("SELECT state FROM mail"))) == ["due", "sent"]


def test_two_workers_do_not_both_send_a_mail(app: Flask, mail_server: MailServer) -> None:
    # given eight mails and two workers that begin at once
    for _ in range(8):
        received()
    barrier = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                send_mails(NOON)
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    # then each mail goes out once
    assert failures == []
    assert len(mail_server.mails) == 8
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 8


# Sessions and movements.


def begun(slug: str = "hands-off-ali", *, at: datetime, amount: str = "20.00") -> tuple[Donation, str]:
    """A donation whose supporter is at Stripe's page; with its session."""
    with write_unit():
        donation = a_donation(Appeal.any_by_slug(slug), gbp(amount), at=at)
    checkout_url = open_checkout(donation, at)
    return donation, checkout_url.rsplit("/", 1)[1]


def open_checkout(donation: Donation, at: datetime) -> str:
    with current_app.test_request_context():
        return checkout.open_for(donation, at)


def state(donation: Donation) -> tuple[str, list[str]]:
    fresh()
    kept = Donation.by_reference(donation.reference)
    return kept.state, [attempt.state for attempt in kept.attempts]


def test_a_lost_webhook_heals_by_looking(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a gift that was paid, and no word of it arrived
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    assert look_at_sessions(now + timedelta(minutes=29)) == 0
    assert state(donation) == ("pending", ["open"])
    # when nothing was heard for half an hour
    assert look_at_sessions(now + timedelta(minutes=30)) == 1
    # then it is asked for, and everything follows
    assert state(donation) == ("paid", ["complete"])
    assert (rows("receipt"), rows("mail")) == (1, 1)
    assert sound()
    # and what the webhook says later changes nothing
    before = balances()
    at_stripe.bring(app.test_client())
    assert balances() == before
    assert look_at_sessions(now + timedelta(days=1)) == 0


def test_a_supporter_who_comes_back_is_looked_after_at_once(
    app: Flask, client: FlaskClient, at_stripe: Stripe, now: datetime
) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    with app.test_request_context():
        checkout.look_now(Donation.by_reference(donation.reference), now)
    assert look_at_sessions(now) == 1
    assert state(donation) == ("paid", ["complete"])


@pytest.mark.databases("sqlite")
def test_a_session_still_open_is_looked_at_again_later(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, _ = begun(at=now)
    at = now + timedelta(minutes=30)
    assert look_at_sessions(at) == 1
    assert state(donation) == ("pending", ["open"])
    assert look_at_sessions(at + timedelta(minutes=29)) == 0
    assert look_at_sessions(at + timedelta(minutes=30)) == 1


@pytest.mark.databases("sqlite")
def test_a_declined_card_is_learnt_by_looking_too(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id, "pm_card_visa_chargeDeclined")
    look_at_sessions(now + timedelta(minutes=30))
    assert giving.outcome_of(Donation.by_reference(donation.reference), now).kind == "declined"


@pytest.mark.databases("sqlite")
def test_an_expired_session_is_learnt_by_looking(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.order(f"sessions/{session_id}/expire")
    look_at_sessions(now + timedelta(minutes=30))
    assert state(donation) == ("abandoned", ["expired"])


@pytest.mark.databases("sqlite")
def test_while_stripe_is_down_sessions_are_looked_at_a_minute_later(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at = now + timedelta(minutes=30)
    at_stripe.order("faults", mode="500", times=2, path="/v1/checkout")
    assert look_at_sessions(at) == 1
    assert state(donation) == ("pending", ["open"])
    assert look_at_sessions(at + MINUTE) == 1
    assert state(donation) == ("paid", ["complete"])


def test_a_late_balance_transaction_is_listed_and_booked_once(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a gift whose fee is not known yet
    at_stripe.order("balance_transactions/hold")
    at_stripe.order("fees/next", fee=62)
    _, session_id = begun(at=now)
    charge_id = at_stripe.pay(session_id)["charge"]
    at_stripe.bring(app.test_client())
    jobs.sync_movements(now)
    assert balances() == {(1105, "ali", "GBP", charge_id): 2000, (4000, "ali", "GBP", None): -2000}
    # when Stripe knows it, and its webhook is lost
    at_stripe.order("balance_transactions/release")
    for _ in range(3):
        jobs.sync_movements(now + MINUTE)
    # then it is booked once
    assert balances() == {
        (1100, "ali", "GBP", None): 1938,
        (5000, "ali", "GBP", None): 62,
        (4000, "ali", "GBP", None): -2000,
    }
    assert (rows("balance_transaction"), rows("entry")) == (1, 2)
    assert sound()


@pytest.mark.databases("sqlite")
def test_stripe_is_not_asked_for_movements_when_none_is_missing(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at_stripe.bring(app.test_client())
    jobs.sync_movements(now)
    asked = len(at_stripe.requests("/v1/balance_transactions"))
    assert asked == 1
    jobs.sync_movements(now)
    assert len(at_stripe.requests("/v1/balance_transactions")) == asked


@pytest.mark.databases("sqlite")
def test_more_movements_than_a_page_holds_are_all_booked(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given 105 charges, of which one is ours
    for _ in range(104):
        at_stripe.server.paid(500)
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at_stripe.bring(app.test_client(), "charge.succeeded")
    jobs.sync_movements(now)
    assert rows("balance_transaction") == 105
    assert sound()


def test_closing_an_appeal_expires_its_open_checkouts(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given two supporters at Stripe's page, of different appeals
    ours, session_id = begun(at=now)
    other, other_session = begun("fighting-fund", at=now)
    expire_checkouts(now)
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "open"
    # when one appeal is closed
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    expire_checkouts(now)
    look_at_sessions(now)
    # then nobody pays into it any more
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert at_stripe.server.v1.checkout.sessions.retrieve(other_session).status == "open"
    assert state(ours) == ("abandoned", ["expired"])
    assert state(other) == ("pending", ["open"])


def test_what_was_paid_just_before_the_close_is_booked(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    expire_checkouts(now)  # Stripe refuses: the session is complete.
    look_at_sessions(now)
    assert state(donation) == ("paid", ["complete"])
    assert sound()


# Jobs, leases, the heartbeat.


def due_at(name: str) -> datetime:
    fresh()
    return db.session.get_one(Job, name).due_at


def test_a_discreet_total_is_published_every_quarter_of_an_hour(app: Flask) -> None:
    received("campaign-kazakhstan")

    def published() -> tuple[Any, datetime]:
        fresh()
        total = totals.public(Appeal.any_by_slug("campaign-kazakhstan"), NOON)
        return total.raised, total.as_of

    jobs.run_jobs(NOON)
    assert published() == (gbp("20.00"), NOON)
    received("campaign-kazakhstan")
    jobs.run_jobs(NOON + timedelta(minutes=14, seconds=59))
    assert published() == (gbp("20.00"), NOON)
    jobs.run_jobs(NOON + timedelta(minutes=15))
    assert published() == (gbp("40.00"), NOON + timedelta(minutes=15))


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
    assert "stumbled" in caplog.text
    assert rows("heartbeat") == 1


# Processes.


@contextmanager
def process(environ: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """One of the operator's commands, always ended."""
    command = [sys.executable, "-m", "donations.cli", *words]
    running = subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def wait_until(what: str, ask: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not ask():
        if running.poll() is not None or time.monotonic() > deadline:
            running.kill()
            pytest.fail(f"in vain waited for {what}: {running.communicate()[0]}")
        threading.Event().wait(0.05)


def ended(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code after SIGTERM, and what was said."""
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=WAIT_SECONDS)
    return running.returncode, said


@pytest.fixture
def server_environ_here(server_environ: dict[str, str]) -> dict[str, str]:
    return {**server_environ, "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_worker_process_does_its_work_and_ends_cleanly(
    app: Flask, server_environ_here: dict[str, str], mail_server: MailServer
) -> None:
    received(at=datetime.now(UTC))
    with process(server_environ_here, "worker", "--idle", "0.05") as running:
        wait_until("the mail to be sent", lambda: len(mail_server.mails) == 1, running)
        wait_until("a sign of life", lambda: (fresh(), rows("heartbeat"))[1] == 1, running)
        code, said = ended(running)
    assert code == 0, said
    assert "Traceback" not in said


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz")[0] in (200, 503)
    except OSError:
        return False


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def refuses_what_is_too_large(port: int, header: str) -> bool:
    """Sent in chunks. The connection may be closed before all of it was sent."""
    chunks = (b"x" * 65536 for _ in range(20))
    try:
        return ask(port, "POST", "/webhooks/stripe", chunks, Stripe_Signature=header)[0] in (400, 413)
    except (BrokenPipeError, ConnectionResetError):
        return True


def test_web_and_worker_are_served_together_and_end_cleanly(
    app: Flask, server_environ_here: dict[str, str], mail_server: MailServer
) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), at=datetime.now(UTC)).reference
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with process(server_environ_here, "serve", "--port", str(port), "--processes", "1") as running:
        # given web and worker
        wait_until("an answer", lambda: answers(port), running)
        # when an event arrives over the network
        body = json.dumps(succeeded(reference)).encode()
        header = signature(body, time.time())
        assert ask(port, "POST", "/webhooks/stripe", body, Stripe_Signature=header) == (200, '{"handled":true}')
        assert ask(port, "POST", "/webhooks/stripe", body, Stripe_Signature=header) == (200, '{"duplicate":true}')
        # one that is larger than we accept is refused, though it does not tell its length
        assert refuses_what_is_too_large(port, header)
        # then the total is there, and the worker has sent the receipt
        assert json.loads(ask(port, "GET", "/appeals/hands-off-ali/total.json")[1])["raised_minor"] == 2000
        wait_until("the receipt", lambda: len(mail_server.mails) == 1, running)
        wait_until("both to be well", lambda: ask(port, "GET", "/healthz")[0] == 200, running)
        code, said = ended(running)
    assert code == 0, said
    assert "Traceback" not in said
    assert not answers(port)
    assert (rows("stripe_event"), rows("receipt")) == (1, 1)
    assert sound()
