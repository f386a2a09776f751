"""Each mail is sent once and none is lost, whatever becomes of the mail server or of a worker."""

from __future__ import annotations

import dataclasses
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from donations import mailer, worker
from donations.database import write_unit
from donations.errors import MailServerDown
from donations.extensions import db
from donations.models import Mail
from donations.reconciliation import to_do
from donations.worker.jobs import run_jobs
from donations.worker.queues import LEASE, send_mails
from tests.events import fresh
from tests.factories import NOON
from tests.fixtures.outside import MailServer, plain_text
from tests.worker.steps import received, the_mail

WAIT_SECONDS = 30
MINUTE = timedelta(minutes=1)


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


def test_an_address_that_is_refused_for_good_is_parked_for_a_person(
    app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail server that says 550 says so every time; one that says 450 may take it later."""
    for code, state in ((550, "parked"), (450, "due")):
        received()

        def refuse(*_args: Any, code: int = code, **_more: Any) -> None:
            raise smtplib.SMTPRecipientsRefused({"maya@example.org": (code, b"no such user")})

        with monkeypatch.context() as patched:
            patched.setattr(smtplib.SMTP, "send_message", refuse)
            assert send_mails(NOON) == 1
        mail = db.session.query(Mail).order_by(Mail.id.desc()).first()
        assert (mail.state, mail.attempts) == (state, 1)
        assert mail.last_error == ("MailAddressRefused" if state == "parked" else "MailServerDown")


def test_an_address_that_was_refused_for_good_is_erased_after_thirty_days(
    app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_more: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({"maya@example.org": (550, b"no such user")})

    # given a mail that is refused, and one that waits for a server that is down
    received()
    with monkeypatch.context() as patched:
        patched.setattr(smtplib.SMTP, "send_message", refuse)
        send_mails(NOON)
    refused = the_mail().id
    received()

    def kept() -> dict[bool, bool]:
        fresh()
        return {mail.id == refused: mail.recipient_sealed is not None for mail in db.session.query(Mail)}

    # when the worker looks on the last day, and the day after
    run_jobs(NOON + timedelta(days=29))
    assert kept() == {True: True, False: True}
    run_jobs(NOON + timedelta(days=31))

    # then the refused one has no address any more, and still waits for a person; the other one will be sent
    assert kept() == {True: False, False: True}
    waits = to_do.of_kind(db.session.connection(), "mail", NOON + timedelta(days=31))
    assert str(refused) in [item.ref for item in waits]


@pytest.mark.databases("sqlite")
def test_neither_a_mail_nor_the_password_goes_to_another_machine_in_clear(
    app: Flask, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says nothing of STARTTLS may be one between us and it."""
    received()
    sent: list[str] = []
    whole = smtplib.SMTP.putcmd

    def noted(self: smtplib.SMTP, command: str, words: str = "") -> None:
        sent.append(command)
        whole(self, command, words)

    monkeypatch.setattr(smtplib.SMTP, "putcmd", noted)
    monkeypatch.setattr(mailer, "LOOPBACK", ())
    url = mail_server.url.replace("//", "//fund:secret@")
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(settings, smtp_url=url))
    send_mails(NOON)
    assert (the_mail().state, the_mail().last_error, mail_server.mails) == ("due", "MailServerDown", [])
    assert {command.split()[0].upper() for command in sent} <= {"EHLO", "QUIT"}
    with pytest.raises(MailServerDown, match="offers no encryption"):
        mailer.try_sign_in()
    # unless it is asked for
    url = f"{mail_server.url}?tls=off"
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(settings, smtp_url=url))
    send_mails(NOON + MINUTE)
    assert len(mail_server.mails) == 1
