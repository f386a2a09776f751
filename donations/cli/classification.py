"""`donations ledger assign` and `classify`: what money without a purpose is, decided at the host's command line."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit
from donations.bookkeeping import OF_AN_UNKNOWN_MOVEMENT
from donations.cli.who import actor
from donations.database import write_unit
from donations.extensions import db
from donations.models import Fund
from donations.reconciliation import classification

REASON = click.option("--reason", required=True, help="Why, in a sentence for later readers of the accounts.")


@click.command()
@click.argument("charge")
@click.argument("fund_slug", metavar="FUND")
@REASON
@with_appcontext
def assign(charge: str, fund_slug: str, reason: str) -> None:
    """Assign a card payment to a fund: one without a reference, or a donation that was meant for another fund.

    Where the organisation has two people approve, another treasurer must approve it."""
    made = _decided("ledger.assigned", f"charge:{charge}", fund_slug, reason, charge_id=charge)
    click.echo(f"{charge} belongs to {fund_slug} now." if made else _WAITS)


@click.command()
@click.argument("transaction")
@click.argument("account", type=click.Choice([str(code) for code in OF_AN_UNKNOWN_MOVEMENT]))
@click.argument("fund_slug", metavar="FUND")
@REASON
@with_appcontext
def classify(transaction: str, account: str, fund_slug: str, reason: str) -> None:
    """Classify a Stripe TRANSACTION of an unknown kind: the ledger ACCOUNT on its other side, and whose money it is.

    5020 Stripe account fees, 5000 processing fees, 5010 dispute fees, 5030 exchange and dispute differences,
    1110 Stripe reserves, 1040 between our own accounts. A later classification replaces it. Where the organisation has
    two people approve, another treasurer must approve it."""
    told: dict[str, Any] = {"movement_id": transaction, "account": int(account)}
    made = _decided("movement.classified", f"movement:{transaction}", fund_slug, reason, **told)
    click.echo(f"{transaction} is entered on {account} for {fund_slug} now." if made else _WAITS)


def _decided(what: str, about: str, fund_slug: str, reason: str, **told: Any) -> bool:
    """Keep the decision and the audit's word. Gives whether it holds already."""
    with write_unit() as conn:
        fund = db.session.scalar(select(Fund).where(Fund.slug == fund_slug))
        if fund is None:
            raise click.UsageError(f"There is no fund {fund_slug}.")
        at = datetime.now(UTC)
        asked = classification.Asked(secrets.token_urlsafe(12), fund.id, reason, **told)
        row = classification.ask(conn, asked, actor=actor(), at=at)
        audit.record(conn, actor(), what, about, {"fund": fund_slug, "state": row.state}, at=at)
        return row.state == "made"


_WAITS = "Kept. Another treasurer must approve it: Treasury > To do."
