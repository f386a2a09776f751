"""The command line of the sandbox: its options, turned into settings."""

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

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


def _currencies(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(code for value in values for code in value.lower().split(","))
    for code in codes:
        if code not in KNOWN:
            raise click.BadParameter(f"{code!r} is no currency", context, parameter)
    return codes


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
@click.option(
    "--settles",
    "settlement_currencies",
    multiple=True,
    callback=_currencies,
    metavar="CODE",
    help="Settle this currency as itself too (eur or eur,usd). If given, all others are converted.",
)
@click.option(
    "--refund-rate",
    "refund_rates",
    multiple=True,
    callback=_rates,
    metavar="CODE=RATE",
    help="Convert refunds of this currency at a rate of their own.",
)
@click.option(
    "--dispute-rate",
    "dispute_rates",
    multiple=True,
    callback=_rates,
    metavar="CODE=RATE",
    help="Convert disputes of this currency at a rate of their own.",
)
@click.option("--behind", "behind_seconds", default=0.0, help="Begin so many seconds ago; the control API moves on.")
@click.option(
    "--bt-delay",
    "bt_delay_seconds",
    default=1.0,
    show_default=True,
    help="Seconds until a charge gets its balance transaction.",
)
@click.option(
    "--later",
    "later_seconds",
    default=60.0,
    show_default=True,
    help="Seconds until what happens later happens by itself: refunds, debits, disputes, payouts; -1: by order only.",
)
@click.option(
    "--debit-bt",
    type=click.Choice(["pending", "success"]),
    default="pending",
    show_default=True,
    help="Whether a bank debit has its balance transaction while pending, or from its success on.",
)
@click.option("--payout-every", "payout_every_seconds", default=0.0, help="Pay out every so many seconds; 0: by order.")
@click.option("--dispute-fee", "dispute_fee_minor", default=2000, show_default=True, help="In minor units.")
@click.option("--fee-percent", default="1.5", show_default=True, callback=_percent, help="Stripe's fee: the share.")
@click.option(
    "--fee-fixed",
    "fee_fixed_minor",
    default=20,
    show_default=True,
    help="Stripe's fee: the fixed part, in minor units.",
)
@click.option("--webhook-url", "urls", multiple=True, help="Send all events here (repeatable).")
@click.option("--webhook-secret", "secrets", multiple=True, help="Its signing secret, whsec_... (as often as the URL).")
@click.option(
    "--retries",
    "retry_seconds",
    default="1,2,5,15,60,300,900",
    show_default=True,
    callback=_seconds,
    help="Seconds before each further try of a delivery.",
)
@click.option(
    "--delivery-timeout",
    "delivery_timeout_seconds",
    default=10.0,
    show_default=True,
    help="Seconds a webhook may take to answer.",
)
@click.option("--public-url", default="", help="Address under which browsers reach this sandbox, if another.")
def sandbox(
    host: str, port: int, urls: tuple[str, ...], secrets: tuple[str, ...], debit_bt: str, **options: Any
) -> None:
    """Run a local stand-in for Stripe: pay with test cards, no money moves."""
    if len(urls) != len(secrets):
        raise click.UsageError("Give one --webhook-secret for each --webhook-url, in the same order.")
    webhooks = tuple(zip(urls, secrets, strict=True))
    # The other options are named like the settings they set.
    settings = Settings(webhooks=webhooks, debit_books_while_pending=debit_bt == "pending", **options)
    serve(settings, host, port)
