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
@click.option("--timezone", help="In which the report was asked for; the organisation's own if not said.")
@click.option("--manual-payouts", is_flag=True, help="The payouts of this report were made by hand.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def import_(file: Path, timezone: str | None, manual_payouts: bool, as_json: bool) -> None:
    """Import an itemised report of Stripe's (balance change from activity, payout reconciliation, payouts): the whole
    file or nothing of it. Twice is the same as once.

    Exit code 1 if the report is refused; nothing is changed then."""
    if timezone is not None and timezone not in available_timezones():
        raise click.BadParameter(f"{timezone} is no time zone we know.", param_hint="--timezone")
    zone = ZoneInfo(timezone or Organisation.get().timezone)
    report = stripe_reports.read(file.read_bytes(), zone=zone, manual_payouts=manual_payouts)
    at, lines = datetime.now(UTC), len(report.movements)
    try:
        with (
            click.progressbar(length=lines, label="Movements", hidden=as_json or lines < 500) as bar,
            write_unit() as conn,
        ):
            taken = stripe_reports.take_in(conn, report, at=at, progress=bar.update)
            about = f"report:{taken.report}"
            audit.record(conn, actor(), "stripe.report_imported", about, {"movements": taken.movements}, at=at)
    except OperationalError as error:  # Two that wait for each other, or a database that went away.
        raise click.ClickException("The books are busy; nothing was imported. Try again.") from error
    click.echo(json.dumps(asdict(taken), indent=2)) if as_json else _show(taken)


def _show(taken: Taken) -> None:
    click.echo(f"{taken.report}: {taken.movements} new movements, {taken.known} known, {taken.payouts} payouts")
    for payout_id in taken.incomplete:
        click.echo(f"  {payout_id}: its movements do not come to its amount yet; import its payout reconciliation")
    for payout_id in taken.unknown:
        click.echo(f"  {payout_id}: nothing else is known of it; import the report of payouts too")
