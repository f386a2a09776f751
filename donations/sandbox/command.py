"""The command line of the sandbox: its options, turned into settings."""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from .currencies import KNOWN
from .server import serve
from .settings import Settings


def _rates(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Decimal]:
    rates = {}
    for value in values:
        match = re.fullmatch(r"([a-z]{3})=([0-9]*\.?[0-9]+)", value.lower())
        if not match or match[1] not in KNOWN or not Decimal(match[2]):
            raise click.BadParameter(f"{value!r}: give a rate as eur=0.85", context, parameter)
        rates[match[1]] = Decimal(match[2])
    return rates


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: give seconds as 1,2,5", context, parameter) from error


def _percent(context: click.Context, parameter: click.Parameter, value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise click.BadParameter(f"{value!r} is no number", context, parameter) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4242, show_default=True, help="0 takes a free one and prints it.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="SQLite file; without it, memory only.")
@click.option("--organisation", default="Sandbox organisation", show_default=True, help="Name on the payment page.")
@click.option(
    "--currency",
    type=click.Choice(sorted(KNOWN)),
    default="gbp",
    show_default=True,
    metavar="CODE",
    help="The account's settlement currency.",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    callback=_rates,
    metavar="CODE=RATE",
    help="Convert this currency into the settlement currency (eur=0.85); others settle as themselves.",
)
@click.option("--bt-delay", default=1.0, show_default=True, help="Seconds until a charge gets its balance transaction.")
@click.option("--fee-percent", default="1.5", show_default=True, callback=_percent, help="Stripe's fee: the share.")
@click.option("--fee-fixed", default=20, show_default=True, help="Stripe's fee: the fixed part, in minor units.")
@click.option("--webhook-url", "urls", multiple=True, help="Send all events here (repeatable).")
@click.option("--webhook-secret", "secrets", multiple=True, help="Its signing secret, whsec_... (as often as the URL).")
@click.option(
    "--retries",
    default="1,2,5,15,60,300,900",
    show_default=True,
    callback=_seconds,
    help="Seconds before each further try of a delivery.",
)
@click.option("--delivery-timeout", default=10.0, show_default=True, help="Seconds a webhook may take to answer.")
@click.option("--public-url", default="", help="Address under which browsers reach this sandbox, if another.")
def sandbox(
    host: str,
    port: int,
    state: Path | None,
    organisation: str,
    currency: str,
    rates: dict[str, Decimal],
    bt_delay: float,
    fee_percent: Decimal,
    fee_fixed: int,
    urls: tuple[str, ...],
    secrets: tuple[str, ...],
    retries: tuple[float, ...],
    delivery_timeout: float,
    public_url: str,
) -> None:
    """Run a local stand-in for Stripe: pay with test cards, no money moves."""
    if len(urls) != len(secrets):
        raise click.UsageError("Give one --webhook-secret for each --webhook-url, in the same order.")
    settings = Settings(
        state=state,
        organisation=organisation,
        currency=currency,
        rates=rates,
        bt_delay_seconds=bt_delay,
        fee_percent=fee_percent,
        fee_fixed_minor=fee_fixed,
        retry_seconds=retries,
        delivery_timeout_seconds=delivery_timeout,
        webhooks=tuple(zip(urls, secrets, strict=True)),
        public_url=public_url,
    )
    serve(settings, host, port)
