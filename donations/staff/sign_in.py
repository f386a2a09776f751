"""Sign-in: the password, then the second factor, with throttling of guesses. A failure does not reveal which part was
wrong, and takes as long for an unknown person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from donations import audit, outbox
from donations.database import in_write_unit
from donations.extensions import db
from donations.models import Staff
from donations.staff import passkeys, passwords, people, second_factor, sessions, throttling


@dataclass(frozen=True, slots=True)
class Second:
    """What is brought as a second factor: a code, or what a passkey of `site` answered to `challenge`."""

    code: str
    credential: str
    challenge: str
    site: passkeys.Site


def count(conn: Connection, email: str, place: bytes, at: datetime) -> None:
    """Count an attempt, in a transaction of its own before it is looked at. Raises TryLater."""
    throttling.count_sign_in(conn, email, people.find_by_email(email), place, at)


def prove_password(email: str, password: str) -> Staff | None:
    """Whose password this is. It is slow on purpose: call it outside any write unit."""
    assert not in_write_unit(), "nobody waits for a password to be hashed"
    person = people.find_by_email(email)
    return person if passwords.is_right(password, person) else None


def take_password(conn: Connection, person: Staff, place: bytes) -> None:
    """The password was right."""
    throttling.succeed(conn, people.email_of(person), place)


def take_second(conn: Connection, person: Staff, second: Second, at: datetime) -> bool:
    """Whether it is the person's passkey, a code of their app or a recovery code. Counted by `brakes` before."""
    locked, code = people.find(person.id, for_change=True), second.code
    db.session.refresh(locked, with_for_update=True)
    if second.credential:
        is_good = passkeys.take(locked, second.site, second.credential, second.challenge, at=at)
        if is_good:
            throttling.succeed_second(conn, locked)
        return is_good
    if second_factor.take_code(locked, code, at=at):
        throttling.succeed_second(conn, locked)
        return True
    if second_factor.take_recovery_code(conn, locked, code, at=at):
        throttling.succeed_second(conn, locked)
        audit.record(conn, locked.actor, "staff.recovery_code_used", locked.actor, at=at)
        return True
    return False


def note_sign_in(
    conn: Connection, person: Staff, *, place: bytes, is_new_place: bool, browser: str, at: datetime
) -> None:
    """Record a complete sign-in, and mail the person if it was from a new place."""
    if is_new_place:
        key = f"staff:{person.id}:signed-in:{place.hex()[:16]}:{at:%Y%m%d}"
        outbox.queue(
            conn, "staff_sign_in", key, to=people.email_of(person), language=person.language, at=at,
            facts={"staff_id": person.id, "browser": browser},
        )  # fmt: skip
    audit.record(conn, person.actor, "staff.signed_in", person.actor, at=at)


def is_new_place(person: Staff, place: bytes) -> bool:
    return not sessions.is_known_place(person, place)
