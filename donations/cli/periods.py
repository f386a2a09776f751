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
@click.option("--check", is_flag=True, help="Show what to fix before closing and change nothing.")
@click.option("--accept", "accepted", default="", metavar="REASON", help="Carry open items forward, with the reason.")
@with_appcontext
def close(until: datetime, check: bool, accepted: str) -> None:
    """Sign off the period that ends on DAY (YYYY-MM-DD). The last signature closes the period.

    Open items are listed. Deal with them first, or carry them forward with --accept and a reason. Exit codes: 0 signed,
    or nothing to fix, 1 something to fix, 2 wrong usage."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        period = period_close.preview(until.date())
        found = period_close.checklist(conn, period, at)
        for item in found.open_items:
            click.echo(f"open: {item}")
        for blocker in found.blockers:
            click.echo(f"to fix: {blocker}", err=True)
        for group in (*found.to_accept, *found.named):
            click.echo(f"to do: {group.kind} {group.count}, oldest since {group.oldest[0].since}")
        if found.blockers:
            raise SystemExit(1)
        if check:
            click.echo(f"Nothing to fix before closing {period.starts_on} to {period.ends_on}.")
            return
        if found.to_accept and not accepted:
            click.echo("Some items are still open. Deal with them, or use --accept with a reason.", err=True)
            raise SystemExit(1)
        period = period_close.prepare(until.date())
        done = period_close.sign(conn, period, actor=actor(), at=at, accepted=accepted)
        audit.record(conn, actor(), "period.signed", f"period:{period.id}", {"closed": done}, at=at)
        said = "closed" if done else f"signed by {len(found.signed_by) + 1} of {found.signatures_needed}"
        click.echo(f"{period.starts_on} to {period.ends_on}: {said}.")


@click.command()
@click.argument("until", type=DAY, metavar="DAY")
@click.option("--reason", required=True, help="Reason, for later readers of the accounts.")
@with_appcontext
def reopen(until: datetime, reason: str) -> None:
    """Reopen the closed period that ends on DAY (YYYY-MM-DD). Signed figures are kept."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        period = db.session.scalar(select(Period).where(Period.ends_on == until.date()))
        if period is None:
            raise click.UsageError(f"No period ends on {until:%Y-%m-%d}.")
        period_close.reopen(period, actor=actor(), reason=reason, at=at)
        audit.record(conn, actor(), "period.reopened", f"period:{period.id}", {"reason": reason}, at=at)
    click.echo(f"{period.starts_on} to {period.ends_on} is open again. Next: donations ledger close {period.ends_on}")
