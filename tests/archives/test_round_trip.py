"""A copy goes from one database to the other and back, with every kind of value as it was."""

from __future__ import annotations

import dataclasses
import gzip
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import pyrage
import pytest
from flask import Flask
from sqlalchemy import text

from donations import archives, create_app, privacy
from donations.archives import tables
from donations.database import snapshot, write_unit
from donations.errors import ArchiveRefused, DatabaseInUse
from donations.extensions import db
from donations.models import triggers
from donations.reconciliation import file_store
from tests.archives import forged
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import accepted, raised, sound

HOLDS = """
import sys
from sqlalchemy import text
from donations import create_app
from donations.extensions import db
with create_app().app_context():
    db.session.execute(text("SELECT 1 FROM appeal"))
    print("holds", flush=True)
    sys.stdin.read()
"""
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_files(app: Flask, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")


def _fingerprints() -> dict[str, tuple[int, str]]:
    with snapshot() as conn:
        return {name: tables.fingerprint(conn, name, columns) for name, columns in tables.shape(conn).items()}


@pytest.fixture
def other(database_kind: str, all_templates: Callable, tmp_path: Path) -> Iterator[Flask]:
    """An empty installation with the same keys on the other kind of database."""
    kind = "postgresql" if database_kind == "sqlite" else "sqlite"
    server = all_templates(kind).server
    url = server.create(None)
    made = create_app(environ_for(url), TESTING=True, FILES_FOLDER=str(tmp_path / "other files"))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
    server.drop(url)


def test_a_copy_comes_back_in_the_other_kind_of_database_row_for_row(
    app: Flask, appeals: dict, other: Flask, tmp_path: Path
) -> None:
    # given an installation with donations and evidence
    accepted(2500)
    evidence = file_store.keep("evidence", b"%PDF-1.7 an invoice")
    before = _fingerprints()
    archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
    # when the copy is restored where nothing was, in the other kind of database
    with other.app_context():
        answer = other.test_cli_runner().invoke(args=["restore", str(tmp_path / "a.ffarchive")])
        assert answer.exit_code == 0, answer.exception
        # then every row is the same but the mark of a restore, the triggers are there, and donations continue
        marks = {"audit", "mail", "receipt_series", "restoration"}  # It says that it was restored.
        assert {name for name, one in _fingerprints().items() if one != before[name]} <= marks
        with snapshot() as conn:
            assert triggers.missing(conn) == []
        assert file_store.read("evidence", evidence) == b"%PDF-1.7 an invoice"
        accepted(100)
        assert raised() == 2600
        assert not sound()
        with pytest.raises(Exception, match="never changed"), write_unit() as conn:
            conn.execute(text("UPDATE posting SET amount_minor = 1"))


def test_a_copy_of_an_older_version_is_brought_up_to_date(
    app: Flask, appeals: dict, empty_database_url: str, tmp_path: Path
) -> None:
    # given a copy of a database of an earlier version
    older = create_app(environ_for(empty_database_url), TESTING=True, FILES_FOLDER=str(tmp_path / "none"))
    with older.app_context():
        flask_migrate.upgrade(revision="0016")
        copy = archives.write(tmp_path / "a.ffarchive", forged.settings(older), at=AT)
        db.session.remove()
        db.engine.dispose()
    assert copy.manifest.revision == "0016"
    # when it is restored, then its tables are those of today
    answer = app.test_cli_runner().invoke(args=["restore", str(copy.path), "--replace"])
    assert answer.exit_code == 0, answer.exception
    with snapshot() as conn:
        assert triggers.missing(conn) == []


def test_the_private_half_of_a_recipient_opens_it_without_this_program(
    app: Flask, appeals: dict, tmp_path: Path
) -> None:
    offline = pyrage.x25519.Identity.generate()
    archive = tmp_path / "a.ffarchive"
    told = dataclasses.replace(forged.settings(app), backup_recipients=(str(offline.to_public()),))
    archives.write(archive, told, at=AT)
    first, _, rest = archive.read_bytes().partition(b"\n")
    assert first.startswith(b"fighting-fund-archive 2 key=k1 mac=")
    assert b"manifest.json" in pyrage.decrypt(rest, [offline])[:100]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(rest, [pyrage.x25519.Identity.generate()])


def test_names_stay_sealed_inside_it_and_no_key_of_ours_is_in_it(app: Flask, appeals: dict, tmp_path: Path) -> None:
    accepted(2500)
    told = forged.settings(app)
    archives.write(tmp_path / "a.ffarchive", told, at=AT)
    found = forged.members(tmp_path / "a.ffarchive", app)
    inside = b"".join(gzip.decompress(each) if info.name.endswith(".gz") else each for info, each in found)
    assert b"2500" in inside
    assert b"maya" not in inside.lower()
    keys = [told.secret_key, told.stripe_secret_key, *told.stripe_webhook_secrets]
    spelt = [*keys, *(form for key in told.data_keys.values() for form in (key.hex(), b64encode(key).decode()))]
    assert [one for one in spelt if one.encode() in inside] == []
    assert [key for key in told.data_keys.values() if key in inside] == []


def test_while_another_program_uses_the_database_nothing_is_restored(
    app: Flask, appeals: dict, server_environ: dict[str, str], tmp_path: Path
) -> None:
    archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
    accepted(100)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], env=server_environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"holds\n"
        answer = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "a.ffarchive"), "--replace"])
        assert process.stdin is not None
        process.stdin.close()
    assert isinstance(answer.exception, DatabaseInUse)
    assert raised() == 100


@pytest.mark.databases("sqlite")
def test_the_database_that_was_there_is_kept_as_a_file(app: Flask, appeals: dict, tmp_path: Path) -> None:
    accepted(2500)
    archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
    accepted(100)
    answer = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "a.ffarchive"), "--replace"])
    assert answer.exit_code == 0, answer.exception
    place = Path(db.engine.url.database or "")
    kept = [path for path in place.parent.glob(f"{place.name}.before-*") if path.suffix != ".write-lock"]
    assert len(kept) == 1
    assert kept[0].stat().st_size > 0
    assert place.stat().st_mode & 0o077 == 0


def test_nothing_can_be_read_by_others_at_any_moment(
    app: Flask, appeals: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file and folder that is made is made with its mode, also under the widest umask."""
    made: list[str] = []
    real_open, real_mkdir = os.open, os.mkdir

    def watched(path, flags, mode=0o777, **more):  # type: ignore[no-untyped-def]
        if flags & os.O_CREAT and mode & 0o077:
            made.append(str(path))
        return real_open(path, flags, mode, **more)

    def watched_mkdir(path, mode=0o777, **more):  # type: ignore[no-untyped-def]
        if mode & 0o077:
            made.append(str(path))
        return real_mkdir(path, mode, **more)

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setattr(os, "mkdir", watched_mkdir)
    umask = os.umask(0)
    try:
        file_store.keep("evidence", b"%PDF-1.7 an invoice")
        archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
        assert app.test_cli_runner().invoke(args=["drill", str(tmp_path / "a.ffarchive")]).exit_code == 0
        answer = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "a.ffarchive"), "--replace"])
        assert answer.exit_code == 0, answer.exception
    finally:
        os.umask(umask)
    assert made == []
    open_to_others = [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_an_evidence_file_is_on_the_disk_before_the_row_that_names_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), real(handle))[1]
    )
    name = file_store.keep("evidence", b"%PDF-1.7 an invoice")
    folder = Path(app.config["FILES_FOLDER"]) / "evidence"
    assert [path for path in synced if path.startswith(str(folder / f".{name}"))], synced
    assert synced[-1] == str(folder)
    assert str(folder.parent) in synced


def test_a_file_whose_key_is_gone_is_refused(app: Flask, appeals: dict, tmp_path: Path) -> None:
    name = file_store.keep("evidence", b"%PDF-1.7 an invoice")
    path = Path(app.config["FILES_FOLDER"]) / "evidence" / name
    path.write_bytes(privacy.seal("cDE=", f"file:evidence:{name}"))
    archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
    with pytest.raises(ArchiveRefused):
        archives.drill(tmp_path / "a.ffarchive", forged.settings(app), at=AT)


@pytest.mark.databases("postgresql")
def test_a_drill_works_for_a_role_that_may_make_no_schemas(
    app: Flask, appeals: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("donations.archives.target._may_make_schemas", lambda: False)
    accepted(2500)
    archives.write(tmp_path / "a.ffarchive", forged.settings(app), at=AT)
    assert archives.drill(tmp_path / "a.ffarchive", forged.settings(app), at=AT).figures["donations"] == 1
