"""`donations keys offline`: make the key that only a treasurer holds, look at it, and unlock it on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import insert

from donations import audit, offline_key
from donations.cli.actor import actor
from donations.cli.files import private
from donations.data_keys import offline
from donations.data_keys.offline import PrivateKey
from donations.database import snapshot, write_unit
from donations.models import OfflineKey
from donations.offline_key import key_file, unlocks
from donations.staff import notices, passwords
from donations.worker.offline_key import carry_out, note_hashes, seal_settled

FILE = click.Path(dir_okay=False, path_type=Path)
_passphrase = click.option("--passphrase-file", type=FILE, help="Read the passphrase from the first line of a file.")


@click.group("offline")
def offline_keys() -> None:
    """Manage the offline key, which seals personal data of settled donations and is not kept on this machine.

    Exit codes: 0 done, 1 refused (nothing was changed)."""


@offline_keys.command()
@click.argument("file", type=FILE)
@_passphrase
@with_appcontext
def create(file: Path, passphrase_file: Path | None) -> None:
    """Create an offline key, save its private half to FILE, and seal settled donations with it."""
    make(file, _read(passphrase_file) if passphrase_file else _ask_new())


def make(file: Path, passphrase: str) -> None:
    """Raises PasswordTooShort or another of its kind, and ClickException; then nothing is written."""
    with snapshot() as conn:
        known = offline_key.keys(conn)
    if known:
        raise click.ClickException(f"The offline key {known[0]} exists already and stays: sealed data needs it.")
    if file.exists():
        raise click.ClickException(f"{file} exists already and was not changed. Choose another name.")
    passwords.check_strength(passphrase, "")
    key, at = PrivateKey.generate(), datetime.now(UTC)
    with private(file) as out:
        out.write(key_file.written(key, passphrase))
    key_file.opened(file.read_bytes(), passphrase)  # What cannot be read back must seal nothing.
    with write_unit() as conn:
        row = {"key_id": key.key_id, "public_key": key.public, "made_at": at, "made_by": actor()}
        conn.execute(insert(OfflineKey).values(row))
        audit.record(conn, actor(), "offline_key.made", f"key:{key.key_id}", {}, at=at)
    click.echo(f"Saved {file}, the private half of {key.key_id}. Names of donors are lost without it.")
    click.echo("Copy the file now to two places that only treasurers reach. Test each copy: Treasury > Offline key.")
    click.echo(f"Then delete {file} on this machine.")
    _seal(at)


@offline_keys.command()
@with_appcontext
def show() -> None:
    """List the offline keys, what is sealed with them, and what waits for them."""
    with snapshot() as conn:
        known, waiting = offline_key.keys(conn), offline_key.waiting(conn)
        found = list(offline_key.sealed(conn)) if known else []
    if not known:
        click.echo("No offline key yet. Run: donations keys offline create FILE")
    for one in known:
        click.echo(f"{one}: seals settled donations")
    for each in found:
        click.echo(f"{each.name}: {each.offline} under an offline key, {each.ours} under DATA_KEY")
    if known:
        click.echo(f"waiting for the offline key: {waiting.mails} emails, {waiting.requests} requests")


@offline_keys.command()
@click.argument("file", type=FILE)
@_passphrase
@with_appcontext
def unlock(file: Path, passphrase_file: Path | None) -> None:
    """Unlock the offline key for this command: answer waiting requests and send waiting emails."""
    use(opened(file, passphrase_file))
    done = carry_out(datetime.now(UTC))
    click.echo(f"{done} rows were opened, noted or answered. The worker now sends the waiting emails.")


def use(key: PrivateKey) -> None:
    """Unlock it for the command that runs: recorded, and told by mail. Raises OfflineKeyOfAnother."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        unlocks.check_ours(key)
        audit.record(conn, actor(), "offline_key.unlocked", f"key:{key.key_id}", {}, at=at)
        notices.tell(conn, "unlocked", by=actor(), at=at)
    offline.unlock(key)
    note_hashes(at)


def opened(file: Path, passphrase_file: Path | None = None) -> PrivateKey:
    """The private half in a file; asks for the passphrase. Raises OfflineKeyRefused."""
    data = file.read_bytes() if file.is_file() else b""
    passphrase = _read(passphrase_file) if passphrase_file else click.prompt("Passphrase", hide_input=True, err=True)
    return key_file.opened(data, passphrase)


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").split("\n")[0]


def _ask_new() -> str:
    click.echo("Choose a sentence of several words. Keep a copy on paper, apart from the file.", err=True)
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))


def _seal(at: datetime) -> None:
    done = seal_settled(at)
    click.echo(f"Sealed {done} rows. The worker seals the rest, and donations that settle later.")
