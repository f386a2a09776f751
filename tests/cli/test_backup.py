"""`donations backup` and `donations restore`, on both databases: whole while gifts arrive, equal when it comes back,
refused where it would destroy or is not what was written."""

from __future__ import annotations

import tarfile
import threading
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations.extensions import db
from donations.models import Donation
from donations.reconciliation import files
from tests.events import fresh
from tests.needs import program
from tests.reconciliation.steps import accepted, raised, sound


@pytest.fixture(autouse=True)
def own_files(app: Flask, database_kind: str, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    if database_kind == "postgresql":
        program("pg_dump")


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


def gifts() -> int:
    """How many were accepted."""
    fresh()
    return db.session.query(Donation).filter(Donation.state == "paid").count()


def test_a_backup_made_while_gifts_arrive_comes_back_whole(app: Flask, appeals: dict, tmp_path: Path) -> None:
    # given gifts, evidence, and more gifts that go on arriving
    accepted(2500)
    evidence, archive = files.keep("evidence", b"%PDF-1.7 an invoice"), tmp_path / "backup.tar.gz"
    before, enough = gifts(), threading.Event()
    arriving = threading.Thread(target=_go_on_giving, args=(app, enough))
    arriving.start()
    # when a backup is made meanwhile
    made = run(app, "backup", str(archive))
    enough.set()
    arriving.join()
    assert made.exit_code == 0, made.output
    assert "DATA_KEY" in made.output
    # then it takes the place of what came after it, evidence too
    files.drop("evidence", evidence)
    after = gifts()
    done = run(app, "restore", str(archive), "--replace")
    assert done.exit_code == 0, done.output
    assert before <= gifts() <= after
    assert raised() == 2500 + 100 * (gifts() - before)
    assert not sound()
    assert files.read("evidence", evidence) == b"%PDF-1.7 an invoice"


def test_a_database_that_holds_something_is_not_replaced_unasked(app: Flask, appeals: dict, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    assert run(app, "backup", str(archive)).exit_code == 0
    accepted(2500)
    refused = run(app, "restore", str(archive))
    assert refused.exit_code == 1
    assert "not empty" in refused.output
    assert raised() == 2500


@pytest.mark.databases("sqlite")
def test_a_backup_that_was_changed_is_refused_before_anything_is(app: Flask, appeals: dict, tmp_path: Path) -> None:
    # given a backup in which somebody changed a file
    accepted(2500)
    evidence, archive = files.keep("evidence", b"%PDF-1.7 an invoice"), tmp_path / "backup.tar.gz"
    assert run(app, "backup", str(archive)).exit_code == 0
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "open", filter="data")
    (tmp_path / "open" / "files" / "evidence" / evidence).write_bytes(b"another")
    with tarfile.open(archive, "w:gz") as changed:
        for name in ("manifest.json", "database", f"files/evidence/{evidence}"):
            changed.add(tmp_path / "open" / name, name)
    # when it is restored, then it is refused, and what was there is there
    accepted(100)
    refused = run(app, "restore", str(archive), "--replace")
    assert refused.exit_code == 1
    assert "is not what was backed up" in refused.output
    assert raised() == 2600


@pytest.mark.databases("sqlite")
def test_half_a_backup_and_no_backup_are_refused_with_a_sentence(app: Flask, appeals: dict, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    run(app, "backup", str(archive))
    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], b"no archive", b""):
        archive.write_bytes(content)
        refused = run(app, "restore", str(archive), "--replace")
        assert (refused.exit_code, "cannot be read" in refused.output) == (1, True), refused.output


def test_a_backup_is_for_this_user_alone(app: Flask, appeals: dict, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    assert run(app, "backup", str(archive)).exit_code == 0
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("ff-")] == []


def _go_on_giving(app: Flask, enough: threading.Event) -> None:
    with app.app_context():
        while not enough.is_set():
            accepted(100)
        db.session.remove()
