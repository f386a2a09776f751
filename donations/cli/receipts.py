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
    """Make annual donation statements."""


@receipts.command()
@click.argument("email")
@click.option("--year", type=click.IntRange(2000, 9999), required=True, help="Year of the donations.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="PDF file to save.")
@click.option("--language", help="Language of the statement. Default: the organisation's first.")
@with_appcontext
def statement(email: str, year: int, output: Path, language: str | None) -> None:
    """Save the annual donation statement of one donor as a PDF: all valid receipts and their sums.

    The file names a person: only this user of the system can read it. The team is told by email. Exit codes: 0 saved,
    1 no valid receipt."""
    house = Organisation.get()
    if language not in (None, *house.languages):
        raise click.UsageError(f"Choose a language of the organisation: {', '.join(house.languages)}.")
    found = issued.of_donor(email, year)
    if not found:
        click.echo(f"This address has no valid receipt in {year}.", err=True)
        raise SystemExit(1)
    with force_locale(language or house.default_language):
        made = paper.statement_pdf(email, year, found, at=datetime.now(UTC))
    with private(output) as file:
        file.write(made)
        disclosures.tell("receipts statement")
    click.echo(f"Saved {len(found)} receipts: {output}")


COMMANDS = (receipts,)
