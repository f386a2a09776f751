"""`donations ledger`: ask the books whether they are sound, decide of them, write them to files (exports)."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit
from donations import ledger as books
from donations.cli import closing, exports, posting_stop
from donations.cli.who import actor
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import Account, Fund, Halt
from donations.reconciliation import donation_moves
from donations.reconciliation.posting_stop import Asked, of_charge


@click.group()
def ledger() -> None:
    """The books."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def check(as_json: bool) -> None:
    """Ask every invariant. Exit code 0: sound; 1: at least one does not hold."""
    with snapshot() as conn:
        report = books.check(conn, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(_for_machines(report), indent=2, ensure_ascii=False))
    else:
        _print(report)
    if not report.sound:
        raise SystemExit(1)


@ledger.command()
@click.argument("number")
@click.argument("fund_slug", metavar="FUND")
@click.option("--reason", required=True, help="Why, in a sentence for whoever reads the books later.")
@with_appcontext
def assign(number: str, fund_slug: str, reason: str) -> None:
    """Move a donation to the fund it was meant for, or give a charge without a reference of ours to a fund.

    NUMBER is a charge, a receipt (R-000047) or our reference. The receipt follows in two hours, and its donor is
    mailed then; until then you can move it back, and nobody is told. While posting is stopped, only a charge can be
    given, and only if that corrects what was found. Exit codes: 0 done, 1 refused, 2 wrong usage."""
    with write_unit() as conn:
        fund = db.session.scalar(select(Fund).where(Fund.slug == fund_slug))
        if fund is None:
            raise click.UsageError(f"There is no fund {fund_slug}.")
        at = datetime.now(UTC)
        if db.session.get(Halt, 1) is not None:
            finding = of_charge(conn, number, "assign")
            asked = Asked(secrets.token_urlsafe(12), finding.code, "assign", reason, number, fund.id)
            posting_stop.tell(posting_stop.request(conn, asked, at=at).state)
            return
        donation_moves.move(conn, number, fund, reason=reason, actor=actor(), at=at)
        about = f"charge:{number}"
        audit.record(conn, actor(), "ledger.assigned", about, {"fund": fund_slug, "reason": reason}, at=at)
    click.echo(f"{number} belongs to {fund_slug} now.")


def _for_machines(report: books.Report) -> dict[str, object]:
    return {
        "sound": report.sound,
        "findings": [{"invariant": finding.invariant, "said": finding.said} for finding in report.findings],
        "accepted": [
            {"invariant": finding.invariant, "said": finding.said, "reason": acceptance.reason}
            for finding, acceptance in report.accepted
        ],
        "open_items": list(report.open_items),
        "trial_balance": [
            {"account": account, "currency": currency, "minor": minor}
            for (account, currency), minor in sorted(report.trial_balance.items())
        ],
        "entries": report.entries,
        "postings": report.postings,
    }


def _print(report: books.Report) -> None:
    names = {account.code: account.name for account in db.session.query(Account)}
    for (account, currency), minor in sorted(report.trial_balance.items()):
        click.echo(f"{account} {names[account]:36} {minor:>14} {currency} (minor units)")
    for item in report.open_items:
        click.echo(f"open: {item}")
    for finding in report.findings:
        click.echo(f"WRONG {finding.invariant}: {finding.said}", err=True)
    for finding, acceptance in report.accepted:
        click.echo(f"accepted {finding.invariant}: {finding.said} ({acceptance.at:%Y-%m-%d}: {acceptance.reason})")
    click.echo(f"{report.entries} entries, {report.postings} postings: " + ("sound" if report.sound else "NOT SOUND"))


ledger.add_command(posting_stop.resume)
ledger.add_command(posting_stop.cure)
ledger.add_command(closing.close)
ledger.add_command(closing.reopen)
ledger.add_command(exports.export)
ledger.add_command(exports.statement)
COMMANDS = (ledger,)
