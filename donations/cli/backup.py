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
from donations.money import Money, written

KEYS = "The archive cannot be opened without DATA_KEY, which is not in it. Keep a copy of .env in another place."
_ARCHIVE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(min=1), help="In a folder: delete all but the newest KEEP archives.")
@with_appcontext
def backup(output: Path, keep: int | None) -> None:
    """Back up everything except the keys to OUTPUT, encrypted, while the fund keeps running.

    OUTPUT is a file, or a folder where the archive is named by date. The archive has the database as of one moment and
    the supporting documents. Exit codes: 0 saved and verified, 1 nothing was saved."""
    at, in_folder = datetime.now(UTC), output.is_dir()
    if keep and not in_folder:
        raise click.UsageError(f"--keep needs an existing folder, but {output} is not one.")
    copy = archives.write(output / archives.dated_name(at) if in_folder else output, _settings(), at=at)
    _note("written", copy.path, copy.manifest.made_at, at)
    click.echo(f"{copy.path}: {copy.bytes:,} bytes, {copy.files} files and the database. {KEYS}")
    if keep:
        removed = archives.prune(output, keep, newest=copy.path)
        _forget(path.name for path in removed)
        for path in removed:
            click.echo(f"Removed {path}")


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--not-in", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Instead of NAMES: all archives made here that are not in this folder.",
)  # fmt: skip
@with_appcontext
def forget_archives(names: tuple[str, ...], folder: Path | None) -> None:
    """Record that archives were deleted, so that `donations doctor` no longer lists them.

    NAMES are file names. This command deletes no archive."""
    if bool(names) == (folder is not None):
        raise click.UsageError("Name the deleted archives, or the folder with the remaining ones (--not-in).")
    if folder is not None:
        kept = {path.name for path in folder.iterdir()}
        names = tuple(name for name in archives.written(db.session.connection()) if name not in kept)
    known = _forget(Path(name).name for name in names)
    click.echo(f"Recorded as deleted: {known} archives. Run: donations doctor")


@click.command()
@click.argument("archive", type=_ARCHIVE)
@click.option("--replace", is_flag=True, help="Replace what is in the database now.")
@click.option("--unsigned", is_flag=True, help="Trust an unsigned .tar.gz of an earlier version.")
@with_appcontext
def restore(archive: Path, replace: bool, unsigned: bool) -> None:
    """Restore an archive into an empty database. First stop `donations serve` and `donations worker`.

    The signature, every row, the ledger and the audit log are checked before anything changes.
    Exit codes: 0 restored and sound, 1 refused (nothing was changed)."""
    at = datetime.now(UTC)
    done = archives.restore(archive, _settings(), replace=replace, finish=_finish, at=at, is_unsigned=unsigned)
    click.echo(f"Restored as of {done.manifest.made_at}: {_counts(done)}, ledger and audit log sound.")
    if done.set_aside is not None:
        click.echo(f"The previous database is kept as {done.set_aside}")
    click.echo("Receipts get a new series of numbers. Waiting emails are held. All team members are signed out.")
    click.echo("Next: donations stripe sync, then donations serve.")
    click.echo("Then open Treasury > After a restore. The page lists what is missing and the held emails.")


@click.command()
@click.argument("archive", type=_ARCHIVE)
@with_appcontext
def drill(archive: Path) -> None:
    """Test that an archive can be restored, in a temporary database.

    This installation stays unchanged. Stripe and the mail server are not contacted. Exit codes: 0 the archive is good,
    1 the archive cannot be restored."""
    at = datetime.now(UTC)
    done = archives.drill(archive, _settings(), at=at)
    _note("drilled", archive, done.manifest.made_at, at)
    click.echo(f"{archive} of {done.manifest.made_at} can be restored: {_counts(done)}, ledger and audit log sound.")
    if done.figures["audit_head"]:
        click.echo(f"  To compare the audit log, run: donations audit verify --head {done.figures['audit_head']}")
    for account, currency, minor in done.figures["balances"]:
        click.echo(f"  account {account} {written(Money(int(minor), currency)):>16}, as in the copy")


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
