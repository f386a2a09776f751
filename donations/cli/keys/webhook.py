"""`donations keys rotate webhook`: a second endpoint at Stripe with a new secret, then the old one goes. Stripe has no
call that gives an endpoint a new secret; an event that both send is known by its id and handled once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from donations import audit, inbox, stripe_gateway
from donations.cli.actor import actor
from donations.cli.keys import env_file
from donations.database import write_unit
from donations.errors import KeysNotRotated


@click.command("webhook")
@click.option("--finish", is_flag=True, help="After the restart: delete the old endpoint and its secret.")
@with_appcontext
def rotate_webhook(finish: bool) -> None:
    """Replace the signing secret of Stripe's webhooks. Run it twice: the second time with --finish.

    STRIPE_SECRET_KEY needs the permission to write webhook endpoints. Exit codes: 0 done, 1 refused."""
    settings = current_app.config["SETTINGS"]
    known = stripe_gateway.endpoints_at(f"{settings.public_url}/webhooks/stripe")
    if finish:
        _finish(known, settings.stripe_webhook_secrets)
    else:
        _begin(known, settings.stripe_webhook_secrets)


def _begin(known: list[stripe_gateway.Endpoint], old: tuple[str, ...]) -> None:
    if len(known) != 1:
        raise KeysNotRotated(reason=f"Stripe has {len(known)} endpoints for this address, and there must be one")
    key = f"endpoint-{secrets.token_hex(16)}"
    made = stripe_gateway.make_endpoint(known[0].url, tuple(inbox.HANDLERS), idempotency_key=key)
    env_file.put({"STRIPE_WEBHOOK_SECRETS": ",".join([made.secret, *old])})
    click.echo("Restart `donations serve` on every host, with both secrets. Until you finish, Stripe sends each event")
    click.echo("twice, and it counts once. Then run: donations keys rotate webhook --finish")


def _finish(known: list[stripe_gateway.Endpoint], present: tuple[str, ...]) -> None:
    if len(known) != 2 or len(present) < 2:
        raise KeysNotRotated(reason="there is no second endpoint whose secret stands in STRIPE_WEBHOOK_SECRETS too")
    newer, older = known  # Stripe lists the newest first.
    stripe_gateway.delete_endpoint(older.id)
    env_file.put({"STRIPE_WEBHOOK_SECRETS": present[0]})
    with write_unit() as conn:
        details = {"old": older.id, "new": newer.id}
        audit.record(conn, actor(), "keys.webhook_rotated", "key:webhook", details, at=datetime.now(UTC))
    click.echo("The old endpoint and its secret are gone. Restart `donations serve` on every host.")
