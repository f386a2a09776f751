"""`donations init` and `donations doctor`: they work where the app would refuse to start, and tell all at once."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values
from flask import Flask

from donations import config, database
from donations.cli import setup
from donations.cli.doctor import doctor as doctor_command
from donations.config.source import Source
from donations.extensions import db
from donations.models import Heartbeat
from tests.house import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of our own, and an environment that says nothing of the app."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "HOME", tmp_path)  # Not the .env of whoever runs the tests.
    for name in config.NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return tmp_path


def donations(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator runs it, in a process of its own."""
    base = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(cwd)}
    command = [sys.executable, "-m", "donations.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=base | environ, capture_output=True, text=True, timeout=60, check=False)


needs_no_env_of_ours = pytest.mark.skipif((ROOT / ".env").exists(), reason="this checkout has a .env of its own")


@needs_no_env_of_ours
def test_an_installation_from_nothing_to_its_first_appeals(tmp_path: Path) -> None:
    # given an empty folder, where the app refuses to start and says why
    books = {"DATABASE_URL": f"sqlite:///{tmp_path}/books.db"}
    refused = donations("appeals", "load", str(ROOT / "appeals.toml"), cwd=tmp_path, **books)
    assert refused.returncode == 1
    assert "SECRET_KEY: is not set" in refused.stderr
    assert "Traceback" not in refused.stderr
    # when it is set up
    made = donations("init", cwd=tmp_path, **books)
    assert made.returncode == 0, made.stderr
    # then the keys are fresh, ours alone, and good
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_text()
    # and appeals can be loaded, and a second init leaves the keys as they are
    loaded = donations("appeals", "load", str(ROOT / "appeals.toml"), cwd=tmp_path, **books)
    assert loaded.returncode == 0, loaded.stderr
    assert donations("init", cwd=tmp_path, **books).returncode == 0
    assert file.read_text() == first


def test_the_keys_that_init_writes_are_good_and_never_the_same(folder: Path) -> None:
    written = []
    for name in ("one", "two"):
        setup._write_env(folder / name, setup._fresh(["SECRET_KEY", "DATA_KEY"], {"DATABASE_URL": "sqlite:///x"}))
        values = {key: value or "" for key, value in dotenv_values(folder / name).items()}
        assert config.examine(values)[0] == []
        written += values.values()
    assert len(set(written)) == 4


def test_init_never_writes_over_a_file(folder: Path) -> None:
    (folder / ".env").write_text("precious")
    with pytest.raises(FileExistsError):
        setup._write_env(folder / ".env", {"SECRET_KEY": "new"})
    assert (folder / ".env").read_text() == "precious"


def test_init_with_the_keys_in_the_environment_writes_no_file(
    folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "HOME", ROOT)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(setup.init)
    assert result.exit_code == 0, result.output
    assert not (folder / ".env").exists()


@pytest.fixture
def sound(folder: Path, app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An environment in which all is well: a loaded database, a mail server that answers, a worker seen just now."""
    monkeypatch.setattr(config, "HOME", ROOT)
    monkeypatch.setattr(config, "source", lambda **_: Source(dict(os.environ)))
    with socket.create_server(("127.0.0.1", 0)) as mail:
        values = environ | {"SMTP_URL": f"smtp://127.0.0.1:{mail.getsockname()[1]}"}
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        with database.write_unit():
            db.session.add(Heartbeat(worker="w", at=datetime.now(UTC)))
        yield monkeypatch


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(doctor_command, arguments)


def levels() -> dict[str, str]:
    """What the doctor finds, by what it looked at."""
    result = doctor("--json")
    said = json.loads(result.output)
    assert said["ok"] is (result.exit_code == 0)
    return {finding["what"]: finding["level"] for finding in said["findings"]}


def test_the_doctor_finds_nothing_where_all_is_well(sound: Any) -> None:
    result = doctor()
    assert result.exit_code == 0, result.output
    assert set(levels().values()) == {"ok"}
    assert set(levels()) == {"settings", "environment", "Stripe", "mail", "database", "triggers", "appeals", "worker"}


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
