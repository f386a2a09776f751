"""The operator's commands: `donations` on the command line, which is `flask --app wsgi`. One file per noun."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import FlaskGroup

from donations.errors import DonationsError


def init_app(app: Flask) -> None:
    """Register the commands that need the app."""
    from donations.cli import (
        appeals,
        audit,
        backup,
        bank,
        bank_matching,
        inbox,
        ledger,
        messages,
        receipts,
        serve,
        staff,
        sync,
    )

    books = (backup, bank, bank_matching, ledger, receipts, sync)
    for module in (appeals, audit, inbox, messages, serve, staff, *books):
        for command in module.COMMANDS:
            app.cli.add_command(command)


def _app() -> Flask:
    from donations import create_app

    return create_app()


def main() -> None:
    """The console script. Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage."""
    from donations.cli import demo, setup, tour
    from donations.cli.sandbox import sandbox

    # The .env file is read by config.py, with its own rules, so Flask does not look for one.
    group = FlaskGroup(
        create_app=_app, name="donations", help="Run a fighting fund.", add_version_option=False, load_dotenv=False
    )
    # These work without the app: they are for when it would refuse to start.
    for command in (sandbox, *setup.COMMANDS, *demo.COMMANDS, *tour.COMMANDS):
        group.add_command(command)
    try:
        group.main(prog_name="donations")
    except DonationsError as error:
        click.echo(f"donations: {error}", err=True)
        sys.exit(1)
