"""`donations tour`: the whole journey without a person, over real HTTP. After each step the total, the ledger and the
sandbox must say the same; it ends with 0 only if every figure agrees."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click

from donations import config
from donations.cli.stage import Stage, free_port
from donations.cli.tour import card_donations, treasury, troubles, wordings
from donations.cli.tour.journey import Journey

STEPS = (*card_donations.STEPS, *troubles.STEPS, *wordings.STEPS, *treasury.STEPS)


@click.command()
def tour() -> None:
    """Test the whole journey of a donation, on a fresh SQLite file or on DATABASE_URL.

    Exit codes: 0 every figure agrees, 1 a figure is wrong."""
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="fighting-fund-tour-") as folder:
        stage = Stage(
            Path(folder),
            port=free_port(),
            sandbox_port=free_port(),
            smtp_port=free_port(),
            database_url=config.environment().get("DATABASE_URL", ""),
            sandbox_options=["--bt-delay", "0.5", "--later", "-1", "--settles", "gbp,eur", "--rate", "usd=0.784"],
        )
        try:
            stage.start(serve_options=["--processes", "2"])
            _walk(Journey(stage))
        except AssertionError as error:
            click.echo(f"   WRONG: {error}", err=True)
            raise SystemExit(1) from error
        finally:
            stage.stop()
    click.echo("Every figure agrees.")


def _walk(journey: Journey) -> None:
    try:
        for number, step in enumerate(STEPS, start=1):
            click.echo(f"{number}. {step.__doc__}")
            click.echo(f"   {step(journey)}")
            click.echo(f"   {journey.agree()}")
    finally:
        journey.end()
    journey.stage.command("ledger", "check")


def _leave(number: int, _frame: FrameType | None) -> None:
    """Told to end: leave like anybody who leaves early, so that server, worker and sandbox are ended too."""
    signal.signal(number, signal.SIG_IGN)  # Told twice, it still tidies up to the end.
    sys.exit(128 + number)


COMMANDS = (tour,)
