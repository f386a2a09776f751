"""`donations staff`: invite people and list them; help people who lost their second factor; end a person's access."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask.cli import with_appcontext

from donations import staff as domain
from donations import tokens
from donations.cli import disclosures
from donations.cli.actor import actor
from donations.database import write_unit
from donations.errors import NoSuchStaff
from donations.models import Organisation, Staff
from donations.models.staff import ROLES
from donations.staff import changes, notices, second_factor


@click.group()
def staff() -> None:
    """The people who run the fund. What is done here takes effect at once, and is mailed to every admin and treasurer.

    Exit codes: 0 done, 1 refused (nothing was changed), 2 wrong usage."""


@staff.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given often.")
@click.option("--language", help="Of the mail, like en or ru; else the organisation's first one.")
@with_appcontext
def invite(email: str, roles: tuple[str, ...], language: str | None) -> None:
    """Invite EMAIL: mail a link that works once and for three days, and print it."""
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as error:
        raise click.UsageError(f"{email} is no e-mail address.") from error
    house = Organisation.get()
    if language and language not in house.languages:
        raise click.UsageError(f"There is no language {language}. There are: {', '.join(house.languages)}.")
    with write_unit() as conn:
        at = datetime.now(UTC)
        made = domain.invite(conn, email, roles, language=language or house.default_language, by=actor(), at=at)
        notices.tell(conn, "invitation", by=actor(), at=at, about=made.id, roles=roles)
        link = _link(made, house)
    click.echo(f"{email} is invited as {', '.join(sorted(set(roles)))}. The link works once, and for three days:")
    click.echo(link)


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def list_(as_json: bool) -> None:
    """Say who is here, with which roles."""
    people = [_told(person) for person in domain.listed()]
    if people:
        disclosures.tell("staff list")
    if as_json:
        click.echo(json.dumps({"staff": people}, indent=2, ensure_ascii=False))
        return
    for each in people:
        second = "" if each["second_factor"] else "  no second factor"
        click.echo(f"{each['id']:>4}  {each['state']:8}  {', '.join(each['roles']):24}  {each['email']}{second}")
    click.echo(f"{len(people)} people" if people else "Nobody yet. `donations staff invite EMAIL --role admin`")


@staff.command("reset-factor")
@click.argument("email")
@with_appcontext
def reset_factor(email: str) -> None:
    """For who lost app and recovery codes: the next sign-in asks to set up another app. Every session ends."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        domain.forget_factors(conn, person, by=actor(), at=at)
        notices.tell(conn, "factors", by=actor(), at=at, about=person.id)
    click.echo(f"{email} sets up a second factor at the next sign-in.")


@staff.command()
@click.argument("email")
@with_appcontext
def disable(email: str) -> None:
    """Let somebody sign in no more. Their sessions end at once; what they did stays in the audit."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        notices.tell(conn, "disabled", by=actor(), at=at, about=person.id)
        domain.disable(conn, person, by=actor(), at=at)
    click.echo(f"{email} signs in no more.")


@staff.command()
@click.argument("email")
@with_appcontext
def enable(email: str) -> None:
    """Let somebody who was disabled sign in again."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        domain.enable(conn, person, by=actor(), at=at)
        notices.tell(conn, "enabled", by=actor(), at=at, about=person.id, roles=sorted(person.roles))
    click.echo(f"{email} may sign in again.")


@staff.command("changes")
@with_appcontext
def changes_() -> None:
    """Say which changes of the team wait, and until when."""
    if changes.waiting():
        disclosures.tell("staff changes")
    for each in changes.waiting():
        row, roles = each.row, f" as {', '.join(each.roles)}" if each.roles else ""
        click.echo(f"{row.id:>4}  {row.kind:14}  {each.about}{roles}, asked for by {row.asked_by}, takes effect "
                   f"{row.takes_effect_at:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    if not changes.waiting():
        click.echo("Nothing waits.")


@staff.command()
@click.argument("number", type=int)
@with_appcontext
def accept(number: int) -> None:
    """Make a change of the team that waits take effect now: for a fund with a single admin."""
    with write_unit() as conn:
        roles = [role for each in changes.waiting() if each.row.id == number for role in each.roles]
        row, at = changes.accept(conn, number, by=actor(), at=datetime.now(UTC)), datetime.now(UTC)
        notices.tell(conn, row.kind, by=actor(), at=at, about=row.staff_id or 0, roles=roles)
    click.echo(f"Change {number} has taken effect.")


@staff.command()
@click.argument("email")
@with_appcontext
def code(email: str) -> None:
    """In the demo only: the code that EMAIL's app would show now, for who has no such app at hand."""
    if not current_app.config["SETTINGS"].in_development:
        raise click.UsageError("Only beside the stand-in for Stripe. Whoever lost their app: `staff reset-factor`.")
    person = _find(email)
    if person.totp_sealed is None:
        raise click.UsageError(f"{email} has set up no app.")
    click.echo(second_factor.codes().code(second_factor.secret_of(person), datetime.now(UTC)))


def _find(email: str) -> Staff:
    person = domain.find_by_email(email)
    if person is None:
        raise NoSuchStaff()
    return person


def _link(person: Staff, house: Organisation) -> str:
    prefix = "" if person.language == house.default_language else f"/{person.language}"
    token = tokens.for_invitation(person.id, person.link_key)
    return f"{current_app.config['SETTINGS'].public_url}{prefix}/staff/join/{token}"


def _told(person: Staff) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": domain.email_of(person),
        "state": person.state,
        "roles": sorted(person.roles),
        "second_factor": person.has_second_factor,
    }


COMMANDS = (staff,)
