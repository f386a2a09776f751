"""`donations doctor` checks everything that an operator can get wrong unnoticed, and names the remedy."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from donations import config, database, inbox, stripe_gateway
from donations.cli.doctor import doctor as doctor_command
from donations.config.source import Source
from donations.extensions import db
from donations.models import Heartbeat, WebhookArrival
from tests.fixtures.outside import MailServer, Stripe
from tests.house import ROOT


@pytest.fixture
def environ(environ: dict[str, str], at_stripe: Stripe, mail_server: MailServer) -> dict[str, str]:
    return environ | {
        "STRIPE_API_BASE": at_stripe.url,
        "SMTP_URL": mail_server.url,
        "ALERT_EMAIL": "treasurer@example.org",
    }


@pytest.fixture
def sound(folder: Path, app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """An installation in which all is well: loaded, known to Stripe, a mail server that answers, a worker and a webhook
    seen just now."""
    monkeypatch.setattr(config, "HOME", ROOT)
    monkeypatch.setattr(config, "source", lambda **_: Source(dict(os.environ)))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    url = f"{environ['PUBLIC_URL']}/webhooks/stripe"
    stripe_gateway.make_endpoint(url, tuple(inbox.HANDLERS), idempotency_key=os.urandom(8).hex())
    if app.config["SETTINGS"].database_file is not None:
        app.config["SETTINGS"].database_file.chmod(0o600)
    now = datetime.now(UTC)
    with database.write_unit():
        db.session.add(Heartbeat(worker="w:1", at=now))
        db.session.add(WebhookArrival(outcome="accepted", count=1, first_at=now, last_at=now))
    return monkeypatch


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(doctor_command, arguments)


def levels() -> dict[str, str]:
    """What the doctor finds, by what it looked at."""
    result = doctor("--json")
    said = json.loads(result.output)
    assert said["ok"] is (result.exit_code == 0)
    return {finding["what"]: finding["level"] for finding in said["findings"]}


def test_the_doctor_finds_nothing_where_all_is_well(sound: Any, database_kind: str) -> None:
    result = doctor()
    assert result.exit_code == 0, result.output
    # no copy was written on the day it began, and the role of the tests owns the tables
    expected = {"backup", "drill"} | ({"database role"} if database_kind == "postgresql" else set())
    assert {what: level for what, level in levels().items() if level != "ok"} == dict.fromkeys(expected, "warning")
    assert set(levels()) - expected == {
        "settings", "environment", "Stripe", "clock", "webhook endpoint", "mail", "database", "triggers", "appeals",
        "worker", "webhooks", "disk", "DATA_KEY", "personal data", "offline key", "old archives",
    }  # fmt: skip


def test_the_doctor_tells_all_faults_of_the_environment_at_once(sound: Any) -> None:
    sound.setenv("SECRET_KEY", "short")
    sound.setenv("PUBLIC_URL", "nowhere")
    result = doctor()
    assert result.exit_code == 1
    assert "SECRET_KEY" in result.output
    assert "PUBLIC_URL" in result.output


@pytest.mark.parametrize(
    ("setting", "value", "what", "level"),
    [
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY", "fault"),
        ("STRIPE_WEBHOOK_SECRETS", "", "STRIPE_WEBHOOK_SECRETS", "fault"),
        ("SMTP_URL", "", "mail", "warning"),
        ("MAIL_FROM", "", "mail", "warning"),
        ("SMTP_URL", "smtp://127.0.0.1:9", "mail", "fault"),
        ("ALERT_EMAIL", "", "ALERT_EMAIL", "warning"),
        ("STRIPE_API_BASE", "http://127.0.0.1:9", "Stripe", "fault"),
        ("PUBLIC_URL", "https://another.example", "webhook endpoint", "fault"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.db", "database", "fault"),
        ("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere", "database", "fault"),
    ],
)
@pytest.mark.databases("sqlite")
def test_the_doctor_finds_what_is_missing_or_does_not_answer(
    sound: Any, setting: str, value: str, what: str, level: str
) -> None:
    sound.setenv(setting, value)
    assert levels()[what] == level


@pytest.mark.databases("sqlite")
def test_the_doctor_makes_no_database_by_looking_for_it(sound: Any, tmp_path: Path) -> None:
    sound.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert levels()["database"] == "fault"
    assert not (tmp_path / "none.db").exists()


@pytest.mark.databases("sqlite")
def test_real_money_needs_https(sound: Any) -> None:
    sound.setenv("STRIPE_SECRET_KEY", "sk_live_" + "x")
    sound.setenv("STRIPE_API_BASE", "")
    assert levels()["PUBLIC_URL"] == "fault"


def test_the_doctor_finds_a_lost_trigger(sound: Any) -> None:
    with db.engine.begin() as conn:
        on = "" if conn.dialect.name == "sqlite" else " ON posting"
        conn.exec_driver_sql(f"DROP TRIGGER posting_never_deleted{on}")
    result = doctor()
    assert result.exit_code == 1
    assert "posting_never_deleted" in result.output


def test_the_doctor_finds_tables_of_another_version(sound: Any) -> None:
    with db.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    result = doctor()
    assert result.exit_code == 1
    assert "donations db upgrade" in result.output


def test_the_doctor_finds_a_silent_worker(sound: Any) -> None:
    with database.write_unit():
        db.session.query(Heartbeat).one().at = datetime.now(UTC) - timedelta(minutes=5)
    assert levels()["worker"] == "fault"
    with db.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM heartbeat")
    assert levels()["worker"] == "warning"


def test_the_doctor_finds_that_nothing_is_loaded(sound: Any, migrated_database_url: str) -> None:
    sound.setenv("DATABASE_URL", migrated_database_url)
    assert levels()["organisation"] == "fault"


def test_the_doctor_never_prints_a_secret(sound: Any, environ: dict[str, str]) -> None:
    result = doctor()
    for name in ("SECRET_KEY", "DATA_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"):
        assert environ[name] not in result.output
