"""Archives that were changed, forged with or without the key, or that come from elsewhere: each is refused with a
sentence, and nothing is written, run or changed."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from donations.errors import ArchiveRefused
from donations.reconciliation import file_store
from tests.archives import forged
from tests.archives.forged import member
from tests.reconciliation.steps import accepted, raised, sound

Change = Callable[[dict[str, Any], dict[str, bytes]], None]


@pytest.fixture
def archive(app: Flask, appeals: dict, tmp_path: Path) -> Path:
    """A good archive of one donation and one file; 25.00 raised. Then another donation came: 26.00."""
    app.config["FILES_FOLDER"] = str(tmp_path / "instance" / "files")
    accepted(2500)
    file_store.keep("evidence", b"%PDF-1.7 an invoice")
    made = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "a.ffarchive")])
    assert made.exit_code == 0, made.exception
    accepted(100)
    return tmp_path / "a.ffarchive"


def refused(app: Flask, archive: Path) -> str:
    """The sentence with which it is refused. Nothing of the installation may have changed, nor anything beside it."""
    before = list(forged.state(archive.parent))
    answer = app.test_cli_runner().invoke(args=["restore", str(archive), "--replace"])
    assert answer.exit_code == 1
    assert isinstance(answer.exception, ArchiveRefused), answer.exception
    assert list(forged.state(archive.parent)) == before
    assert raised() == 2600
    assert not sound()
    return str(answer.exception)


def _cuts(whole: bytes) -> Iterator[bytes]:
    first = whole.index(b"\n") + 1
    yield from (b"", b"no archive", whole[:20], whole[:first], whole[: len(whole) // 2], whole[:-1], whole + b"\0")
    yield whole[: first + 300] + bytes([whole[first + 300] ^ 1]) + whole[first + 301 :]
    yield whole.replace(b"key=k1", b"key=k2", 1)
    yield whole.replace(b"mac=", b"mac=0", 1)


def test_one_that_is_cut_off_or_changed_by_a_bit_is_refused_before_it_is_opened(
    app: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = archive.read_bytes()
    monkeypatch.setattr("pyrage.decrypt_io", lambda *_: pytest.fail("nothing may be decrypted before the MAC fits"))
    for content in _cuts(whole):
        archive.write_bytes(content)
        refused(app, archive)


def test_a_drill_refuses_what_a_restore_refuses(app: Flask, archive: Path) -> None:
    forged.forge(archive, app, _changed("posting", "amount_minor", 1))
    answer = app.test_cli_runner().invoke(args=["drill", str(archive)])
    assert answer.exit_code == 1
    assert isinstance(answer.exception, ArchiveRefused), answer.exception


def test_one_of_another_key_is_refused(app: Flask, archive: Path) -> None:
    blob = forged.tar_of(forged.members(archive, app))
    forged.sign(archive, blob, forged.OTHER_KEY)
    assert "DATA_KEY is not the key" in refused(app, archive)
    forged.sign(archive, blob, {"k9": forged.OTHER_KEY["k1"]})
    assert "Add that key to DATA_KEY" in refused(app, archive)


NAMES = (
    "/etc/cron.d/evil", "files//etc/cron.d/evil", "files/../evil", "files/evidence/../../evil", "files/evidence",
    "files/evidence/" + "a" * 63, "files/other/" + "a" * 64, "files/evidence/" + "A" * 64, "..", "",
    "files/evidence/" + "a" * 64 + "/x", "files/evidence/" + "a" * 64 + "\n",
)  # fmt: skip


@pytest.mark.databases("sqlite")
def test_a_file_by_any_other_name_is_refused(app: Flask, archive: Path) -> None:
    whole = archive.read_bytes()
    for name in NAMES:

        def change(manifest: dict[str, Any], inside: dict[str, bytes], name: str = name) -> None:
            manifest["files"][name] = {"bytes": 4, "sha256": "0" * 64}
            inside[name or "x"] = b"evil"

        archive.write_bytes(whole)
        forged.forge(archive, app, change)
        assert "where no such name may stand" in refused(app, archive), name


@pytest.mark.databases("sqlite")
def test_every_kind_of_member_but_a_plain_file_is_refused(app: Flask, archive: Path) -> None:
    found = forged.members(archive, app)
    name = found[-1][0].name
    kinds = (
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
        tarfile.CONTTYPE, tarfile.AREGTYPE,
    )  # fmt: skip
    for kind in kinds:
        for hostile in (
            [*found[:-1], member(name, kind=kind, target="/etc/passwd")],
            [member("manifest.json", kind=kind, target="/etc/passwd"), *found[1:]],
        ):
            forged.sign(archive, forged.tar_of(hostile), dict(forged.settings(app).data_keys))
            refused(app, archive)


@pytest.mark.databases("sqlite")
def test_members_that_are_doubled_missing_added_or_moved_are_refused(app: Flask, archive: Path) -> None:
    found = forged.members(archive, app)
    large = member(found[1][0].name, b"")
    large[0].size = 1 << 40
    for hostile in (
        [*found, found[-1]],
        [found[0], found[1], *found[1:]],
        found[:-1],
        [*found, member("x", b"x")],
        [found[0], found[2], found[1], *found[3:]],
        [member("x" * 300, b"x"), *found],
        [found[0]],
        [],
    ):
        forged.sign(archive, forged.tar_of(hostile), dict(forged.settings(app).data_keys))
        refused(app, archive)
    header = forged.tar_of(found[:1])[: -tarfile.RECORDSIZE] + large[0].tobuf(tarfile.GNU_FORMAT)
    forged.sign(archive, header, dict(forged.settings(app).data_keys))
    refused(app, archive)


def _bomb(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
    packed = inside["tables/job.jsonl.gz"] = forged.bomb(50_000_000)
    manifest["tables"]["job"] |= {"packed": len(packed), "unpacked": 100, "rows": 1}


def _no_gzip(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
    inside["tables/job.jsonl.gz"] = b"no gzip"
    manifest["tables"]["job"] |= {"packed": 7}


def _unknown_table(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
    manifest["tables"]["evil"] = {"columns": [["id", "int"]], "rows": 0, "packed": 0, "unpacked": 0, "sha256": "0" * 64}
    forged.put_rows(manifest, inside, "evil", [])


def _missing_table(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
    del manifest["tables"]["audit"], inside["tables/audit.jsonl.gz"]


def _unknown_column(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["tables"]["job"]["columns"].append(["evil", "text"])


def _injection(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["tables"]["job"]["columns"][0][0] = 'name") VALUES (1); DROP TABLE posting; --'


def _other_kind(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["tables"]["job"]["columns"][0][1] = "json"


def _unknown_version(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["revision"] = "9999"


def _relative_version(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["revision"] = "head-1"


def _other_format(manifest: dict[str, Any], _: dict[str, bytes]) -> None:
    manifest["format"] = 3


def _changed(table: str, name: str, value: Any) -> Change:
    def change(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
        rows = forged.rows_of(inside, table)
        rows[0][forged.column(manifest, table, name)] = value
        forged.put_rows(manifest, inside, table, rows)

    return change


def _one_row_less(table: str) -> Change:
    def change(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
        forged.put_rows(manifest, inside, table, forged.rows_of(inside, table)[1:])

    return change


def _twice(table: str) -> Change:
    def change(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
        forged.put_rows(manifest, inside, table, forged.rows_of(inside, table) * 2)

    return change


CHANGES = [
    _bomb, _no_gzip, _unknown_table, _missing_table, _unknown_column, _injection, _other_kind, _unknown_version,
    _relative_version, _other_format,
    _changed("posting", "amount_minor", 1), _changed("donation", "state", "evil"),
    _changed("donation", "amount_minor", "2500"),
    _changed("donation", "amount_minor", 1 << 70), _changed("donation", "amount_minor", None),
    _changed("donation", "created_at", "2026-11-21T20:00:00"), _changed("donation", "email_sealed", "no base64!"),
    _changed("appeal", "title", "\ud800"), _changed("posting", "fund_id", 999),
    _changed("fund_total", "raised_minor", 1),
    _one_row_less("posting"), _one_row_less("entry"), _one_row_less("appeal"), _twice("donation"), _twice("entry"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_tables_columns_and_rows_that_are_not_ours_or_break_the_books_are_refused(
    app: Flask, archive: Path, number: int
) -> None:
    forged.forge(archive, app, CHANGES[number])
    refused(app, archive)


@pytest.mark.databases("sqlite")
def test_a_file_that_does_not_hold_what_its_name_says_is_refused(app: Flask, archive: Path) -> None:
    def change(manifest: dict[str, Any], inside: dict[str, bytes]) -> None:
        name = next(name for name in inside if name.startswith("files/"))
        inside["files/evidence/" + "a" * 64] = inside.pop(name)
        manifest["files"]["files/evidence/" + "a" * 64] = manifest["files"].pop(name)

    forged.forge(archive, app, change)
    refused(app, archive)


@pytest.mark.databases("sqlite")
def test_a_manifest_of_any_shape_is_refused_with_a_sentence(app: Flask, archive: Path) -> None:
    found = forged.members(archive, app)
    good = json.loads(found[0][1])
    shapes: list[Any] = [
        None,
        [],
        1,
        "x",
        {},
        {"format": 2},
        *({**good, key: None} for key in good if key != "installation"),
    ]
    shapes += [{**good, "files": []}, {**good, "tables": {"job": []}}, {**good, "made_at": "a\nb"}]
    for shape in shapes:
        hostile = [member("manifest.json", json.dumps(shape).encode()), *found[1:]]
        forged.sign(archive, forged.tar_of(hostile), dict(forged.settings(app).data_keys))
        refused(app, archive)
    deep = [member("manifest.json", b"[" * 100_000), *found[1:]]
    forged.sign(archive, forged.tar_of(deep), dict(forged.settings(app).data_keys))
    refused(app, archive)
