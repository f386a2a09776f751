"""`donations ledger close` and `reopen`: a period signed at the host's command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit
from donations.cli.actor import actor
from donations.database import write_unit
from donations.extensions import db
from donations.models import Period
from donations.reconciliation import period_close

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("until", type=DAY, metavar="DAY")
@click.option("--check", is_flag=True, help="Only say what is to fix before closing.")
@click.option("--accept", "accepted", default="", metavar="REASON", help="Why what is still open may stay so.")
@with_appcontext
def close(until: datetime, check: bool, accepted: str) -> None:
    """Sign the close of the period that ends on DAY (YYYY-MM-DD). With the last signature it is closed.

    What is still open of the period is named, and needs --accept with a reason or must be dealt with first. Exit code
    0: signed, or nothing is to fix; 1: something is, and it is named."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        period = period_close.preview(until.date())
        found = period_close.checklist(conn, period, at)
        for item in found.open_items:
            click.echo(f"open: {item}")
        for blocker in found.blockers:
            click.echo(f"in the way: {blocker}", err=True)
        for group in (*found.to_accept, *found.named):
            click.echo(f"still to do: {group.kind} {group.count}, the oldest since {group.oldest[0].since}")
        if found.blockers:
            raise SystemExit(1)
        if check:
            click.echo(f"Nothing stands in the way of closing {period.starts_on} to {period.ends_on}.")
            return
        if found.to_accept and not accepted:
            click.echo("These items are still open. Deal with them, or close with --accept and a reason.", err=True)
            raise SystemExit(1)
        period = period_close.prepare(until.date())
        done = period_close.sign(conn, period, actor=actor(), at=at, accepted=accepted)
        audit.record(conn, actor(), "period.signed", f"period:{period.id}", {"closed": done}, at=at)
        said = "closed" if done else f"signed by {len(found.signed_by) + 1} of {found.signatures_needed}"
        click.echo(f"{period.starts_on} to {period.ends_on}: {said}.")


@click.command()
@click.argument("until", type=DAY, metavar="DAY")
@click.option("--reason", required=True, help="Why, in a sentence for whoever reads the books later.")
@with_appcontext
def reopen(until: datetime, reason: str) -> None:
    """Open the closed period that ends on DAY again. What was signed stays to be read."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        period = db.session.scalar(select(Period).where(Period.ends_on == until.date()))
        if period is None:
            raise click.UsageError(f"No period ends on {until:%Y-%m-%d}.")
        period_close.reopen(period, actor=actor(), reason=reason, at=at)
        audit.record(conn, actor(), "period.reopened", f"period:{period.id}", {"reason": reason}, at=at)
    click.echo(f"{period.starts_on} to {period.ends_on} is open again.")
