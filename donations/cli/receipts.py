"""`donations receipts`: papers about receipts that the organisation itself hands out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from donations import paper
from donations import receipts as issued
from donations.cli import disclosures
from donations.cli.files import private
from donations.models import Organisation


@click.group()
def receipts() -> None:
    """Receipts and statements."""


@receipts.command()
@click.argument("email")
@click.option("--year", type=click.IntRange(2000, 9999), required=True, help="Of the day the gifts were received.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The PDF to write.")
@click.option("--language", help="Of the statement; the organisation's first one if not said.")
@with_appcontext
def statement(email: str, year: int, output: Path, language: str | None) -> None:
    """Write the annual statement of one donor: all receipts that stand, with their sums. Exit code 1 if there are none.

    The file is for the eyes of this user alone: it names a person."""
    house = Organisation.get()
    if language not in (None, *house.languages):
        raise click.UsageError(f"The organisation speaks {', '.join(house.languages)}.")
    found = issued.of_donor(email, year)
    if not found:
        click.echo(f"No receipt stands for this address in {year}.", err=True)
        raise SystemExit(1)
    with force_locale(language or house.default_language):
        made = paper.statement_pdf(email, year, found, at=datetime.now(UTC))
    with private(output) as file:
        file.write(made)
        disclosures.tell("receipts statement")
    click.echo(f"{len(found)} receipts: {output}")


COMMANDS = (receipts,)
