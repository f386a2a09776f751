"""The operator's commands for appeals: load them from a file, open, pause, close, hide and show one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from donations import appeals as domain
from donations import audit, database, references
from donations.cli.actor import actor
from donations.errors import AppealNotFound, BadAppealsFile
from donations.extensions import db
from donations.models import Appeal
from donations.web import cached_copies as web_copies

HOW = {"amounts": "amounts_hidden", "holding": "holding_page", "dark": "dark"}


@click.group()
def appeals() -> None:
    """Load appeals from a file, list them, and open, pause, close, hide or show one.

    Exit codes: 0 done, 1 refused (nothing was changed), 2 wrong usage."""


@appeals.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--change-wording", default="", metavar="REASON", help="Reason to change wording while a fund holds money."
)
@with_appcontext
def load(file: Path, as_json: bool, change_wording: str) -> None:
    """Load appeals from a TOML FILE, as a whole or not at all. Loading the file again changes nothing.

    While a fund holds money, its name and the text about a surplus cannot change. With --change-wording and a reason
    they can. Earlier donations keep their wording."""
    try:
        text = _text_of(file)
        with database.write_unit() as conn:
            report = domain.load(text, at=datetime.now(UTC), by=actor(), change_wording=change_wording.strip())
            if report.did_anything:
                told: audit.Details = {"wordings": report.wordings, "reason": change_wording.strip()}
                audit.record(
                    conn, actor(), "appeals.loaded", "appeals", told if report.wordings else {}, at=datetime.now(UTC)
                )
    except BadAppealsFile as error:
        _refuse(error, as_json)
    if as_json:
        click.echo(json.dumps({"ok": True, **report.as_json()}, ensure_ascii=False))
        return
    for line in report.lines():
        click.echo(line)
    if not report.did_anything:
        click.echo("Nothing changed: the database already has what the file says.")


@appeals.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_(as_json: bool) -> None:
    """List the appeals: state, visibility and payment reference for bank transfers."""
    found = [
        {"slug": each.slug, "state": each.state, "visibility": each.visibility, "code": references.code_of_appeal(each)}
        for each in db.session.scalars(select(Appeal).order_by(Appeal.position, Appeal.slug))
    ]
    if as_json:
        click.echo(json.dumps({"appeals": found}, indent=2))
        return
    for each in found:
        click.echo(f"{each['slug']:40} {each['state']:8} {each['visibility']:16} {each['code']}")


def _text_of(file: Path) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = f"line {line}: a character is not written in UTF-8. Save the file as UTF-8."
        raise BadAppealsFile(faults=f"\n{fault}") from error


def _refuse(error: BadAppealsFile, as_json: bool) -> NoReturn:
    faults = str(error.facts["faults"]).strip().split("\n")
    if as_json:
        click.echo(json.dumps({"ok": False, "faults": faults}, ensure_ascii=False))
    else:
        click.echo("The appeals file was refused and nothing was changed.", err=True)
        for fault in faults:
            click.echo(f"  {fault}", err=True)
    sys.exit(1)


@appeals.command("open")
@click.argument("slug")
@with_appcontext
def open_(slug: str) -> None:
    """Open a draft, paused or closed appeal for donations."""
    _change(slug, domain.open_again)


@appeals.command()
@click.argument("slug")
@with_appcontext
def pause(slug: str) -> None:
    """Pause donations to an appeal. Its page says so. Donations in transit are still recorded."""
    _change(slug, domain.pause)


@appeals.command()
@click.argument("slug")
@with_appcontext
def close(slug: str) -> None:
    """Close the appeal today. Its page stays and shows the outcome."""
    _change(slug, domain.close)


@appeals.command()
@click.argument("slug")
@click.option("--how", type=click.Choice(list(HOW)), default="holding", show_default=True, help="What to hide.")
@with_appcontext
def hide(slug: str, how: str) -> None:
    """Hide an appeal at once and pause it: the amounts (amounts), all but a notice (holding) or everything (dark).

    Then check every public address, as `copies` does."""
    _change(slug, lambda appeal, at: domain.hide(appeal, HOW[how], at))
    _tell(web_copies.ask_all(_find(slug)))


@appeals.command()
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def copies(slug: str, as_json: bool) -> None:
    """Check every public address of a hidden appeal and list those that still show it.

    Exit codes: 0 none shows it, 1 some do, or no answer."""
    appeal = _find(slug)
    if appeal.visibility == "shown":
        click.echo(f"{slug} is not hidden.", err=True)
        sys.exit(1)
    report = web_copies.ask_all(appeal)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        _tell(report)
    sys.exit(0 if report.is_gone else 1)


def _tell(report: web_copies.Report) -> None:
    at = current_app.config["SETTINGS"].public_url
    if report.is_unreachable:
        click.echo(f"No answer from {at}, so no copies were checked. Copies expire within a minute.")
        return
    for path in report.still:
        click.echo(f"still shown: {at}{path}")
    for path in report.unknown:
        click.echo(f"no clear answer: {at}{path}")
    click.echo(f"{report.asked} addresses checked at {at}, {len(report.still)} still show what is hidden.")


@appeals.command()
@click.argument("slug")
@with_appcontext
def show(slug: str) -> None:
    """Show a hidden appeal again, with the state and visibility it had before."""
    _change(slug, domain.show)


def _change(slug: str, verb: Callable[[Appeal, datetime], bool]) -> None:
    with database.write_unit() as conn:
        appeal, at = _find(slug), datetime.now(UTC)
        changed = verb(appeal, at)
        says = f"{slug}: {appeal.state}, {appeal.visibility.replace('_', ' ')}"
        if changed:
            db.session.flush()
            now_is = {"state": appeal.state, "visibility": appeal.visibility}
            audit.record(conn, actor(), "appeal.changed", f"appeal:{slug}", now_is, at=at)
    click.echo(says if changed else f"{says} (unchanged)")


def _find(slug: str) -> Appeal:
    try:
        return Appeal.any_by_slug(slug)
    except AppealNotFound:
        slugs = list(db.session.scalars(select(Appeal.slug).order_by(Appeal.position)))
        near = get_close_matches(slug, slugs, n=3, cutoff=0.4)
        known = f"Did you mean {' or '.join(near)}?" if near else f"Appeals: {', '.join(slugs) or 'none yet'}."
        click.echo(f"No appeal is called {slug!r}. {known}", err=True)
        sys.exit(1)


COMMANDS = [appeals]
