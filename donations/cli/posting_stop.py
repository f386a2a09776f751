"""`donations ledger resume` and `donations ledger cure`: when posting is stopped, what is wrong, how each finding is
corrected, and the correction made from the command line. The same is on the page “Posting is stopped”."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import audit
from donations import ledger as books
from donations.cli.actor import actor
from donations.database import snapshot, write_unit
from donations.errors import PaymentServiceDown, PostingNotStopped, StillUnsound
from donations.extensions import db
from donations.ledger import Finding
from donations.models import Appeal, Correction, Fund
from donations.money import Money, written
from donations.reconciliation import posting_stop
from donations.reconciliation.posting_stop import EXPLAINED, KINDS, Asked, Option
from donations.worker.refunds import carry_out

PAGE = "/treasury/posting-stop"


@click.command()
@with_appcontext
def resume() -> None:
    """Resume posting after it was stopped, or list each remaining finding and how to correct it.

    Exit codes: 0 posting goes on, or was not stopped, 1 at least one finding is left."""
    at = datetime.now(UTC)
    try:
        with write_unit() as conn:
            waiting = posting_stop.resume(conn, at=at)
            audit.record(conn, actor(), "ledger.resumed", "ledger", {"due": waiting}, at=at)
    except PostingNotStopped:
        click.echo("Posting was not stopped.")
    except StillUnsound:
        explain()
        raise SystemExit(1) from None
    else:
        click.echo(f"Posting goes on. Events to process: {waiting}. Next: donations ledger check")


@click.command()
@click.argument("finding")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("target", default="")
@click.option("--reason", required=True, help="Reason, kept with the ledger.")
@click.option("--fund", "fund_slug", help="The fund to assign the payment to.")
@with_appcontext
def cure(finding: str, kind: str, target: str, reason: str, fund_slug: str | None) -> None:
    """Correct one finding while posting is stopped. `donations ledger resume` lists findings and their corrections.

    TARGET is a payment (ch_...) or the number of an entry, where the correction needs one. Exit codes: 0 done, or
    waits for a second approval, 1 refused, or no answer from Stripe yet, 2 wrong usage."""
    fund = _fund(fund_slug) if kind == "assign" else None
    with write_unit() as conn:
        asked = Asked(secrets.token_urlsafe(12), finding, kind, reason, target, fund)
        row = request(conn, asked, at=datetime.now(UTC))
        state, attempt_id = row.state, row.refund_attempt_id
    if attempt_id is not None:
        _carry_out(attempt_id)
    tell(state)


def assign(charge: str, fund: Fund, reason: str) -> None:
    """Assign a charge to a fund under the stop, if that corrects what was found."""
    with write_unit() as conn:
        finding = posting_stop.of_charge(conn, charge, "assign")
        asked = Asked(secrets.token_urlsafe(12), finding.code, "assign", reason, charge, fund.id)
        tell(request(conn, asked, at=datetime.now(UTC)).state)


def request(conn: Connection, asked: Asked, *, at: datetime) -> Correction:
    """Request a correction in the name of the person at the terminal, and record it."""
    row = posting_stop.ask(conn, asked, actor=actor(), at=at)
    db.session.flush()
    what, about, details = posting_stop.act_of(row)
    audit.record(conn, actor(), what, about, details, at=at)
    return row


def tell(state: str) -> None:
    """Say what became of it, and what to do next."""
    if state == "requested":
        click.echo(f"Saved. Another person must approve this on the page “Posting is stopped” ({_address()}).")
    else:
        click.echo("Done. Next: donations ledger resume")


def explain() -> None:
    """Every grave finding as text: what it means and how it is corrected, on which page and by which command."""
    with snapshot() as conn:
        report = books.check(conn, datetime.now(UTC))
        for finding in report.grave:
            click.echo(f"Check failed ({finding.invariant}): {finding.said}", err=True)
            for line in _explained(conn, finding):
                click.echo(f"  {line}", err=True)
    click.echo(f"Posting stays stopped. Page: “Posting is stopped” ({_address()}).", err=True)


def failed(finding: Finding) -> str:
    """One line for a finding, with the command to run next."""
    family = finding.invariant.split()[0]
    run = "donations ledger resume" if finding.is_grave else _NEXT.get(family)
    return f"Check failed ({finding.invariant}): {finding.said}" + (f". Run: {run}" if run else "")


_NEXT = {"I3": "donations stripe sync", "I5": "donations stripe sync", "I7": "donations bank lines"}


def _explained(conn: Connection, finding: Finding) -> Iterator[str]:
    known = EXPLAINED[finding.invariant]
    yield known.title % {name: _plain(name, fact) for name, fact in posting_stop.told(finding).items()}
    yield known.meaning
    for option in posting_stop.options(conn, finding):
        yield f"{KINDS[option.kind].button}: {_command(finding, option)}"


def _command(finding: Finding, option: Option) -> str:
    words = ["donations ledger cure", finding.code, option.kind, *([option.target] if option.target else [])]
    fund = ["--fund FUND"] if option.kind == "assign" else []
    return " ".join([*words, *fund, '--reason "..."'])


def _plain(name: str, fact: Any) -> Any:
    """As it is typed: a fund and an appeal by their slugs, money with its currency."""
    model: Any = {"fund": Fund, "appeal": Appeal}.get(name)
    if model is not None:
        return db.session.scalar(select(model.slug).where(model.id == fact)) or fact
    return written(fact) if isinstance(fact, Money) else fact


def _fund(slug: str | None) -> int:
    fund_id = db.session.scalar(select(Fund.id).where(Fund.slug == (slug or "")))
    if fund_id is None:
        raise click.UsageError(f"No fund is called {slug}." if slug else "Name the fund: --fund FUND.")
    return fund_id


def _carry_out(attempt_id: int) -> None:
    try:
        carry_out(attempt_id, datetime.now(UTC))
    except PaymentServiceDown:
        click.echo("Stripe has not answered yet. The refund is saved, and the worker asks Stripe again.", err=True)
        raise SystemExit(1) from None


def _address() -> str:
    public: str = current_app.config["SETTINGS"].public_url
    return f"{public}{PAGE}"
