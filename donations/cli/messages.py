"""`donations messages`: read what supporters wrote, and say what their appeal's page may show of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext

from donations import audit
from donations.cli import disclosures
from donations.cli.actor import actor, operator
from donations.database import write_unit
from donations.extensions import db
from donations.giving import messages as domain
from donations.giving.messages import Message
from donations.models import MessageDecision
from donations.money import written

WAITS = ", and shown at the next update of the appeal's total"


@click.group()
def messages() -> None:
    """List, show, approve or hide supporters' messages.

    Exit codes: 0 done, 1 no such message, 2 wrong usage."""


@messages.command("list")
@click.option(
    "--state", type=click.Choice(domain.STATES), default="waiting", show_default=True, help="Show only this state."
)
@click.option("--most", default=50, show_default=True, help="Show at most this many, oldest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_messages(state: str, most: int, as_json: bool) -> None:
    """List the messages of received donations. Default: those that wait for approval."""
    found = domain.listed(state, most)
    if found:
        disclosures.tell("messages list")
    if as_json:
        click.echo(json.dumps({"messages": [_for_machines(each) for each in found]}, indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo(f"{_head(each)}\n    {_first_words(each.text)}")
    click.echo(f"{state}: {len(found)}" if found else f"No messages are {state}.")


@messages.command()
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def show(reference: str, as_json: bool) -> None:
    """Show one message in full, with the decisions about it."""
    found = domain.find(reference)
    disclosures.tell("messages show")
    if as_json:
        click.echo(json.dumps(_for_machines(found), indent=2, ensure_ascii=False))
        return
    click.echo(f"{_head(found)}\n\n{found.text}\n")
    for did, by, when in _decisions(found):
        click.echo(f"{did} by {by} on {when:%Y-%m-%d %H:%M} UTC")
    click.echo(found.state)


@messages.command()
@click.argument("reference")
@with_appcontext
def approve(reference: str) -> None:
    """Show a message on the page of its appeal. With delayed totals, it appears at the next update of the total."""
    _decide(reference, domain.approve)


@messages.command()
@click.argument("reference")
@with_appcontext
def hide(reference: str) -> None:
    """Hide a message at once."""
    _decide(reference, domain.hide)


def _decide(reference: str, verb: Callable[..., MessageDecision]) -> None:
    with write_unit() as conn:
        at = datetime.now(UTC)
        decision = verb(reference, by=operator(), at=at)
        db.session.flush()
        audit.record(conn, actor(), f"message.{decision.verdict}", f"donation:{reference}", at=at)
        waits = decision.verdict == "approved" and decision.shown_since is None
        said = f"{reference}: {decision.verdict}{WAITS if waits else ''}"
    click.echo(said)


def _head(each: Message) -> str:
    return (
        f"{each.reference}  {each.given_at:%Y-%m-%d %H:%M}  {each.appeal}  {written(each.amount)}"
        f"  {each.signed or '(no name)'}"
    )


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def _decisions(each: Message) -> list[tuple[str, str, datetime]]:
    if each.decision is None:
        return []
    done = (
        ("approved", each.decision.approved_by, each.decision.approved_at),
        ("hidden", each.decision.hidden_by, each.decision.hidden_at),
    )
    return sorted(((did, by, at) for did, by, at in done if by and at), key=lambda one: one[2])


def _for_machines(each: Message) -> dict[str, Any]:
    return {
        "reference": each.reference,
        "appeal": each.appeal,
        "state": each.state,
        "given_at": each.given_at.isoformat(),
        "amount_minor": each.amount.minor,
        "currency": each.amount.currency,
        "name": each.signed or None,
        "text": each.text,
        "decisions": [{"did": did, "by": by, "at": at.isoformat()} for did, by, at in _decisions(each)],
    }


COMMANDS = (messages,)
