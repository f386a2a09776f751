"""`donations ledger export` and `donations ledger statement`: the ledger in files, for other programs and on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from sqlalchemy import select

from donations import paper
from donations.cli import disclosures
from donations.cli.files import private
from donations.database import snapshot
from donations.extensions import db
from donations.models import Fund, Organisation
from donations.money import CURRENCIES
from donations.reconciliation import exports, fund_statement

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(exports.FORMATS)),
    default="csv",
    show_default=True,
    help="File format.",
)
@click.option("--from", "since", type=_DAY, help="First day (YYYY-MM-DD). Default: the beginning.")
@click.option("--to", "until", type=_DAY, help="Last day (YYYY-MM-DD). Default: the end.")
@click.option("--fund", help="Export this fund only.")
@click.option("--currency", help="Export this currency only.")
@click.option("--output", type=_FILE, required=True, help="File to save.")
@with_appcontext
def export(
    format_name: str,
    since: datetime | None,
    until: datetime | None,
    fund: str | None,
    currency: str | None,
    output: Path,
) -> None:
    """Export the ledger: the entries of a period with their postings, for a spreadsheet or another program.

    Only this user of the system can read the file. The team is told by email."""
    scope = exports.Scope(_day(since), _day(until), _fund_id(fund), _currency(currency))
    _check_order(scope.since, scope.until)
    with private(output) as file:
        with snapshot() as conn, click.progressbar(length=1, label="Postings") as bar:

            def progress(count: int) -> None:
                bar.update(count)

            books = exports.extract(conn, scope, progress=progress)
            bar.length = books.postings
            exports.FORMATS[format_name].write(books, file)
        disclosures.tell("ledger export")  # If that fails, the file is not there.
    click.echo(f"Saved {books.postings} postings: {output}")


@click.command()
@click.option("--from", "since", type=_DAY, required=True, help="First day (YYYY-MM-DD).")
@click.option("--to", "until", type=_DAY, required=True, help="Last day (YYYY-MM-DD).")
@click.option("--output", type=_FILE, required=True, help="PDF file to save.")
@click.option("--language", help="Language of the statement. Default: the organisation's first.")
@with_appcontext
def statement(since: datetime, until: datetime, output: Path, language: str | None) -> None:
    """Save the statement of funds as a PDF: receipts and payments of each fund, and where its money is."""
    house = Organisation.get()
    if language not in (None, *house.languages):
        raise click.UsageError(f"Choose a language of the organisation: {', '.join(house.languages)}.")
    first, last = since.date(), until.date()
    _check_order(first, last)
    with snapshot() as conn:
        found = fund_statement.of_period(conn, first, last)
    with force_locale(language or house.default_language):
        made = paper.funds_pdf(first, last, found, at=datetime.now(UTC))
    with private(output) as file:
        file.write(made)
        disclosures.tell("ledger statement")
    click.echo(f"Saved {len({each.fund_id for each in found})} funds: {output}")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _check_order(since: date | None, until: date | None) -> None:
    if since is not None and until is not None and since > until:
        raise click.UsageError(f"The period ends on {until}, before it begins on {since}.")


def _fund_id(slug: str | None) -> int | None:
    if slug is None:
        return None
    found = db.session.scalar(select(Fund.id).where(Fund.slug == slug))
    if found is None:
        raise click.UsageError(f"No fund is called {slug}.")
    return found


def _currency(code: str | None) -> str | None:
    if code is not None and code.upper() not in CURRENCIES:
        raise click.UsageError(f"Unknown currency: {code}.")
    return code and code.upper()
