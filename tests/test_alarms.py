"""An alarm is mailed to whoever keeps watch: once an hour by its name, and in the transaction of its cause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from donations import alarms
from donations.database import write_unit
from donations.extensions import db
from donations.models import Mail
from donations.worker.queues import send_mails
from tests.events import fresh
from tests.factories import NOON
from tests.fixtures.outside import MailServer, plain_text
from tests.fixtures.settings import environ_for

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url, "ALERT_EMAIL": "treasurer@example.org"}


def sound(name: str, said: str = "re_1: lost_or_stolen_card", *, after: timedelta = timedelta(), **more: bool) -> None:
    with write_unit() as conn:
        alarms.sound(conn, name, said, at=NOON + after, **more)


def queued() -> list[tuple[str, object]]:
    fresh()
    return [(mail.kind, mail.facts["name"]) for mail in db.session.query(Mail).order_by(Mail.created_at, Mail.id)]


def test_an_alarm_is_queued_for_the_address_of_alarms(app: Flask) -> None:
    sound("refund failed")
    mail = db.session.query(Mail).one()
    assert (mail.kind, mail.state, mail.language, mail.next_attempt_at) == ("alarm", "due", "en", NOON)
    assert mail.facts == {"name": "refund failed", "said": "re_1: lost_or_stolen_card"}
    assert mail.recipient_sealed is not None
    assert b"treasurer" not in mail.recipient_sealed


def test_the_same_alarm_is_queued_once_an_hour(app: Flask) -> None:
    for minutes in range(0, 60, 10):
        sound("books", after=minutes * MINUTE)
    assert queued() == [("alarm", "books")]
    sound("books", after=HOUR)
    assert queued() == [("alarm", "books")] * 2


def test_a_daily_alarm_is_queued_once_a_day(app: Flask) -> None:
    for hours in range(12):
        sound("deadline dp_1", after=hours * HOUR, daily=True)
    assert queued() == [("alarm", "deadline dp_1")]
    sound("deadline dp_1", after=12 * HOUR, daily=True)
    assert queued() == [("alarm", "deadline dp_1")] * 2


def test_another_alarm_of_the_same_hour_is_another_mail(app: Flask) -> None:
    sound("refund failed")
    sound("payout failed")
    assert sorted(queued()) == [("alarm", "payout failed"), ("alarm", "refund failed")]


def test_an_alarm_whose_cause_is_rolled_back_is_not_sent(app: Flask) -> None:
    def fail() -> None:
        with write_unit() as conn:
            alarms.sound(conn, "books", "I10", at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert queued() == []


def test_an_alarm_arrives_with_what_was_said(app: Flask, mail_server: MailServer) -> None:
    sound("posting stopped", "I10: fund 1 from 2026-01-01: stored 1 GBP, posted 2 (minor units)")
    assert send_mails(NOON + MINUTE) == 1
    assert mail_server.recipients == [["treasurer@example.org"]]
    mail = mail_server.mails[0]
    assert mail["Subject"] == "[Fighting Fund] posting stopped"
    assert "I10: fund 1 from 2026-01-01: stored 1 GBP, posted 2 (minor units)" in plain_text(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert "stored 1 GBP, posted 2" in html.get_content()


def test_a_failure_reason_of_stripes_cannot_add_markup(app: Flask, mail_server: MailServer) -> None:
    sound("refund failed", "re_1: <b>odd</b>")
    send_mails(NOON)
    html = mail_server.mails[0].get_body(("html",))
    assert html is not None
    assert "<b>odd</b>" not in html.get_content()


class TestWithoutAnAddress:
    @pytest.fixture
    def environ(self, database_url: str) -> dict[str, str]:
        return environ_for(database_url)

    def test_nothing_is_queued(self, app: Flask) -> None:
        sound("posting stopped")
        assert queued() == []
