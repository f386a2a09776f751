"""`donations keys list`, `keys rotate data` and `keys lost`."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit, data_keys
from donations.cli.actor import actor
from donations.cli.keys import env_file
from donations.data_keys import rotation
from donations.database import snapshot, write_unit
from donations.errors import KeysNotRotated
from donations.models import DataKey
from donations.reconciliation import file_store

SHELF = "evidence"


@click.command("list")
@with_appcontext
def list_keys() -> None:
    """List the data keys that this database knows, and how many values need each."""
    with snapshot() as conn:
        rows = conn.execute(select(DataKey.__table__).order_by(DataKey.number)).all()
        left = data_keys.needed(conn, [row.key_id for row in rows])
    here = current_app.config["SETTINGS"].data_keys
    for row in rows:
        place = "in DATA_KEY" if row.key_id in here else "not in DATA_KEY"
        state = f"retired {row.retired_at:%Y-%m-%d}" if row.retired_at else "lost" if row.lost_at else "in use"
        click.echo(f"{row.key_id}: {state}, {place}, {left[row.key_id]} sealed values need it")


@click.command("data")
@click.option("--yes", is_flag=True, help="Confirm that every serve and worker was restarted since.")
@with_appcontext
def rotate_data(yes: bool) -> None:
    """Replace the data key. Run this command twice: the first run adds a new key, the second seals everything with it.

    Between the two, restart `donations serve` and `donations worker` on every host. You can stop this command and run
    it again at any time. Exit codes: 0 done, 1 refused or not finished."""
    with write_unit() as conn:
        data_keys.record(conn, at=datetime.now(UTC))
    older = _older()
    if not older:
        _add_key()
        return
    if not yes:
        click.confirm("Were serve and worker restarted on every host after the new key was added?", abort=True)
    unreadable = _seal_all() + _seal_files()
    with write_unit() as conn:
        left = rotation.retire(conn, at=datetime.now(UTC))
        first = next(iter(current_app.config["SETTINGS"].data_keys))
        details: dict[str, Any] = {"first": first, "left": left}
        audit.record(conn, actor(), "keys.data_rotated", f"key:{first}", details, at=datetime.now(UTC))
    if left or unreadable:
        said = ", ".join(f"{key_id}: {count}" for key_id, count in left.items())
        raise KeysNotRotated(reason=f"{unreadable} values could not be opened, and still needed are {said or 'none'}")
    click.echo(f"Everything is sealed with {first}. Next: remove {', '.join(older)} from DATA_KEY and restart.")
    click.echo("Older archives need the old key: keep it with them. Then run: donations backup OUTPUT")
    click.echo(f"If {', '.join(older)} has leaked, read docs/keys.md: some data stays sealed with it.")


@click.command()
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_appcontext
def lost(key_id: str, yes: bool) -> None:
    """Record that a data key is lost for good, so that the fund can start without it.

    Values sealed with it can never be read again. Exit codes: 0 done, 1 refused."""
    if key_id in current_app.config["SETTINGS"].data_keys:
        raise KeysNotRotated(reason=f"{key_id} stands in DATA_KEY, so it is not lost")
    with snapshot() as conn:
        if conn.scalar(select(DataKey.number).where(DataKey.key_id == key_id)) is None:
            raise KeysNotRotated(reason=f"this database knows no key {key_id}")
        count = data_keys.needed(conn, [key_id])[key_id]
    click.echo(f"{count} sealed values (names, addresses, messages) need {key_id} and can never be read again.")
    if not yes:
        click.confirm("Continue without this key?", abort=True)
    with write_unit() as conn:
        rotation.lose(conn, key_id, at=datetime.now(UTC))
        audit.record(conn, actor(), "keys.data_lost", f"key:{key_id}", {"values": count}, at=datetime.now(UTC))
    click.echo(f"{key_id} is recorded as lost. Next: donations serve")


def _older() -> list[str]:
    """The keys behind the first one that are not retired."""
    here = list(current_app.config["SETTINGS"].data_keys)[1:]
    with snapshot() as conn:
        open_ones = conn.scalars(select(DataKey.key_id).where(DataKey.retired_at.is_(None), DataKey.lost_at.is_(None)))
        return [key_id for key_id in open_ones if key_id in here]


def _add_key() -> None:
    here = current_app.config["SETTINGS"].data_keys
    with snapshot() as conn:
        known = {*here, *conn.scalars(select(DataKey.key_id))}
    numbers = [int(found[1]) for key_id in known if (found := re.fullmatch(r"k(\d{1,6})", key_id))]
    fresh = f"k{max(numbers, default=0) + 1}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    old = [f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in here.items()]
    env_file.put({"DATA_KEY": ",".join([fresh, *old])})
    click.echo(f"Added {fresh.partition(':')[0]}. Set the same DATA_KEY on every other host. Restart `donations serve`")
    click.echo("and `donations worker` on every host, then run: donations keys rotate data")


def _seal_all() -> int:
    """Gives how many values no key opens."""
    unreadable = 0
    with click.progressbar(data_keys.SEALED, label="Sealing") as columns:
        for table_name, column_name in columns:
            after: Any | None = None
            while True:
                with write_unit() as conn:
                    batch = rotation.seal_batch(conn, table_name, column_name, after)
                unreadable += batch.unreadable
                after = batch.last
                if after is None:
                    break
    return unreadable


def _seal_files() -> int:
    return sum(not file_store.reseal(SHELF, path.name) for path in file_store.all_of(SHELF))
