"""Archives of the first form: read as rows where a person says so, and nothing in them is ever run."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from donations.database import snapshot
from donations.errors import ArchiveRefused
from donations.extensions import db
from donations.models import triggers
from donations.reconciliation import file_store
from tests.reconciliation.steps import accepted, raised, sound

pytestmark = pytest.mark.databases("sqlite")
EVIDENCE = b"%PDF-1.7 an invoice"


@pytest.fixture
def archive(app: Flask, appeals: dict, tmp_path: Path) -> Path:
    """As `donations backup` of commit 90e6808 wrote it, with 25.00; then 1.00 more came."""
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    accepted(2500)
    kept = file_store.keep("evidence", EVIDENCE)
    db.session.rollback()
    source, target = sqlite3.connect(db.engine.url.database or ""), sqlite3.connect(tmp_path / "copy.db")
    source.backup(target)
    target.close()
    source.close()
    path = tmp_path / "files" / "evidence" / kept
    write(tmp_path, {"database": (tmp_path / "copy.db").read_bytes(), f"files/evidence/{kept}": path.read_bytes()})
    accepted(100)
    return tmp_path / "old.tar.gz"


def write(folder: Path, parts: dict[str, bytes], kind: str = "sqlite") -> None:
    manifest = {
        "format": 1, "made_at": "2026-11-01T03:00:00+00:00", "database": kind, "tables": "0022",
        "files": {name: {"sha256": hashlib.sha256(one).hexdigest(), "bytes": len(one)} for name, one in parts.items()},
    }  # fmt: skip
    with tarfile.open(folder / "old.tar.gz", "w:gz") as made:
        for name, content in {"manifest.json": json.dumps(manifest).encode(), **parts}.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1.5  # type: ignore[assignment]  # as tarfile.add does
            made.addfile(info, io.BytesIO(content))


def restore(app: Flask, archive: Path, *more: str) -> Result:
    return app.test_cli_runner().invoke(args=["restore", str(archive), "--replace", *more])


def test_one_of_sqlite_comes_back_if_a_person_trusts_it(app: Flask, archive: Path) -> None:
    refused = restore(app, archive)
    assert isinstance(refused.exception, ArchiveRefused)
    assert "add --unsigned" in str(refused.exception)
    assert raised() == 2600
    done = restore(app, archive, "--unsigned")
    assert done.exit_code == 0, done.exception
    assert raised() == 2500
    assert not sound()
    (kept,) = file_store.all_of("evidence")
    assert file_store.read("evidence", kept.name) == EVIDENCE


@pytest.mark.parametrize(
    "hostile",
    [
        "CREATE VIEW evil AS SELECT load_extension('/tmp/evil.so')",
        "ALTER TABLE milestone RENAME TO gone; CREATE VIEW milestone AS SELECT * FROM gone",
        "CREATE VIRTUAL TABLE evil USING fts5(content)",
        "CREATE TABLE evil (id INTEGER PRIMARY KEY)",
        "UPDATE fund_total SET raised_minor = 1",
        "INSERT INTO job (name, due_at, memory) VALUES ('x', 'never', '{}')",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_one_that_is_not_as_we_made_it_is_refused(app: Flask, archive: Path, tmp_path: Path, hostile: str) -> None:
    connection = sqlite3.connect(tmp_path / "copy.db")
    connection.executescript(hostile)
    connection.commit()
    connection.close()
    write(tmp_path, {"database": (tmp_path / "copy.db").read_bytes()})
    refused = restore(app, archive, "--unsigned")
    assert isinstance(refused.exception, ArchiveRefused), refused.exception
    assert raised() == 2600
    assert not sound()


def test_what_else_such_a_file_holds_is_never_run(app: Flask, archive: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "copy.db")
    connection.execute("CREATE TRIGGER evil AFTER INSERT ON job BEGIN UPDATE organisation SET name = 'Evil'; END")
    connection.execute("DROP TRIGGER posting_never_changes")
    connection.commit()
    connection.close()
    write(tmp_path, {"database": (tmp_path / "copy.db").read_bytes()})
    assert restore(app, archive, "--unsigned").exit_code == 0
    with snapshot() as conn:
        assert triggers.missing(conn) == []
        names = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    assert "evil" not in names


@pytest.mark.parametrize("name", ["/etc/evil", "files//etc/evil", "files/../evil", "files/evidence/x", "x"])
def test_no_other_file_is_taken_out(app: Flask, archive: Path, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"database": (tmp_path / "copy.db").read_bytes(), name: b"evil"})
    refused = restore(app, archive, "--unsigned")
    assert "no such name may stand there" in str(refused.exception)


def test_one_of_postgresql_half_of_one_and_none_are_refused_with_a_sentence(
    app: Flask, archive: Path, tmp_path: Path
) -> None:
    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:3], whole[:2] + b"no gzip"):
        archive.write_bytes(content)
        assert isinstance(restore(app, archive, "--unsigned").exception, ArchiveRefused)
    write(tmp_path, {"database": b"PGDMP"}, "postgresql")
    assert "dump of PostgreSQL" in str(restore(app, archive, "--unsigned").exception)
    assert raised() == 2600
