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
    """Make the webhook endpoint for PUBLIC_URL at Stripe and print its secret; or bring the one there is up to date.

    The key needs the right to write webhook endpoints. Exit code 1 if Stripe refuses, or what is there cannot serve."""
    url = f"{current_app.config['SETTINGS'].public_url}/webhooks/stripe"
    try:
        known = stripe_gateway.endpoints_at(url)
        made = _bring_up_to_date(known) if known else _make(url)
    except DonationsError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.url} is sent {len(made.events)} kinds of events, in the version {made.api_version}.")


def _make(url: str) -> Endpoint:
    made = stripe_gateway.make_endpoint(url, tuple(inbox.HANDLERS), idempotency_key=f"endpoint-{secrets.token_hex(16)}")
    click.echo("Put this line into .env, and start `donations serve` again. Stripe does not show it a second time:")
    click.echo(f"STRIPE_WEBHOOK_SECRETS={made.secret}")
    return made


def _bring_up_to_date(known: list[Endpoint]) -> Endpoint:
    """Of several the one in our version. Its version cannot be changed, so another one is left for a person."""
    fitting = [each for each in known if each.api_version == API_VERSION]
    if not fitting:
        version = known[0].api_version or "the version of the account"
        raise click.ClickException(
            f"There is an endpoint for {known[0].url}, but it sends {version} and we read {API_VERSION}."
            " Delete it in Stripe's dashboard and run this again."
        )
    wanted = tuple(sorted(inbox.HANDLERS))
    if fitting[0].enabled and fitting[0].events == wanted:
        click.echo("There is nothing to change.")
        return fitting[0]
    click.echo("It was brought up to date. Its secret stays as it is.")
    return stripe_gateway.update_endpoint(fitting[0].id, wanted)
