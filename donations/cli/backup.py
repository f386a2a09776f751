"""`donations backup`, `restore`, `drill` and `forget-archives`: the whole installation but its keys as one encrypted
archive, and the proof that it comes back. Archives are described in docs/backups.md."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.engine import Connection

from donations import archives, restoration
from donations.cli.actor import actor
from donations.cli.key_guard import guarded
from donations.config import Settings
from donations.database import write_unit
from donations.extensions import db

KEYS = "DATA_KEY is not in it, and without DATA_KEY nobody can open it: keep a copy of .env somewhere else."
_ARCHIVE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(min=1), help="With a folder: remove all but the newest KEEP archives.")
@with_appcontext
def backup(output: Path, keep: int | None) -> None:
    """Write everything but the keys to OUTPUT, encrypted, while the fund goes on running.

    OUTPUT is a file, or a folder in which the archive is named by date. The database as of one moment, then the
    evidence that it names. Exit codes: 0 written and verified, 1 nothing was written."""
    at, in_folder = datetime.now(UTC), output.is_dir()
    if keep and not in_folder:
        raise click.UsageError(f"--keep needs a folder that exists, and {output} is none.")
    copy = archives.write(output / archives.dated_name(at) if in_folder else output, _settings(), at=at)
    _note("written", copy.path, copy.manifest.made_at, at)
    click.echo(f"{copy.path}: {copy.bytes:,} bytes, {copy.files} files beside the database. {KEYS}")
    if keep:
        removed = archives.prune(output, keep, newest=copy.path)
        _forget(path.name for path in removed)
        for path in removed:
            click.echo(f"Removed {path}")


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--not-in", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead of names: all that were written here and are not in this folder.",
)  # fmt: skip
@with_appcontext
def forget_archives(names: tuple[str, ...], folder: Path | None) -> None:
    """Say that archives were deleted, so that `donations doctor` no longer names them.

    NAMES are those of their files. Nothing is deleted by this."""
    if bool(names) == (folder is not None):
        raise click.UsageError("Name the archives that were deleted, or the folder of those that are kept (--not-in).")
    if folder is not None:
        kept = {path.name for path in folder.iterdir()}
        names = tuple(name for name in archives.written(db.session.connection()) if name not in kept)
    known = _forget(Path(name).name for name in names)
    click.echo(f"{known} archives are taken for deleted. `donations doctor` names the others.")


@click.command()
@click.argument("archive", type=_ARCHIVE)
@click.option("--replace", is_flag=True, help="Put the archive in the place of what is in the database now.")
@click.option("--unsigned", is_flag=True, help="Trust a .tar.gz of an earlier version, which nobody has signed.")
@with_appcontext
def restore(archive: Path, replace: bool, unsigned: bool) -> None:
    """Put an archive in the place of an empty database. Stop `donations serve` and `donations worker` before.

    Everything is checked before anything is changed: the signature, every row, the books and the audit log.
    Exit codes: 0 restored and sound, 1 refused, and nothing was changed."""
    at = datetime.now(UTC)
    done = archives.restore(archive, _settings(), replace=replace, finish=_finish, at=at, is_unsigned=unsigned)
    click.echo(f"Restored as of {done.manifest.made_at}: {_counts(done)}, books and audit log sound.")
    if done.set_aside is not None:
        click.echo(f"The database that was there before is kept as {done.set_aside}")
    click.echo("Receipts are numbered in a new series, emails that were waiting are held, everybody is signed out.")
    click.echo("Next: `donations stripe sync` for what has happened since, then `donations serve`.")
    click.echo("Then open After a restore in the treasury: it names what is missing and the emails that are held.")


@click.command()
@click.argument("archive", type=_ARCHIVE)
@with_appcontext
def drill(archive: Path) -> None:
    """Prove that an archive can be restored, in a database that is thrown away again.

    Nothing of this installation is changed, and neither Stripe nor the mail server is asked. Exit codes: 0 the archive
    is good, 1 it is not."""
    at = datetime.now(UTC)
    done = archives.drill(archive, _settings(), at=at)
    _note("drilled", archive, done.manifest.made_at, at)
    click.echo(f"{archive} of {done.manifest.made_at} can be restored: {_counts(done)}, books and audit log sound.")
    if done.figures["audit_head"]:
        click.echo(f"  audit log: compare with `donations audit verify --head {done.figures['audit_head']}`")
    for account, currency, minor in done.figures["balances"]:
        click.echo(f"  account {account} {minor:>14} {currency} (minor units), as in the copy")


def _counts(done: archives.Restored) -> str:
    return f"{done.figures['donations']} donations, {done.figures['entries']} entries, {done.files} files"


def _note(act: str, archive: Path, made_at: str, at: datetime) -> None:
    """For `donations doctor`."""
    with write_unit() as conn:
        archives.note(conn, act, archive, made_at, at=at)


def _forget(names: Iterable[str]) -> int:
    with write_unit() as conn:
        return archives.forget(conn, names)


def _finish(conn: Connection, copied_at: datetime) -> None:
    """What a restored database must record about itself from its first moment on."""
    restoration.mark_restored(conn, copied_at, actor=actor(), at=datetime.now(UTC))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


COMMANDS = (guarded(backup), drill, restore, forget_archives)  # A wrong key makes an archive unreadable.
