"""`donations keys offline`: one command makes the key and seals what is settled; another unlocks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations import data_requests
from donations.data_keys import offline
from donations.database import write_unit
from donations.errors import (
    OfflineKeyLocked,
    OfflineKeyOfAnother,
    PasswordTooShort,
    PasswordTooSimple,
)
from donations.extensions import db
from donations.models import AuditRecord, OfflineKey, OfflineRequest
from donations.offline_key import key_file
from tests.data_request_steps import MAYA, NAME, give, send_all
from tests.fixtures.outside import MailServer
from tests.fixtures.settings import environ_for
from tests.offline_key.steps import KEY, PASSPHRASE, name_of, opened_by_the_machine, unlocked

pytestmark = pytest.mark.databases("sqlite")
CARD = "c" * 20


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "offline.key"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    found = tmp_path / "passphrase"
    found.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    return found


def run(app: Flask, *words: str, typed: str = "") -> Result:
    db.session.rollback()
    answer = app.test_cli_runner().invoke(args=["keys", "offline", *words], input=typed)
    db.session.rollback()
    return answer


def test_one_command_makes_the_key_and_seals_what_is_settled(app: Flask, file: Path) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    give(CARD, at)
    send_all(datetime.now(UTC))
    made = run(app, "create", str(file), typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert made.exit_code == 0, made.exception
    assert file.stat().st_mode & 0o077 == 0
    key = key_file.opened(file.read_bytes(), PASSPHRASE)
    assert db.session.query(OfflineKey).one().public_key == key.public
    assert opened_by_the_machine()["donation.name_sealed"] == []
    with unlocked(key):
        assert name_of(CARD) == NAME
    shown = run(app, "show").output
    assert f"{key.key_id}: seals" in shown
    assert "donations: 1 under an offline key, 0 under DATA_KEY" in shown
    acts = [one.act for one in db.session.query(AuditRecord).order_by(AuditRecord.id)]
    assert acts[-1] == "offline_key.made"


@pytest.mark.parametrize(
    ("typed", "error"), [("short", PasswordTooShort), ("otter otter otter otter", PasswordTooSimple)]
)
def test_a_passphrase_that_is_guessed_easily_makes_no_key(
    app: Flask, file: Path, typed: str, error: type[Exception]
) -> None:
    refused = run(app, "create", str(file), typed=f"{typed}\n{typed}\n")
    assert type(refused.exception) is error
    assert not file.exists()
    assert db.session.query(OfflineKey).count() == 0


def test_a_second_key_is_not_made(app: Flask, file: Path, words: Path) -> None:
    assert run(app, "create", str(file), "--passphrase-file", str(words)).exit_code == 0
    other = file.with_name("other.key")
    refused = run(app, "create", str(other), "--passphrase-file", str(words))
    assert (refused.exit_code, "exists already" in refused.output) == (1, True)
    assert not other.exists()
    assert db.session.query(OfflineKey).count() == 1


def test_no_file_is_written_over(app: Flask, file: Path, words: Path) -> None:
    file.write_text("a letter", encoding="utf-8")
    refused = run(app, "create", str(file), "--passphrase-file", str(words))
    assert refused.exit_code == 1
    assert file.read_text(encoding="utf-8") == "a letter"
    assert db.session.query(OfflineKey).count() == 0


def test_unlocking_answers_who_has_asked_and_forgets_the_key(app: Flask, file: Path, words: Path) -> None:
    assert run(app, "create", str(file), "--passphrase-file", str(words)).exit_code == 0
    with write_unit() as conn:
        data_requests.ask(conn, MAYA, "en", "203.0.113.7", at=datetime.now(UTC))
    assert "1 requests" in run(app, "show").output
    assert run(app, "unlock", str(file), "--passphrase-file", str(words)).exit_code == 0
    assert db.session.query(OfflineRequest).count() == 0
    foreign = file.with_name("foreign.key")
    foreign.write_bytes(key_file.written(KEY, PASSPHRASE))
    refused = run(app, "unlock", str(foreign), "--passphrase-file", str(words))
    assert isinstance(refused.exception, OfflineKeyOfAnother)
    offline.forget()


def test_a_statement_of_a_donor_needs_the_key(app: Flask, file: Path, words: Path, tmp_path: Path) -> None:
    assert run(app, "create", str(file), "--passphrase-file", str(words)).exit_code == 0
    asked = ["receipts", "statement", MAYA, "--year", "2026", "--output", str(tmp_path / "statement.pdf")]
    refused = app.test_cli_runner().invoke(args=asked)
    assert isinstance(refused.exception, OfflineKeyLocked)
    assert not (tmp_path / "statement.pdf").exists()
