"""`donations stripe setup`: the webhook endpoint at Stripe, with the events we handle in the version we read."""

from __future__ import annotations

import secrets

import click
from flask import current_app
from flask.cli import with_appcontext

from donations import inbox, stripe_gateway
from donations.errors import DonationsError
from donations.stripe_gateway import API_VERSION, Endpoint


@click.command()
@with_appcontext
def setup() -> None:
    """Create the webhook endpoint for PUBLIC_URL at Stripe and print its secret, or update the existing one.

    STRIPE_SECRET_KEY needs the permission to write webhook endpoints. Exit codes: 0 done, 1 refused by Stripe, or the
    existing endpoint has another version."""
    url = f"{current_app.config['SETTINGS'].public_url}/webhooks/stripe"
    try:
        known = stripe_gateway.endpoints_at(url)
        made = _bring_up_to_date(known) if known else _make(url)
    except DonationsError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{made.url} receives {len(made.events)} kinds of events, version {made.api_version}. Next: donations doctor"
    )


def _make(url: str) -> Endpoint:
    made = stripe_gateway.make_endpoint(url, tuple(inbox.HANDLERS), idempotency_key=f"endpoint-{secrets.token_hex(16)}")
    click.echo("Add this line to .env and restart `donations serve`. Stripe does not show the secret again:")
    click.echo(f"STRIPE_WEBHOOK_SECRETS={made.secret}")
    return made


def _bring_up_to_date(known: list[Endpoint]) -> Endpoint:
    """Of several the one in our version. Its version cannot be changed, so another one is left for a person."""
    fitting = [each for each in known if each.api_version == API_VERSION]
    if not fitting:
        version = known[0].api_version or "the version of the account"
        raise click.ClickException(
            f"Stripe already has an endpoint for {known[0].url}, but it sends {version} and we need {API_VERSION}."
            " Delete that endpoint in Stripe's dashboard and run this command again."
        )
    wanted = tuple(sorted(inbox.HANDLERS))
    if fitting[0].enabled and fitting[0].events == wanted:
        click.echo("The endpoint is up to date.")
        return fitting[0]
    click.echo("Endpoint updated. Its secret stays the same.")
    return stripe_gateway.update_endpoint(fitting[0].id, wanted)
