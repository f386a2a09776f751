"""`donations ledger assign` and `classify`: what money without a purpose is, decided at the host's command line."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit
from donations.bookkeeping import OF_AN_UNKNOWN_TRANSACTION
from donations.cli import posting_stop
from donations.cli.actor import actor
from donations.database import write_unit
from donations.extensions import db
from donations.models import Fund, PostingStop
from donations.reconciliation import classification, donation_moves

REASON = click.option("--reason", required=True, help="Reason, for later readers of the accounts.")


@click.command()
@click.argument("number")
@click.argument("fund_slug", metavar="FUND")
@REASON
@with_appcontext
def assign(number: str, fund_slug: str, reason: str) -> None:
    """Assign a donation, or a card payment without a reference, to another FUND.

    NUMBER is a card payment (ch_...), a receipt (R-000047) or our reference. The receipt is replaced after 2 hours, and
    the donor gets an email then. Until then you can move the donation back. Where the organisation asks for two
    approvals, another treasurer must approve. While posting is stopped, you can only assign a card payment of a
    finding. Exit codes: 0 done, 1 refused, 2 wrong usage."""
    if db.session.get(PostingStop, 1) is not None:
        posting_stop.assign(number, _fund(fund_slug), reason)
        return
    found = donation_moves.find(number)
    if found.offline_donation_id is not None:
        about, told = f"gift:{found.offline_donation_id}", {"fund": fund_slug, "reason": reason}
        with write_unit() as conn:
            fund, at = _fund(fund_slug), datetime.now(UTC)
            donation_moves.move_offline(conn, found.offline_donation_id, fund, at=at)
            audit.record(conn, actor(), "ledger.assigned", about, told, at=at)
        made = True
    else:
        charge = found.charge_id or number
        made = _decided("ledger.assigned", f"charge:{charge}", fund_slug, reason, charge_id=charge)
    click.echo(f"{number} now belongs to {fund_slug}." if made else _WAITS)


def _fund(slug: str) -> Fund:
    fund = db.session.scalar(select(Fund).where(Fund.slug == slug))
    if fund is None:
        raise click.UsageError(f"No fund is called {slug}.")
    return fund


@click.command()
@click.argument("transaction")
@click.argument("account", type=click.Choice([str(code) for code in OF_AN_UNKNOWN_TRANSACTION]))
@click.argument("fund_slug", metavar="FUND")
@REASON
@with_appcontext
def classify(transaction: str, account: str, fund_slug: str, reason: str) -> None:
    """Classify a Stripe TRANSACTION of an unknown kind: choose its ledger ACCOUNT and its FUND.

    5020 Stripe account fees, 5000 processing fees, 5010 dispute fees, 5030 exchange and dispute differences,
    1110 Stripe reserves, 1040 between our own accounts. A later classification replaces this one. Where the
    organisation asks for two approvals, another treasurer must approve."""
    told: dict[str, Any] = {"balance_transaction_id": transaction, "account": int(account)}
    made = _decided("movement.classified", f"movement:{transaction}", fund_slug, reason, **told)
    click.echo(f"{transaction} is now recorded on {account} for {fund_slug}." if made else _WAITS)


def _decided(what: str, about: str, fund_slug: str, reason: str, **told: Any) -> bool:
    """Store the decision with its audit log entry. Returns whether it is in force already."""
    with write_unit() as conn:
        fund, at = _fund(fund_slug), datetime.now(UTC)
        asked = classification.Asked(secrets.token_urlsafe(12), fund.id, reason, **told)
        row = classification.ask(conn, asked, actor=actor(), at=at)
        audit.record(conn, actor(), what, about, {"fund": fund_slug, "state": row.state}, at=at)
        return row.state == "made"


_WAITS = "Saved. Another treasurer must approve this: Treasury > To do."
