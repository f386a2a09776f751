"""`donations stripe`: fetch from Stripe what no event has told us, or import its reports (stripe_reports)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from donations.cli import stripe_reports, stripe_setup
from donations.errors import DonationsError
from donations.worker import recovery, stripe_objects, stripe_sync

RECOVERED = "payments of lost donations looked at"


@click.group("stripe")
def group() -> None:
    """Fetch data from Stripe, import its reports, set up its webhooks."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def sync(as_json: bool) -> None:
    """Fetch everything new from Stripe and record it in the ledger. The worker also does this on its own.

    Fetches events, balance transactions, payouts, refunds, disputes and fraud warnings. After a restore, it recreates
    donations that the backup does not have. Exit codes: 0 done, 1 Stripe does not answer."""
    at = datetime.now(UTC)
    steps = {
        "events": stripe_sync.catch_up,
        "balance transactions": stripe_sync.sync_transactions,
        "payouts": stripe_sync.sync_payouts,
        "refunds, disputes and warnings": stripe_objects.sync_objects,
        RECOVERED: recovery.recover_donations,
    }
    done: dict[str, int] = {}
    with click.progressbar(steps.items(), label="Asking Stripe", hidden=as_json) as shown:
        for name, step in shown:
            try:
                done[name] = step(at)
            except DonationsError as error:
                raise click.ClickException(f"{name}: {error}") from error
    if as_json:
        click.echo(json.dumps(done))
    else:
        recovered = done.pop(RECOVERED)
        said = [f"{count} new {name}" for name, count in done.items()]
        click.echo(", ".join([*said, *([f"{recovered} {RECOVERED}"] if recovered else [])]))


group.add_command(stripe_reports.import_)
group.add_command(stripe_setup.setup)
COMMANDS = (group,)
