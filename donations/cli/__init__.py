"""The operator's commands: `donations` on the command line, which is `flask --app wsgi`. One file per noun."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import DBAPIError

from donations import config
from donations.errors import DonationsError

_unlocked: list[Path] = []  # the file of --offline-key


def init_app(app: Flask) -> None:
    """Register the commands that need the app, for `flask --app wsgi` and tests."""
    for command in _commands():
        app.cli.add_command(command)


def _commands() -> Iterator[click.Command]:
    from donations.cli import (
        appeals,
        audit,
        away,
        backup,
        bank,
        bank_imports,
        bank_matching,
        inbox,
        keys,
        ledger,
        messages,
        receipts,
        serve,
        staff,
        sync,
    )
    from donations.cli.key_guard import guarded

    books = (bank, bank_imports, bank_matching, ledger, receipts, sync)
    for module in (appeals, audit, away, inbox, messages, serve, staff, *books):
        yield from map(guarded, module.COMMANDS)
    for module in (backup, keys):  # These are for when the keys do not fit.
        yield from module.COMMANDS


def _app() -> Flask:
    """The app, after a line that says which installation it is: a copy is easily taken for the real one."""
    from donations import create_app
    from donations.cli.keys.offline import opened, use
    from donations.data_keys import offline

    app = create_app()
    if _unlocked:
        key = opened(_unlocked[-1])
        with app.app_context():
            use(key)
        offline.set_source(app, lambda: key)
    if "--json" not in sys.argv:
        source = config.source()
        click.echo(f"donations: {source.described()}, database {app.config['SETTINGS'].database_place}", err=True)
        for warning in source.warnings:
            click.echo(f"donations: warning: {warning}", err=True)
    return app


def _choose(_ctx: click.Context, _option: click.Parameter, file: Path | None) -> None:
    if file is not None:
        config.choose(file)


class _Commands(click.Group):
    """The commands; the demo commands are loaded on demand, so that a production process never contains the stand-in
    for Stripe or its mailbox."""

    TRIALS = ("demo", "sandbox", "tour")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self.TRIALS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.TRIALS:
            return super().get_command(ctx, cmd_name)
        (command,) = import_module(f"donations.cli.{cmd_name}").COMMANDS
        return command if isinstance(command, click.Command) else None


def _unlock(_ctx: click.Context, _option: click.Parameter, file: Path | None) -> None:
    if file is not None:
        _unlocked.append(file)


def group() -> click.Group:
    """All commands. Listing them needs no app, and their help no settings."""
    from donations.cli import database, setup

    env_file = click.Option(
        ["-e", "--env-file"],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        callback=_choose,
        expose_value=False,
        is_eager=True,
        help="Read the settings from this file instead of .env.",
    )
    offline_key = click.Option(
        ["--offline-key"],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        callback=_unlock,
        expose_value=False,
        is_eager=True,
        help="Unlock the offline key in this file for this command. Asks for the passphrase.",
    )
    every = (*setup.COMMANDS, *database.COMMANDS, *_commands())
    return _Commands("donations", every, help="Run and look after a fund.", params=[env_file, offline_key])


def main() -> None:
    """The console script. Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage."""
    os.umask(0o077)  # Whatever is written here is for this user alone.
    try:
        group().main(prog_name="donations", obj=ScriptInfo(create_app=_app))
    except DonationsError as error:
        _fail(str(error))
    except DBAPIError as error:
        said = str(error.orig).strip().split("\n")[0]
        _fail(f"the database cannot be used: {said}. Run: donations doctor")


def _fail(sentence: str) -> None:
    click.echo(f"donations: {' '.join(sentence.split())}", err=True)
    sys.exit(1)
