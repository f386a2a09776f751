"""`donations doctor` against the world: Stripe, the mail server, the clock, other hosts, the disk. Each mistake has its
line, and each line says what helps."""

from __future__ import annotations

import json
import os
import smtplib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import config, database, inbox, mailer
from donations.cli.doctor import Finding, command, payment_service
from donations.cli.doctor import database as doctor_database
from donations.config.source import Source
from donations.errors import PaymentServiceRefused
from donations.extensions import db
from donations.installation import disk
from donations.models import Heartbeat, Job, Mail, WebhookArrival
from donations.stripe_gateway import API_VERSION, Endpoint
from tests import events
from tests.cli.test_doctor import doctor, environ, sound
from tests.events import deliver, rows
from tests.fixtures.outside import MailServer, Stripe

__all__ = ["environ", "sound"]  # fixtures


def findings(what: str) -> list[tuple[str, str]]:
    said = json.loads(doctor("--json").output)
    return [(each["level"], each["says"]) for each in said["findings"] if each["what"] == what]


@pytest.mark.databases("sqlite")
def test_a_key_that_stripe_does_not_take_is_found(sound: Any) -> None:
    def refuse() -> None:
        raise PaymentServiceRefused(code=401)

    sound.setattr(payment_service.stripe_gateway, "greet", refuse)
    ((level, says),) = findings("STRIPE_SECRET_KEY")
    assert level == "fault"
    assert "is refused by Stripe" in says


@pytest.mark.databases("sqlite")
def test_a_clock_that_is_wrong_is_found_by_stripes_own(sound: Any, at_stripe: Stripe) -> None:
    for seconds, which in ((600, "behind"), (-600, "ahead of"), (62, "behind")):
        at_stripe.order("clock/date", seconds=seconds)
        ((level, says),) = findings("clock")
        assert level == "fault"
        assert f"seconds {which} Stripe's" in says
        assert "timedatectl" in says
    at_stripe.order("clock/date", seconds=30)
    assert findings("clock")[0][0] == "ok"


OURS = {
    "id": "we_1", "url": "http://localhost/webhooks/stripe", "api_version": API_VERSION, "livemode": False,
    "events": tuple(sorted(inbox.HANDLERS)), "enabled": True,
}  # fmt: skip


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("change", "level", "said"),
    [
        ({"enabled": False}, "fault", "is switched off at Stripe. Run `donations stripe setup`"),
        ({"events": ("charge.succeeded",)}, "fault", "is not sent charge.captured, charge.dispute.closed"),
        ({"api_version": "2019-12-03"}, "warning", "sends 2019-12-03"),
        ({"api_version": None}, "warning", "sends the account's own version"),
        ({"livemode": True}, "fault", "of the other mode"),
        ({"url": "https://old.example/webhooks/stripe"}, "fault", "others: https://old.example/webhooks/stripe"),
    ],
)
def test_an_endpoint_that_differs_is_found(sound: Any, change: dict[str, Any], level: str, said: str) -> None:
    sound.setattr(payment_service.stripe_gateway, "endpoints", lambda: [Endpoint(**{**OURS, **change})])
    ((found, says),) = findings("webhook endpoint")
    assert found == level
    assert said in says


@pytest.mark.databases("sqlite")
def test_two_endpoints_that_send_the_same_are_found(sound: Any) -> None:
    two: list[Any] = [Endpoint(**OURS), Endpoint(**OURS)]
    sound.setattr(payment_service.stripe_gateway, "endpoints", lambda: two)
    assert findings("webhook endpoint") == [("warning", "is there 2 times. Delete all but one in Stripe's dashboard")]


@pytest.mark.databases("sqlite")
def test_a_wrong_signing_secret_is_found_by_the_webhooks_that_it_refused(sound: Any, client: FlaskClient) -> None:
    with database.write_unit():
        db.session.get_one(WebhookArrival, "accepted").last_at = datetime.now(UTC) - timedelta(days=2)
    client.post("/webhooks/stripe", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    ((level, says),) = findings("webhooks refused")
    assert level == "fault"
    assert "STRIPE_WEBHOOK_SECRETS" in says
    # what anybody may send while good ones come is no fault
    with database.write_unit():
        db.session.get_one(WebhookArrival, "accepted").last_at = datetime.now(UTC)
    assert findings("webhooks refused")[0][0] == "warning"


@pytest.mark.databases("sqlite")
def test_old_signatures_and_the_other_mode_are_faults(sound: Any, client: FlaskClient) -> None:
    deliver(client, events.succeeded(None), signed_at=time.time() - 400)
    deliver(client, {**events.succeeded(None), "livemode": True})
    assert [level for level, _ in findings("webhooks refused")] == ["fault", "fault"]


@pytest.mark.databases("sqlite")
def test_a_sign_in_that_the_mail_server_refuses_is_found_and_no_mail_is_sent(
    sound: Any, mail_server: MailServer
) -> None:
    assert findings("mail")[0][0] == "ok"
    assert mail_server.mails == []
    sound.setenv("SMTP_URL", mail_server.url.replace("//", "//fund:hunter2@"))
    ((level, says),) = findings("mail")
    assert level == "fault"
    assert "no sign-in" in says
    assert "hunter2" not in says

    def refuse(*_args: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"no")

    sound.setattr(mailer.smtplib.SMTP, "login", refuse)
    assert "user or password refused (535)" in findings("mail")[0][1]


@pytest.mark.databases("postgresql")
def test_every_host_has_its_own_line_and_its_own_cure(sound: Any) -> None:
    now = datetime.now(UTC)
    with database.write_unit():
        db.session.add(Heartbeat(worker="gone:1", at=now - timedelta(hours=1)))
        db.session.add(Heartbeat(worker="ahead:1", at=now + timedelta(hours=1)))
    lines = findings("worker")
    assert [level for level, _ in lines] == ["fault", "fault", "ok"]
    assert "Set the clock there" in lines[0][1] or "clock is ahead" in lines[0][1]
    assert "`donations worker --forget gone`" in lines[1][1]


@pytest.mark.databases("postgresql")
def test_a_database_that_takes_no_writes_is_found(sound: Any) -> None:
    with db.engine.connect() as conn:
        name = conn.exec_driver_sql("SELECT current_database()").scalar()
        conn.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        conn.commit()
    assert [level for level, says in findings("database") if "cannot be written to" in says] == ["fault"]


@pytest.mark.databases("sqlite")
def test_what_fails_and_what_waits_for_a_person_is_named(sound: Any) -> None:
    now = datetime.now(UTC)
    with database.write_unit():
        db.session.add(Job(name="movements", due_at=now - timedelta(hours=1), last_error="BadEvent", memory={}))
        db.session.add(
            Mail(id=1, kind="receipt", dedupe_key="k", language="en", facts={}, state="parked", created_at=now)
        )
    assert [level for level, _ in findings("job movements")] == ["fault", "warning"]
    assert findings("parked mails")[0][1].startswith("1 wait for a person")


@pytest.mark.databases("sqlite")
def test_files_that_others_may_read_and_a_full_disk_are_found(sound: Any, app: Flask) -> None:
    file = app.config["SETTINGS"].database_file
    file.chmod(0o644)
    ((level, says),) = findings("file modes")
    assert level == "warning"
    assert f"chmod 600 {file}" in says
    sound.setattr(disk.os, "statvfs", lambda _place: SimpleNamespace(f_bavail=50, f_frsize=2**20))
    assert findings("disk")[0][0] == "fault"


@pytest.mark.databases("postgresql")
def test_a_database_elsewhere_is_spoken_to_encrypted(sound: Any) -> None:
    assert findings("database connection") == []  # by a socket of this machine, or its loopback
    open_to_see = [("10.0.0.7", False), ("fd00::7", False)]
    closed = [("10.0.0.7", True), ("127.0.0.1", False), ("::1", False), (None, False)]
    assert [doctor_database.is_read_on_the_way(*each) for each in open_to_see + closed] == [True] * 2 + [False] * 4
    sound.setattr(doctor_database, "is_read_on_the_way", lambda *_: True)
    ((level, says),) = findings("database connection")
    assert (level, "sslmode=verify-full" in says) == ("warning", True)


@pytest.mark.databases("sqlite")
def test_a_question_that_hangs_or_breaks_is_a_finding(sound: Any) -> None:
    def hang(_patient: object) -> list[Finding]:
        time.sleep(2)
        return []

    def break_(_patient: object) -> list[Finding]:
        raise ZeroDivisionError("inside")

    sound.setattr(command, "QUESTION_SECONDS", 0.2)
    sound.setattr(command, "QUESTIONS", (("one", hang), ("two", break_)))
    assert findings("one") == [("fault", "did not answer within 0.2 seconds. Try again")]
    assert findings("two") == [("fault", "could not be looked at: ZeroDivisionError: inside")]


@pytest.mark.databases("sqlite")
def test_names_that_are_no_settings_are_named(sound: Any) -> None:
    warnings = ("line 3 sets SMPT_URL, which is not a setting. Did you mean SMTP_URL?", "line 4 sets nothing")
    sound.setattr(config, "source", lambda **_: Source(dict(os.environ), Path("/x/.env"), ("PUBLIC_URL",), warnings))
    assert [level for level, _ in findings("settings")] == ["warning", "fault", "warning"]


def test_looking_changes_nothing(sound: Any) -> None:
    before = (rows("heartbeat"), rows("webhook_arrival"), rows("mail"))
    assert "Traceback" not in doctor().output
    assert (rows("heartbeat"), rows("webhook_arrival"), rows("mail")) == before
