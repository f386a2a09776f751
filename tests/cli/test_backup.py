"""`donations backup` and `donations restore`, on both databases: whole while donations arrive, equal when it comes
back, refused where it would destroy data or the archive was changed."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from click.testing import Result
from flask import Flask

from donations import archives
from donations.archives import container, tar
from donations.database import snapshot
from donations.errors import BackupNotWritten, DatabaseNotEmpty
from donations.extensions import db
from donations.models import Donation
from donations.reconciliation import file_store
from tests.events import fresh
from tests.reconciliation.steps import accepted, raised, sound


@pytest.fixture(autouse=True)
def own_files(app: Flask, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=list(words))


def gifts() -> int:
    """How many were accepted."""
    fresh()
    return db.session.query(Donation).filter(Donation.state == "paid").count()


def test_a_backup_made_while_gifts_arrive_comes_back_whole(app: Flask, appeals: dict, tmp_path: Path) -> None:
    # given donations, evidence, and more donations that keep arriving
    accepted(2500)
    evidence, archive = file_store.keep("evidence", b"%PDF-1.7 an invoice"), tmp_path / "backup.ffarchive"
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
    file_store.drop("evidence", evidence)
    after = gifts()
    done = run(app, "restore", str(archive), "--replace")
    assert done.exit_code == 0, done.output
    assert before <= gifts() <= after
    assert raised() == 2500 + 100 * (gifts() - before)
    assert not sound()
    assert file_store.read("evidence", evidence) == b"%PDF-1.7 an invoice"


def test_a_database_that_holds_something_is_not_replaced_unasked(app: Flask, appeals: dict, tmp_path: Path) -> None:
    archive = tmp_path / "backup.ffarchive"
    assert run(app, "backup", str(archive)).exit_code == 0
    accepted(2500)
    refused = run(app, "restore", str(archive))
    assert refused.exit_code == 1
    assert isinstance(refused.exception, DatabaseNotEmpty)
    assert raised() == 2500


def test_a_backup_is_for_this_user_alone(app: Flask, appeals: dict, tmp_path: Path) -> None:
    archive = tmp_path / "backup.ffarchive"
    assert run(app, "backup", str(archive)).exit_code == 0
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["backup.ffarchive"]


def test_a_folder_that_is_missing_or_not_ours_is_named_in_a_sentence(app: Flask, appeals: dict, tmp_path: Path) -> None:
    for output in (tmp_path / "missing" / "a", Path("/proc/a")):
        refused = run(app, "backup", str(output))
        assert refused.exit_code == 1
        assert isinstance(refused.exception, BackupNotWritten)
        assert str(output) in str(refused.exception)


def test_a_folder_keeps_the_newest_archives_and_everything_that_is_not_ours(
    app: Flask, appeals: dict, tmp_path: Path
) -> None:
    # given a folder with older archives, one of a clock that ran ahead, a stranger, and one that is none of ours inside
    folder = tmp_path / "copies"
    folder.mkdir()
    assert run(app, "backup", str(folder / "fighting-fund-20200101T000000Z.ffarchive")).exit_code == 0
    whole = (folder / "fighting-fund-20200101T000000Z.ffarchive").read_bytes()
    for name in ("20200102T000000Z", "20990101T000000Z"):
        (folder / f"fighting-fund-{name}.ffarchive").write_bytes(whole)
    for name in ("notes.txt", "fighting-fund-20200103T000000Z.ffarchive"):
        (folder / name).write_text("something else")
    # when a new one is written, and two are to be kept
    done = run(app, "backup", str(folder), "--keep", "2")
    # then the new one is there whatever the clock says, beside the newest of the others
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 4
    assert {"notes.txt", "fighting-fund-20200103T000000Z.ffarchive", "fighting-fund-20990101T000000Z.ffarchive"} < set(
        names
    )
    fresh_one = next(name for name in names if "2020" not in name and "2099" not in name and name.endswith("archive"))
    assert run(app, "drill", str(folder / fresh_one)).exit_code == 0


def test_what_cannot_be_written_removes_no_older_archive(
    app: Flask, appeals: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(app, "backup", str(tmp_path / "fighting-fund-20200101T000000Z.ffarchive"))
    monkeypatch.setattr(tar, "packed", _full)
    failed = run(app, "backup", str(tmp_path), "--keep", "1")
    assert isinstance(failed.exception, BackupNotWritten)
    assert [path.name for path in tmp_path.iterdir()] == ["fighting-fund-20200101T000000Z.ffarchive"]


def test_a_drill_proves_an_archive_and_touches_nothing(app: Flask, appeals: dict, tmp_path: Path) -> None:
    accepted(2500)
    archive = tmp_path / "backup.ffarchive"
    evidence = file_store.keep("evidence", b"%PDF-1.7 an invoice")
    assert run(app, "backup", str(archive)).exit_code == 0
    accepted(100)
    file_store.drop("evidence", evidence)
    done = run(app, "drill", str(archive))
    assert done.exit_code == 0, done.output
    assert "can be restored: 1 donations" in done.output
    assert raised() == 2600
    assert not (tmp_path / "files" / "evidence" / evidence).exists()


def test_one_that_does_not_read_back_removes_no_older_archive(
    app: Flask, appeals: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "fighting-fund-20200101T000000Z.ffarchive"
    run(app, "backup", str(older))
    whole, real = older.read_bytes(), container.write

    def damaged(out: BinaryIO, *told: Any) -> None:
        real(out, *told)
        out.seek(-1, os.SEEK_END)
        (last,) = out.read(1)
        out.seek(-1, os.SEEK_END)
        out.write(bytes([last ^ 1]))

    monkeypatch.setattr(container, "write", damaged)
    assert run(app, "backup", str(tmp_path), "--keep", "1").exit_code == 1
    assert older.read_bytes() == whole


def _full(*_: object) -> Iterator[bytes]:
    yield b"half"
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _go_on_giving(app: Flask, enough: threading.Event) -> None:
    with app.app_context():
        while not enough.is_set():
            accepted(100)
        db.session.remove()


def test_doctor_says_how_old_the_last_copy_and_the_last_drill_are(app: Flask, appeals: dict, tmp_path: Path) -> None:
    def said(at: datetime) -> dict[str, tuple[str, str]]:
        with snapshot() as conn:
            return {what: (level, sentence) for level, what, sentence in archives.findings(conn, at)}

    now = datetime.now(UTC)
    assert [said(now)[what][0] for what in ("backup", "drill")] == ["warning", "warning"]
    archive = tmp_path / "backup.ffarchive"
    run(app, "backup", str(archive))
    assert said(now)["backup"][0] == "ok"
    assert f"{archive.stat().st_size:,} bytes" in said(now)["backup"][1]
    assert said(now)["drill"][0] == "warning"
    run(app, "drill", str(archive))
    assert said(now)["drill"][0] == "ok"
    assert said(now + timedelta(days=3))["backup"][0] == "warning"
    assert said(now + timedelta(days=50))["drill"][0] == "warning"


def test_doctor_names_archives_that_hold_what_has_been_erased_since(app: Flask, appeals: dict, tmp_path: Path) -> None:
    def said(days: int) -> str:
        with snapshot() as conn:
            found = archives.findings(conn, datetime.now(UTC) + timedelta(days=days))
            return next(sentence for _, what, sentence in found if what == "old archives")

    kept, other = tmp_path / "kept", tmp_path / "other"
    for folder in (kept, other):
        folder.mkdir()
    for name in ("first", "second"):
        run(app, "backup", str(other / f"{name}.ffarchive"))
    assert "none" in said(35)
    assert "first.ffarchive, second.ffarchive hold what has been erased since" in said(37)
    # what was told to be deleted is no longer named
    assert run(app, "forget-archives", str(other / "first.ffarchive")).exit_code == 0
    assert "first" not in said(37)
    assert "second.ffarchive" in said(37)
    run(app, "backup", str(kept / "third.ffarchive"))
    assert run(app, "forget-archives", "--not-in", str(kept)).exit_code == 0
    assert said(37).startswith("third.ffarchive hold")
    assert run(app, "forget-archives").exit_code == 2


def test_an_archive_that_made_room_is_named_no_more(app: Flask, appeals: dict, tmp_path: Path) -> None:
    run(app, "backup", str(tmp_path / "fighting-fund-20200101T000000Z.ffarchive"))
    run(app, "backup", str(tmp_path), "--keep", "1")
    with snapshot() as conn:
        found = {what: sentence for _, what, sentence in archives.findings(conn, datetime.now(UTC) + timedelta(37))}
    assert "20200101" not in found["old archives"]
    assert "hold what has been erased since" in found["old archives"]
