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
    """Invite, list, disable or enable the team. Changes take effect at once. Admins and treasurers get an email.

    Exit codes: 0 done, 1 refused (nothing was changed), 2 wrong usage."""


@staff.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="Role. Repeatable.")
@click.option("--language", help="Language of the email, like en or ru. Default: the organisation's first.")
@with_appcontext
def invite(email: str, roles: tuple[str, ...], language: str | None) -> None:
    """Invite EMAIL to the team: email and print a link that works once, for 3 days."""
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as error:
        raise click.UsageError(f"{email} is not an email address.") from error
    house = Organisation.get()
    if language and language not in house.languages:
        raise click.UsageError(f"Unknown language {language}. Choose from: {', '.join(house.languages)}.")
    with write_unit() as conn:
        at = datetime.now(UTC)
        made = domain.invite(conn, email, roles, language=language or house.default_language, by=actor(), at=at)
        notices.tell(conn, "invitation", by=actor(), at=at, about=made.id, roles=roles)
        link = _link(made, house)
    click.echo(f"{email} is invited as {', '.join(sorted(set(roles)))}. The link works once, for 3 days:")
    click.echo(link)


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_(as_json: bool) -> None:
    """List the team and their roles."""
    people = [_told(person) for person in domain.listed()]
    if people:
        disclosures.tell("staff list")
    if as_json:
        click.echo(json.dumps({"staff": people}, indent=2, ensure_ascii=False))
        return
    for each in people:
        second = "" if each["second_factor"] else "  no two-step verification"
        click.echo(f"{each['id']:>4}  {each['state']:8}  {', '.join(each['roles']):24}  {each['email']}{second}")
    click.echo(f"{len(people)} people" if people else "No team yet. Run: donations staff invite EMAIL --role admin")


@staff.command("reset-factor")
@click.argument("email")
@with_appcontext
def reset_factor(email: str) -> None:
    """Reset two-step verification of EMAIL, for a lost app and lost recovery codes.

    Signs them out on all devices. The next sign-in sets up another app."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        domain.forget_factors(conn, person, by=actor(), at=at)
        notices.tell(conn, "factors", by=actor(), at=at, about=person.id)
    click.echo(f"{email} sets up two-step verification at the next sign-in.")


@staff.command()
@click.argument("email")
@with_appcontext
def disable(email: str) -> None:
    """Disable the sign-in of EMAIL and sign them out on all devices. The audit log keeps what they did."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        notices.tell(conn, "disabled", by=actor(), at=at, about=person.id)
        domain.disable(conn, person, by=actor(), at=at)
    click.echo(f"{email} can no longer sign in. To undo: donations staff enable {email}")


@staff.command()
@click.argument("email")
@with_appcontext
def enable(email: str) -> None:
    """Enable the sign-in of EMAIL again."""
    with write_unit() as conn:
        person, at = _find(email), datetime.now(UTC)
        domain.enable(conn, person, by=actor(), at=at)
        notices.tell(conn, "enabled", by=actor(), at=at, about=person.id, roles=sorted(person.roles))
    click.echo(f"{email} can sign in again.")


@staff.command("changes")
@with_appcontext
def changes_() -> None:
    """List changes of the team that wait, and until when."""
    if changes.waiting():
        disclosures.tell("staff changes")
    for each in changes.waiting():
        row, roles = each.row, f" as {', '.join(each.roles)}" if each.roles else ""
        click.echo(f"{row.id:>4}  {row.kind:14}  {each.about}{roles}, requested by {row.asked_by}, takes effect "
                   f"{row.takes_effect_at:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    if not changes.waiting():
        click.echo("No changes wait.")


@staff.command()
@click.argument("number", type=int)
@with_appcontext
def accept(number: int) -> None:
    """Accept a waiting change of the team so that it takes effect now. For a fund with one admin."""
    with write_unit() as conn:
        roles = [role for each in changes.waiting() if each.row.id == number for role in each.roles]
        row, at = changes.accept(conn, number, by=actor(), at=datetime.now(UTC)), datetime.now(UTC)
        notices.tell(conn, row.kind, by=actor(), at=at, about=row.staff_id or 0, roles=roles)
    click.echo(f"Change {number} has taken effect.")


@staff.command()
@click.argument("email")
@with_appcontext
def code(email: str) -> None:
    """Print the verification code that the app of EMAIL shows now. Works in the demo only."""
    if not current_app.config["SETTINGS"].in_development:
        raise click.UsageError("This works in the demo only. For a lost app, run: donations staff reset-factor EMAIL")
    person = _find(email)
    if person.totp_sealed is None:
        raise click.UsageError(f"{email} has no authenticator app.")
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
