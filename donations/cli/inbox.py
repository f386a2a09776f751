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
    """Stripe's events as they were kept."""


@inbox.command("list")
@click.option("--state", type=click.Choice(["due", "parked", "handled", "ignored"]), help="Only those.")
@click.option("--most", default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def list_events(state: str | None, most: int, as_json: bool) -> None:
    """List kept events, newest first, and count them by state."""
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
@click.option("--parked", is_flag=True, help="All parked events.")
@with_appcontext
def replay(event_ids: tuple[str, ...], parked: bool) -> None:
    """Handle events again, now. What they say was booked before is not booked twice.

    Exit code 1 if one of them is unknown or fails again."""
    chosen = list(event_ids)
    if parked:
        chosen += db.session.scalars(select(StripeEvent.id).where(StripeEvent.state == "parked")).all()
    if not chosen:
        raise click.UsageError("Name an event, or say --parked.")
    failed = [event_id for event_id in chosen if not _replayed(event_id)]
    if failed:
        raise SystemExit(1)


def _replayed(event_id: str) -> bool:
    at = datetime.now(UTC)
    with write_unit() as conn:
        known = events.replay(conn, event_id, at=at)
    if not known:
        click.echo(f"{event_id}: no such event is kept (or its content has expired)", err=True)
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
