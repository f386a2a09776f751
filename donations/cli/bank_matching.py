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
from donations.models import BankAccount, BankLine, Match
from donations.money import Money
from donations.reconciliation import matches, matching

MAX_SHOWN = 50


@bank.command("match")
@click.option("--dry-run", is_flag=True, help="Say what would be matched; change nothing.")
@click.option("--accept", type=int, metavar="PROPOSAL", help="Match as proposed; `bank lines` numbers them.")
@click.option("--refuse", type=int, metavar="PROPOSAL", help="It is not that, and is not proposed again.")
@click.option("--undo", type=int, metavar="LINE", help="Take back what a line was matched to.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def match_lines(dry_run: bool, accept: int | None, refuse: int | None, undo: int | None, as_json: bool) -> None:
    """Match bank lines by the rules: what is certain is booked, the rest is proposed. The worker does so by itself. Or
    answer for one line: accept or refuse what is proposed, take a match back."""
    answers = [(act, number) for act, number in (("accept", accept), ("refuse", refuse), ("undo", undo)) if number]
    if len(answers) + dry_run > 1:
        raise click.UsageError("Say one of --dry-run, --accept, --refuse and --undo.")
    if answers:
        _answer(*answers[0])
        return
    _look(as_json) if dry_run else _match(as_json)


@bank.command("lines")
@click.option("--all", "all_lines", is_flag=True, help="Those that are matched too.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def lines(all_lines: bool, as_json: bool) -> None:
    """The lines that are not matched yet, the oldest first, with what is proposed for each and why."""
    with snapshot() as conn:
        found = _lines(conn, all_lines)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for line in found[:MAX_SHOWN]:
        click.echo(f"{line['booked_on']} {line['amount']:>14} {line['currency']}  {line['account']}  line {line['id']}")
        for proposal in line["proposals"]:
            reasons = " ".join(proposal["reasons"])
            click.echo(f"    {proposal['score']:>3} {proposal['what']}: {reasons}  proposal {proposal['id']}")
    if len(found) > MAX_SHOWN:
        click.echo(f"... and {len(found) - MAX_SHOWN} more (--json shows all)")
    click.echo(f"{len(found)} lines" if all_lines else f"{len(found)} lines are not matched")


def _answer(act: str, number: int) -> None:
    at, who, told = datetime.now(UTC), actor(), {"by": "command line"}
    with write_unit() as conn:
        if act == "undo":
            if not conn.execute(select(BankLine.id).where(BankLine.id == number)).first():
                raise click.UsageError(f"There is no bank line {number}.")
            matches.undo(conn, number, actor=who, at=at)
        else:
            verb = matching.accept if act == "accept" else matching.refuse
            verb(conn, number, actor=who, at=at)
            told["proposal"] = str(number)
        audit.record(conn, who, _ACTS[act], f"line:{number}" if act == "undo" else "line", told, at=at)
    click.echo(f"{number}: {_DONE[act]}")


_ACTS = {"accept": "line.matched", "refuse": "proposal.refused", "undo": "line.unmatched"}
_DONE = {"accept": "matched", "refuse": "not that", "undo": "taken back"}


def _match(as_json: bool) -> None:
    with click.progressbar(length=_open_lines(), label="Matching", hidden=as_json) as shown:
        done = matching.run(write_unit, snapshot, at=datetime.now(UTC), progress=shown.update)
    if as_json:
        names = ("looked_at", "confirmed", "proposed", "left_over")
        click.echo(json.dumps({name: getattr(done, name) for name in names}))
        return
    click.echo(f"{done.looked_at} lines: {done.confirmed} matched, {done.proposed} with a new proposal.")
    if done.left_over:
        click.echo(f"{done.left_over} more are certain. Run it again.")


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
    click.echo(f"{len(decisions)} lines: {len(certain)} would be matched, {proposed} proposed. Nothing was changed.")


def _open_lines() -> int:
    with snapshot() as conn:
        return conn.execute(select(func.count(BankLine.id)).where(_OPEN)).scalar_one()


def _lines(conn: Connection, all_lines: bool) -> list[dict[str, Any]]:
    asked = select(BankLine.__table__, BankAccount.name.label("account")).join(
        BankAccount, BankAccount.id == BankLine.bank_account_id
    )
    rows = conn.execute((asked if all_lines else asked.where(_OPEN)).order_by(BankLine.booked_on, BankLine.id)).all()
    found = []
    for start in range(0, len(rows), 500):
        some = rows[start : start + 500]
        proposals = matching.proposals_of(conn, [row.id for row in some])
        found += [_line(row, proposals[row.id]) for row in some]
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


_OPEN = ~exists().where(Match.bank_line_id == BankLine.id, Match.state == "confirmed")
COMMANDS = ()
