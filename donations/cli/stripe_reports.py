"""`donations stripe import`: Stripe's own CSV reports, for a treasurer without an API key."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from donations import audit
from donations.cli.actor import actor
from donations.database import write_unit
from donations.models import Organisation
from donations.reconciliation import stripe_reports
from donations.reconciliation.stripe_reports import Taken


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--timezone", help="Time zone of the report. Default: the organisation's.")
@click.option("--manual-payouts", is_flag=True, help="The payouts in this report were started by hand.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def import_(file: Path, timezone: str | None, manual_payouts: bool, as_json: bool) -> None:
    """Import an itemised Stripe report: balance change from activity, payout reconciliation or payouts.

    A file is imported as a whole or not at all. Importing it again changes nothing. Exit codes: 0 imported, 1 refused
    (nothing was changed), 2 wrong usage."""
    if timezone is not None and timezone not in available_timezones():
        raise click.BadParameter(f"Unknown time zone: {timezone}.", param_hint="--timezone")
    zone = ZoneInfo(timezone or Organisation.get().timezone)
    report = stripe_reports.read(file.read_bytes(), zone=zone, manual_payouts=manual_payouts)
    at, lines = datetime.now(UTC), len(report.transactions)
    try:
        with (
            click.progressbar(length=lines, label="Transactions", hidden=as_json or lines < 500) as bar,
            write_unit() as conn,
        ):
            taken = stripe_reports.import_report(conn, report, at=at, progress=bar.update)
            about = f"report:{taken.report}"
            audit.record(conn, actor(), "stripe.report_imported", about, {"movements": taken.transactions}, at=at)
    except OperationalError as error:  # Two that wait for each other, or a database that went away.
        raise click.ClickException("The database is busy, so nothing was imported. Run this command again.") from error
    click.echo(json.dumps(_for_machines(taken), indent=2)) if as_json else _show(taken)


def _for_machines(taken: Taken) -> dict[str, object]:
    """Names of keys are kept as they once were: programs read them."""
    found = asdict(taken)
    return {"report": found.pop("report"), "movements": found.pop("transactions"), **found}


def _show(taken: Taken) -> None:
    click.echo(f"{taken.report}: {taken.transactions} new transactions, {taken.known} known, {taken.payouts} payouts")
    for payout_id in taken.incomplete:
        click.echo(f"  {payout_id}: its transactions do not add up yet. Import its payout reconciliation report")
    for payout_id in taken.unknown:
        click.echo(f"  {payout_id}: unknown payout. Import the payouts report too")
