"""`donations ledger`: check the ledger, decide about findings, write it to files (exports)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from donations import ledger as books
from donations.cli import classification, exports, periods, posting_stop
from donations.database import snapshot
from donations.extensions import db
from donations.models import Account
from donations.money import Money, written


@click.group()
def ledger() -> None:
    """Check, export, correct and close the ledger."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def check(as_json: bool) -> None:
    """Check the ledger and list every problem. Exit codes: 0 all checks passed, 1 a check failed."""
    with snapshot() as conn:
        report = books.check(conn, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(_for_machines(report), indent=2, ensure_ascii=False))
    else:
        _print(report)
    if not report.sound:
        raise SystemExit(1)


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
        click.echo(f"{account} {names[account]:36} {written(Money(minor, currency)):>16}")
    for item in report.open_items:
        click.echo(f"open: {item}")
    for finding in report.findings:
        click.echo(posting_stop.failed(finding), err=True)
    for finding, acceptance in report.accepted:
        click.echo(f"accepted {finding.invariant}: {finding.said} ({acceptance.at:%Y-%m-%d}: {acceptance.reason})")
    outcome = "all checks passed" if report.sound else "CHECKS FAILED"
    click.echo(f"{report.entries} entries, {report.postings} postings: {outcome}")


ledger.add_command(posting_stop.resume)
ledger.add_command(posting_stop.cure)
ledger.add_command(classification.assign)
ledger.add_command(classification.classify)
ledger.add_command(periods.close)
ledger.add_command(periods.reopen)
ledger.add_command(exports.export)
ledger.add_command(exports.statement)
COMMANDS = (ledger,)
