"""People who can sign in to the demo: one of each role, with a password that is no secret. Never beside a live key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection

from donations import create_app, staff, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Organisation, Staff
from donations.models.staff import ROLES
from donations.staff import second_factor

PASSWORD = "solidarity for ever"  # noqa: S105 - of a demo on this machine


@dataclass(frozen=True, slots=True)
class SignIn:
    """The credentials of a person who signs in. `key` is for an app for one-time codes."""

    email: str
    key: str


def join_all(environ: Mapping[str, str]) -> list[SignIn]:
    """Make one of each role, where they are not there yet."""
    app = create_app(environ)
    assert app.config["SETTINGS"].in_development, "never beside real money"
    with app.app_context():
        made = []
        for role in ROLES:
            with write_unit() as conn:
                made.append(_joined(conn, role, datetime.now(UTC)))
        db.session.remove()
        db.engine.dispose()
    return made


def _joined(conn: Connection, role: str, at: datetime) -> SignIn:
    email = f"{role}@demo.example"
    person = staff.find_by_email(email) or _join(conn, email, role, at)
    if person.totp_sealed is None:
        secret = second_factor.prepare_totp(person)
        before = at - timedelta(minutes=5)  # A code works once; the one that is shown now is for who signs in now.
        second_factor.confirm_totp(conn, person, second_factor.codes().code(secret, before), at=before)
    shown = second_factor.secret_to_show(second_factor.secret_of(person), email, "Demo")["key"]
    return SignIn(email, shown)


def _join(conn: Connection, email: str, role: str, at: datetime) -> Staff:
    language = Organisation.get().default_language
    person = staff.invite(conn, email, [role], language=language, by="cli:demo", at=at, is_mailed=False)
    return staff.join(conn, tokens.for_invitation(person.id, person.link_key), role.title(), PASSWORD, at=at)
