"""`donations backup` and `donations restore`: the database and the files beside it as one archive, with a manifest of
their hashes. The keys of .env are never in it."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import subprocess
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from alembic.runtime.migration import MigrationContext
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, inspect, select
from sqlalchemy.engine import make_url

from donations import config, ledger
from donations.cli.files import private
from donations.database import is_sqlite, snapshot
from donations.extensions import db
from donations.models import Donation

FORMAT, MANIFEST, DATABASE, FILES = 1, "manifest.json", "database", "files/"
KEYS = "DATA_KEY and SECRET_KEY are not in it: keep a copy of .env somewhere else, or nobody can read the names again."


@click.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(output: Path) -> None:
    """Write everything but the keys to OUTPUT (a .tar.gz), while the fund goes on running.

    The database as of one moment, then the evidence that it names. Exit codes: 0 written, 1 nothing was written."""
    with tempfile.TemporaryDirectory(prefix="ff-backup-", dir=output.parent) as folder:
        dump = Path(folder) / DATABASE
        _dump_sqlite(dump) if is_sqlite() else _dump_postgresql(dump)
        parts = {DATABASE: dump} | {f"{FILES}{path.relative_to(_shelves())}": path for path in _evidence()}
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": db.engine.dialect.name,
            "tables": _version(),
            "files": {name: {"sha256": _sha256(path), "bytes": path.stat().st_size} for name, path in parts.items()},
        }
        with private(output) as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            said = json.dumps(manifest, indent=2).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(said)
            archive.addfile(head, io.BytesIO(said))
            for name, path in parts.items():
                archive.add(path, name, recursive=False)
    click.echo(f"{output}: {len(parts) - 1} files beside the database. {KEYS}")


@click.command()
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Throw away what is in the database now.")
@with_appcontext
def restore(archive: Path, replace: bool) -> None:
    """Put a backup in the place of an empty database. Stop `donations serve` and `donations worker` before.

    Every hash is looked at before anything is changed; then the books and the audit are asked whether they are whole.
    Exit codes: 0 restored and sound, 1 refused or not sound."""
    if not replace and inspect(db.engine).get_table_names():
        raise click.ClickException("The database is not empty. With --replace, what is in it is thrown away.")
    with tempfile.TemporaryDirectory(prefix="ff-restore-", dir=archive.parent) as folder:
        manifest = _unpack(archive, Path(folder))
        if manifest["database"] != db.engine.dialect.name:
            raise click.ClickException(f"This is a backup of {manifest['database']}, not of {db.engine.dialect.name}.")
        db.session.remove()
        db.engine.dispose()
        dump = Path(folder) / DATABASE
        _load_sqlite(dump) if is_sqlite() else _load_postgresql(dump)
        for name in manifest["files"]:
            if name != DATABASE:
                place = _shelves() / name.removeprefix(FILES)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                (Path(folder) / name).replace(place)
    _prove(manifest)


def _prove(manifest: dict[str, Any]) -> None:
    """Ask the books and the audit, and say what is here now."""
    with snapshot() as conn:
        report, broken = ledger.check(conn, datetime.now(UTC)), ledger.broken_act(conn)
        gifts = conn.scalar(select(func.count()).select_from(Donation))
    for finding in report.findings:
        click.echo(f"WRONG {finding.invariant}: {finding.said}", err=True)
    if broken is not None:
        click.echo(f"WRONG audit: {broken.said}", err=True)
    if report.findings or broken is not None:
        raise click.ClickException("Restored, but not sound: look at another backup before you go on.")
    click.echo(
        f"Restored as of {manifest['made_at']}: {gifts} donations, {report.entries} entries, books and audit whole."
    )
    click.echo(
        "Next: `donations db upgrade`, `donations serve`, and `donations stripe sync` for what has happened since."
    )


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Take out what the manifest names, and nothing else; each must be what its hash says. Raises ClickException."""
    try:
        with tarfile.open(archive, mode="r:gz") as opened:
            head = opened.extractfile(MANIFEST)
            assert head is not None
            manifest: dict[str, Any] = json.loads(head.read())
            for name, said in manifest["files"].items():
                place = (folder / name).resolve()
                if manifest["format"] != FORMAT or not place.is_relative_to(folder.resolve()):
                    raise click.ClickException(f"{archive}: this is no backup that we can read.")
                place.parent.mkdir(parents=True, exist_ok=True)
                taken = opened.extractfile(name)
                assert taken is not None
                with place.open("wb") as out:
                    while block := taken.read(1 << 20):
                        out.write(block)
                if _sha256(place) != said["sha256"]:
                    raise click.ClickException(f"{archive}: {name} is not what was backed up. Nothing was changed.")
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, AssertionError) as error:
        raise click.ClickException(
            f"{archive} cannot be read: it is cut off, or no backup. Nothing changed."
        ) from error
    return manifest


def _dump_sqlite(dump: Path) -> None:
    """SQLite's own way: page by page as of one moment, whoever writes meanwhile."""
    source, target = sqlite3.connect(_file()), sqlite3.connect(dump)
    source.backup(target)
    target.close()
    source.close()


def _load_sqlite(dump: Path) -> None:
    place = _file()
    place.parent.mkdir(parents=True, exist_ok=True)
    for leftover in ("-wal", "-shm"):
        Path(f"{place}{leftover}").unlink(missing_ok=True)
    source, target = sqlite3.connect(dump), sqlite3.connect(place)
    source.backup(target)
    target.close()
    source.close()


def _dump_postgresql(dump: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")


def _load_postgresql(dump: Path) -> None:
    _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", str(dump))


def _run(program: str, *words: str) -> None:
    """One of PostgreSQL's own programs; the password goes by the environment, where no list of processes shows it."""
    url = make_url(current_app.config["SETTINGS"].database_url)
    environ = {**config.environment(), "PGPASSWORD": url.password or ""}
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    where = [f"--dbname={plain}"]
    try:
        done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's with words of ours
            [program, *where, *words], env=environ, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise click.ClickException(f"{program} is not here. Install PostgreSQL's client programs.") from error
    if done.returncode:
        raise click.ClickException(f"{program} failed: {done.stderr.strip()}")


def _version() -> str | None:
    with db.engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision()


def _file() -> Path:
    return Path(make_url(current_app.config["SETTINGS"].database_url).database or "")


def _shelves() -> Path:
    return Path(current_app.config.get("FILES_FOLDER") or config.INSTANCE / "files")


def _evidence() -> list[Path]:
    return sorted(path for path in _shelves().glob("*/*") if path.is_file() and not path.suffix)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


COMMANDS = (backup, restore)
