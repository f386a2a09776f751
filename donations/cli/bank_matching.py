"""`donations bank match` and `donations bank lines`: run the rules that match statement lines, and see what is left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import exists, func, select
from sqlalchemy.engine import Connection

from donations import audit
from donations.cli.actor import actor
from donations.cli.bank import bank
from donations.database import snapshot, write_unit
from donations.models import BankAccount, Match, StatementLine
from donations.money import Money, written
from donations.reconciliation import matches, matching

MAX_SHOWN = 50


@bank.command("match")
@click.option("--dry-run", is_flag=True, help="Show what would be matched and change nothing.")
@click.option("--accept", type=int, metavar="PROPOSAL", help="Confirm this suggested match. List them: bank lines")
@click.option("--refuse", type=int, metavar="PROPOSAL", help="Reject this suggested match. It is not suggested again.")
@click.option("--undo", type=int, metavar="LINE", help="Undo the match of this statement line.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def match_lines(dry_run: bool, accept: int | None, refuse: int | None, undo: int | None, as_json: bool) -> None:
    """Match statement lines by the rules, or decide about one line with --accept, --refuse or --undo.

    Certain matches are recorded. The others become suggested matches. The worker also does this on its own."""
    answers = [(act, number) for act, number in (("accept", accept), ("refuse", refuse), ("undo", undo)) if number]
    if len(answers) + dry_run > 1:
        raise click.UsageError("Use only one of --dry-run, --accept, --refuse and --undo.")
    if answers:
        _answer(*answers[0])
        return
    _look(as_json) if dry_run else _match(as_json)


@bank.command("lines")
@click.option("--all", "all_lines", is_flag=True, help="Also list matched lines.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def lines(all_lines: bool, as_json: bool) -> None:
    """List unmatched statement lines, oldest first, with suggested matches and their reasons."""
    with snapshot() as conn:
        found = _lines(conn, all_lines)
    if as_json:
        click.echo(json.dumps([line for _, line in found], indent=2, ensure_ascii=False))
        return
    for amount, line in found[:MAX_SHOWN]:
        click.echo(f"{line['booked_on']} {written(amount):>14}  {line['account']}  line {line['id']}")
        for proposal in line["proposals"]:
            reasons = " ".join(proposal["reasons"])
            click.echo(f"    {proposal['score']:>3} {proposal['what']}: {reasons}  proposal {proposal['id']}")
    if len(found) > MAX_SHOWN:
        click.echo(f"... and {len(found) - MAX_SHOWN} more (--json shows all)")
    click.echo(f"{len(found)} lines" if all_lines else f"{len(found)} unmatched lines")


def _answer(act: str, number: int) -> None:
    at, who, told = datetime.now(UTC), actor(), {"by": "command line"}
    with write_unit() as conn:
        if act == "undo":
            if not conn.execute(select(StatementLine.id).where(StatementLine.id == number)).first():
                raise click.UsageError(f"No statement line has the number {number}.")
            matches.undo(conn, number, actor=who, at=at)
        else:
            verb = matching.accept if act == "accept" else matching.refuse
            verb(conn, number, actor=who, at=at)
            told["proposal"] = str(number)
        audit.record(conn, who, _ACTS[act], f"line:{number}" if act == "undo" else "line", told, at=at)
    click.echo(f"{number}: {_DONE[act]}")


_ACTS = {"accept": "line.matched", "refuse": "proposal.refused", "undo": "line.unmatched"}
_DONE = {"accept": "match confirmed", "refuse": "suggested match rejected", "undo": "match undone"}


def _match(as_json: bool) -> None:
    with click.progressbar(length=_open_lines(), label="Matching", hidden=as_json) as shown:
        done = matching.run(write_unit, snapshot, at=datetime.now(UTC), progress=shown.update)
    if as_json:
        names = ("looked_at", "confirmed", "proposed", "left_over")
        click.echo(json.dumps({name: getattr(done, name) for name in names}))
        return
    click.echo(f"{done.looked_at} lines: {done.confirmed} matched, {done.proposed} with a suggested match.")
    if done.left_over:
        click.echo(f"{done.left_over} more can be matched. Run: donations bank match")


def _look(as_json: bool) -> None:
    with snapshot() as conn, click.progressbar(length=_open_lines(), label="Looking", hidden=as_json) as shown:
        decisions = matching.plan(conn, shown.update)
    certain: list[dict[str, Any]] = [
        {"line": one.line.id, "what": _named(one.certain.kind, one.certain.target), "score": one.certain.score,
         "reasons": list(one.certain.reasons)}
        for one in decisions if one.certain is not None
    ]  # fmt: skip
    proposed = sum(bool(one.proposed) for one in decisions)
    if as_json:
        click.echo(json.dumps({"looked_at": len(decisions), "certain": certain, "proposed": proposed}))
        return
    for one in certain[:MAX_SHOWN]:
        click.echo(f"line {one['line']}: {one['score']} {one['what']}: {' '.join(matching.in_words(one['reasons']))}")
    click.echo(f"{len(decisions)} lines: {len(certain)} would be matched, {proposed} suggested. Nothing was changed.")


def _open_lines() -> int:
    with snapshot() as conn:
        return conn.execute(select(func.count(StatementLine.id)).where(_OPEN)).scalar_one()


def _lines(conn: Connection, all_lines: bool) -> list[tuple[Money, dict[str, Any]]]:
    """Each with its amount, as a person reads it beside the figures for machines."""
    asked = select(StatementLine.__table__, BankAccount.name.label("account")).join(
        BankAccount, BankAccount.id == StatementLine.bank_account_id
    )
    rows = conn.execute(
        (asked if all_lines else asked.where(_OPEN)).order_by(StatementLine.booked_on, StatementLine.id)
    ).all()
    found = []
    for start in range(0, len(rows), 500):
        some = rows[start : start + 500]
        proposals = matching.proposals_of(conn, [row.id for row in some])
        found += [(Money(row.amount_minor, row.currency), _line(row, proposals[row.id])) for row in some]
    return found


def _line(row: Any, proposals: list[matching.Proposal]) -> dict[str, Any]:
    """Without the names on it: a terminal is not where they belong."""
    return {
        "id": row.id,
        "account": row.account,
        "booked_on": row.booked_on.isoformat(),
        "amount": Money(row.amount_minor, row.currency).plain(),
        "currency": row.currency,
        "proposals": [
            {
                "id": one.id,
                "score": one.score,
                "what": " + ".join(_named(part.kind, part.target) for part in one.parts),
                "reasons": matching.in_words(one.parts[0].reasons),
            }
            for one in proposals
        ],
    }


def _named(kind: str, target: str | None) -> str:
    return kind if target is None else f"{kind} {target}"


_OPEN = ~exists().where(Match.statement_line_id == StatementLine.id, Match.state == "confirmed")
COMMANDS = ()
