"""`donations bank imports`, `withdraw`, `questions` and `answer`: list imports, withdraw one, and answer whether a line
in doubt is a stored one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import audit
from donations.cli import disclosures
from donations.cli.actor import actor
from donations.cli.bank import REASONS, bank
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import BankAccount, Statement, StatementLineQuestion
from donations.models.base import MAX_ID
from donations.money import written
from donations.reconciliation import statement_withdrawal
from donations.reconciliation.statement_lines import questions

MAX_SHOWN = 50


@bank.command("imports")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def imports(as_json: bool) -> None:
    """List the imported statements, newest first."""
    rows = db.session.execute(
        select(Statement, BankAccount.name)
        .join(BankAccount, BankAccount.id == Statement.bank_account_id)
        .order_by(Statement.id.desc())
        .limit(MAX_SHOWN)
    ).all()
    found: list[dict[str, Any]] = [
        {"import": one.id, "account": name, "file": one.file_name, "format": one.format, "new": one.lines_new,
         "known": one.lines_known, "imported_at": one.imported_at.isoformat(),
         "withdrawn": one.withdrawn_at is not None}
        for one, name in rows
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps({"imports": found}, indent=2, ensure_ascii=False))
        return
    for each in found:
        note = "  withdrawn" if each["withdrawn"] else ""
        click.echo(
            f"{each['import']:>6}  {each['imported_at'][:16]}  {each['account']}  {each['file']}"
            f"  {each['new']} new, {each['known']} known{note}"
        )
    if not found:
        click.echo("No statements yet. Run: donations bank import FILE")


@bank.command("withdraw")
@click.argument("number", type=click.IntRange(1, MAX_ID), metavar="IMPORT")
@click.option("--reason", required=True, help="Reason, kept in the audit log.")
@with_appcontext
def withdraw(number: int, reason: str) -> None:
    """Withdraw an import with all its lines. `bank imports` lists the numbers.

    Refused if a line is matched or recorded in the ledger."""
    with write_unit() as conn:
        found = statement_withdrawal.find(conn, number)
        if found is None:
            raise click.BadParameter("No such import. Run: donations bank imports")
        others = statement_withdrawal.overlapping(conn, found)
        at = datetime.now(UTC)
        taken = statement_withdrawal.withdraw(conn, number, reason=reason.strip(), by=actor(), at=at)
        told: dict[str, str | int | bool | list[str] | None] = {
            "sha256": taken.sha256, "lines": taken.lines, "reason": reason.strip(),
        }  # fmt: skip
        audit.record(conn, actor(), "statement.withdrawn", f"bank:{taken.account_id}", told, at=at)
    click.echo(f"Import of {taken.file_name} withdrawn, {taken.lines} lines removed.")
    if others:
        click.echo(f"These files have the same days. Import them again: {', '.join(others)}")


@bank.command("questions")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_questions(as_json: bool) -> None:
    """List lines that may be here already, each with the line it may repeat."""
    with snapshot() as conn:
        ids = conn.scalars(
            select(StatementLineQuestion.id)
            .where(StatementLineQuestion.state == "open")
            .order_by(StatementLineQuestion.id)
        ).all()
        found = [one for number in ids if (one := questions.find(conn, number)) is not None]
    if as_json:
        shown = [
            {"question": one.id, "account": one.account, "reason": one.reason, "line": one.line_id,
             "booked_on": one.booked_on.isoformat(), "amount_minor": one.amount.minor, "currency": one.amount.currency}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps({"questions": shown}, indent=2, ensure_ascii=False))
        return
    if found:
        disclosures.tell("bank questions")
    for one in found:
        click.echo(f"question {one.id}, {one.account}: {REASONS[one.reason]}")
        click.echo(f"    new file  {_words(one.booked_on, one.amount, one.said)}")
        click.echo(f"    here      {_words(one.line_booked_on, one.line_amount, one.line_said)}")
    if not found:
        click.echo("No lines wait for an answer.")


@bank.command("answer")
@click.argument("number", type=click.IntRange(1, MAX_ID), metavar="QUESTION")
@click.argument("answer", type=click.Choice([questions.SAME, questions.ANOTHER]))
@with_appcontext
def answer(number: int, answer: str) -> None:
    """Answer a QUESTION about a line that may be here already: the same money, or different money.

    `bank questions` lists the numbers."""
    at = datetime.now(UTC)
    with write_unit() as conn:
        line_id = questions.answer(conn, number, answer, actor=actor(), at=at)
        audit.record(conn, actor(), "statement_line.decided", f"question:{number}", {"answer": answer}, at=at)
    done = "gets the new details" if answer == questions.SAME else "was added"
    click.echo(f"Line {line_id} {done}.")


def _words(on: Any, amount: Any, said: dict[str, Any]) -> str:
    words = " ".join(filter(None, (said.get("name", ""), said.get("text", ""))))[:60]
    return f"{on}  {written(amount)}  {words}"


# They hang on the group of bank.py.
COMMANDS = ()
