"""`donations bank`: the organisation's bank accounts, and statements from files, looked at first or imported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from donations.cli.actor import operator
from donations.database import snapshot, write_unit
from donations.errors import BankAccountUnclear, DonationsError
from donations.extensions import db
from donations.models import BankAccount
from donations.money import CURRENCIES, written
from donations.reconciliation import statement_accounts, statements
from donations.reconciliation.statements import Break, Imported, Preview, ReadFile

REASONS = {
    "twin": "a line of this day and amount is already here, but not in this file",
    "moved": "a line with this text and amount is already here, a few days apart",
    "number": "the bank gave this number to another line",
    "entry": "the line belongs to a collective entry of another amount",
    "future": "the day is in the future",
    "old": "the line is more than 2 years old",
}


@click.group()
def bank() -> None:
    """Manage bank accounts, import statements, match their lines.

    Exit codes: 0 done, 1 refused (nothing was changed), 2 wrong usage."""


@bank.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def accounts(as_json: bool) -> None:
    """List the bank accounts."""
    found = db.session.scalars(select(BankAccount).order_by(BankAccount.name)).all()
    if as_json:
        listed = [{"name": each.name, "currency": each.currency, "ends_in": each.identifier_end} for each in found]
        click.echo(json.dumps({"accounts": listed}, indent=2, ensure_ascii=False))
        return
    for each in found:
        end = f"…{each.identifier_end}" if each.identifier_end else "number unknown"
        click.echo(f"{each.name}  {each.currency}  {end}")
    if not found:
        click.echo("No bank accounts yet. Run: donations bank add-account NAME --currency GBP")


@bank.command("add-account")
@click.argument("name")
@click.option("--currency", default="GBP", show_default=True, help="Currency of the account.")
@click.option("--number", default="", help="IBAN or account number. Default: taken from the first statement.")
@with_appcontext
def add_account(name: str, currency: str, number: str) -> None:
    """Add a bank account."""
    if currency.upper() not in CURRENCIES:
        raise click.BadParameter(f"Unknown currency: {currency}.", param_hint="--currency")
    columns = statement_accounts.identifying(number) if number else {}
    with write_unit() as conn:
        if db.session.scalar(select(BankAccount.id).where(BankAccount.name == name)):
            raise _unclear("an account with this name exists already", "Choose another name.")
        if number and statement_accounts.account_named(conn, number) is not None:
            raise _unclear("an account with this number exists already", "Run: donations bank accounts")
        db.session.add(BankAccount(name=name, currency=currency.upper(), **columns))
    click.echo(f"Bank account added: {name}. Next: donations bank import FILE")


@bank.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", help="Name of the bank account. Needed if the file does not say.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported and change nothing.")
@click.option("--map", "mapped", multiple=True, metavar="WORD=HEADING", help="What a CSV column means. Repeatable.")
@click.option("--twins-too", is_flag=True, help="Also import lines that look like duplicates.")
@click.option("--ask-later", is_flag=True, help="Put lines that look like duplicates on the to-do list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def import_(
    file: Path,
    account: str | None,
    dry_run: bool,
    mapped: tuple[str, ...],
    twins_too: bool,
    ask_later: bool,
    as_json: bool,
) -> None:
    """Import a bank statement (camt, MT940, OFX, QIF, CSV).

    A file is imported as a whole or not at all. Importing it again changes nothing."""
    if twins_too and ask_later:
        raise click.UsageError("Use only one of --twins-too and --ask-later.")
    column_map = _column_map(mapped)
    data = file.read_bytes()
    chosen = _chosen(account)
    read = statements.read_file(data, file.name, chosen, column_map)
    del data  # Up to 64 MB that are not needed any more.
    targets = [chosen] if chosen else _named_in(read)
    if dry_run:
        with snapshot() as conn:
            looked = [statements.preview(conn, each, read, at=_now(), only_own=len(targets) > 1) for each in targets]
        _show_previews(targets, looked, as_json)
        return
    _show_imports(targets, _import(targets, read, as_json, twins_too=twins_too, ask_later=ask_later), as_json)


def _import(targets: list[BankAccount], read: ReadFile, as_json: bool, **how: bool) -> list[Imported]:
    with (
        click.progressbar(length=read.lines, label="Lines", hidden=as_json or read.lines < 2000) as bar,
        write_unit() as conn,
    ):
        how["only_own"] = len(targets) > 1
        return [
            statements.import_file(conn, each, read, by=operator(), at=_now(), progress=bar.update, **how)
            for each in targets
        ]


def _column_map(mapped: tuple[str, ...]) -> dict[str, object]:
    said: dict[str, object] = {}
    for each in mapped:
        word, equals, heading = each.partition("=")
        if not equals:
            raise click.BadParameter(f"{each} is not WORD=HEADING, like date=Booked", param_hint="--map")
        said[word] = [*said.get("text", []), heading] if word == "text" else heading  # type: ignore[misc]
    return said


def _chosen(name: str | None) -> BankAccount | None:
    """The account of that name. Without a name the only one there is, or None where the file has to say."""
    found = db.session.scalars(select(BankAccount).order_by(BankAccount.id)).all()
    if name is None:
        if not found:
            raise _unclear("no bank account was added yet", "Run: donations bank add-account NAME --currency GBP")
        return found[0] if len(found) == 1 else None
    account = next((each for each in found if each.name == name), None)
    if account is None:
        raise _unclear(f"no bank account is called {name}", "Run: donations bank accounts")
    return account


def _named_in(read: ReadFile) -> list[BankAccount]:
    """The accounts whose numbers the file names. Raises BankAccountUnclear unless each is known."""
    numbers = dict.fromkeys(each.account for each in read.read.statements)
    with snapshot() as conn:
        ids = {number: statement_accounts.account_named(conn, number) if number else None for number in numbers}
    unknown = [number for number, found in ids.items() if found is None]
    if unknown or not ids:
        end = statement_accounts.plain_number(unknown[0])[-4:] if unknown else ""
        fault = f"the file names an unknown account ending in {end}" if end else "the file names no account"
        raise _unclear(fault, "Choose one: --account NAME")
    return [db.session.get_one(BankAccount, each) for each in dict.fromkeys(ids.values())]


def _unclear(fault: str, fix: str) -> DonationsError:
    return BankAccountUnclear(fault=fault, fix=fix)


def _now() -> datetime:
    return datetime.now(UTC)


def _show_previews(targets: list[BankAccount], looked: list[Preview], as_json: bool) -> None:
    if as_json:
        shown = [_preview_for_machines(*pair) for pair in zip(targets, looked, strict=True)]
        click.echo(json.dumps({"dry_run": True, "accounts": shown}, indent=2, ensure_ascii=False))
        return
    for account, preview in zip(targets, looked, strict=True):
        new, known, suspicious = (preview.count(word) for word in ("new", "known", "suspicious"))
        click.echo(f"{account.name}: {preview.format}, {new} new, {known} known, {suspicious} suspicious lines")
        for line, verdict, reasons in preview.lines:
            if verdict != "known":
                why = ", ".join(REASONS[reason] for reason in reasons)
                amount = written(line.amount)
                words = " ".join(filter(None, (line.name, line.text)))[:60]
                click.echo(f"  {line.place:>6}  {line.booked_on}  {amount:>16}  {words}{f'  [{why}]' if why else ''}")
        if preview.updated:
            click.echo(f"  known lines with new details: {preview.updated}")
        if preview.pending:
            click.echo(f"  lines left out because the bank has not booked them yet: {preview.pending}")
        if preview.column_map:
            click.echo(f"  columns: {json.dumps(preview.column_map.as_json(), ensure_ascii=False)}")
        if preview.passed_over:
            click.echo(f"  columns not used: {', '.join(preview.passed_over)}")
        _show_breaks(preview.breaks)
        if preview.off_balance:
            click.echo(f"  {preview.off_balance}")
    click.echo("Dry run: nothing was imported. Run this again without --dry-run.")


def _show_imports(targets: list[BankAccount], done: list[Imported], as_json: bool) -> None:
    if as_json:
        shown = [
            {"account": account.name, "format": each.format, "new": each.new, "known": each.known,
             "pending": each.pending, "twins": each.twins, "waiting": each.waiting,
             "updated": each.updated, "odd": each.odd, "breaks": _breaks_for_machines(each.breaks)}
            for account, each in zip(targets, done, strict=True)
        ]  # fmt: skip
        click.echo(json.dumps({"dry_run": False, "accounts": shown}, indent=2, ensure_ascii=False))
        return
    for account, each in zip(targets, done, strict=True):
        click.echo(f"{account.name}: {each.format}, {each.new} lines imported, {each.known} were known")
        if each.pending:
            click.echo(f"  lines left out because the bank has not booked them yet: {each.pending}")
        if each.waiting:
            click.echo(f"  lines that may be here already: {each.waiting}. Run: donations bank questions")
        if each.updated:
            click.echo(f"  known lines with new details: {each.updated}")
        if each.odd:
            click.echo(f"  lines with an unexpected date, to check: {each.odd}")
        _show_breaks(each.breaks)


def _show_breaks(found: tuple[Break, ...]) -> None:
    for each in found:
        what = "a statement is missing" if each.is_gap else "two statements do not join"
        click.echo(f"  {what} between {each.after} and {each.before}: {written(each.missing)} in all")


def _preview_for_machines(account: BankAccount, preview: Preview) -> dict[str, Any]:
    return {
        "account": account.name,
        "format": preview.format,
        **{word: preview.count(word) for word in ("new", "known", "suspicious")},
        "lines": [
            {"place": line.place, "booked_on": line.booked_on.isoformat(), "amount_minor": line.amount.minor,
             "currency": line.amount.currency, "verdict": verdict, "reasons": list(reasons)}
            for line, verdict, reasons in preview.lines
        ],
        "column_map": preview.column_map.as_json() if preview.column_map else None,
        "breaks": _breaks_for_machines(preview.breaks),
        "off_balance": str(preview.off_balance) if preview.off_balance else None,
        "was_imported": preview.was_imported,
        "pending": preview.pending,
        "updated": preview.updated,
        "passed_over": list(preview.passed_over),
    }  # fmt: skip


def _breaks_for_machines(found: tuple[Break, ...]) -> list[dict[str, Any]]:
    return [
        {"after": each.after.isoformat(), "before": each.before.isoformat(), "missing_minor": each.missing.minor}
        for each in found
    ]


COMMANDS = (bank,)
