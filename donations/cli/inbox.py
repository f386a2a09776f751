"""`donations inbox`: look at Stripe's events as they were kept, and have one handled again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from donations import inbox as events
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import StripeEvent


@click.group()
def inbox() -> None:
    """List kept Stripe events and process them again."""


@inbox.command("list")
@click.option("--state", type=click.Choice(["due", "parked", "handled", "ignored"]), help="Show only this state.")
@click.option("--most", default=50, show_default=True, help="Show at most this many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_events(state: str | None, most: int, as_json: bool) -> None:
    """List kept Stripe events, newest first, and count them by state."""
    asked = select(StripeEvent).order_by(StripeEvent.received_at.desc(), StripeEvent.id).limit(most)
    if state:
        asked = asked.where(StripeEvent.state == state)
    rows = db.session.scalars(asked).all()
    counted = db.session.execute(select(StripeEvent.state, func.count()).group_by(StripeEvent.state))
    counts: dict[str, int] = {row[0]: row[1] for row in counted}
    if as_json:
        shown = [
            {
                "id": row.id,
                "type": row.type,
                "state": row.state,
                "attempts": row.attempts,
                "received_at": row.received_at.isoformat(),
                "last_error": row.last_error,
            }
            for row in rows
        ]
        click.echo(json.dumps({"counts": counts, "events": shown}, indent=2))
        return
    for row in rows:
        error = f"  {row.last_error}" if row.last_error else ""
        click.echo(
            f"{row.received_at:%Y-%m-%d %H:%M:%S}  {row.state:8} {row.attempts:2}  {row.type:32} {row.id}{error}"
        )
    click.echo("  ".join(f"{name}: {count}" for name, count in sorted(counts.items())) or "The inbox is empty.")


@inbox.command()
@click.argument("event_ids", nargs=-1)
@click.option("--parked", is_flag=True, help="Process all parked events.")
@with_appcontext
def replay(event_ids: tuple[str, ...], parked: bool) -> None:
    """Process Stripe events again. Nothing is recorded twice.

    Exit codes: 0 done, 1 an event is unknown or failed again, 2 wrong usage."""
    chosen = list(event_ids)
    if parked:
        chosen += db.session.scalars(select(StripeEvent.id).where(StripeEvent.state == "parked")).all()
    if not chosen:
        raise click.UsageError("Name an event, or use --parked.")
    failed = [event_id for event_id in chosen if not _replayed(event_id)]
    if failed:
        raise SystemExit(1)


def _replayed(event_id: str) -> bool:
    at = datetime.now(UTC)
    with write_unit() as conn:
        known = events.replay(conn, event_id, at=at)
    if not known:
        click.echo(f"{event_id}: no such event, or its content was deleted. Run: donations stripe sync", err=True)
        return False
    try:
        state = events.handle_due(event_id, at=at)
    except DonationsError as error:  # The others are handled all the same.
        events.put_off(event_id, error, at=at)
        click.echo(f"{event_id}: due. {error}", err=True)
        return False
    click.echo(f"{event_id}: {state}")
    return state in ("handled", "ignored", "gone")


COMMANDS = (inbox,)
