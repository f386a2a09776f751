"""Who is staff: invite, join, change roles, disable; each recorded in the audit, each mail kept with its cause."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection

from donations import audit, outbox, privacy, tokens
from donations.errors import BadLink, LastAdmin, NoSuchStaff, NotInThisState, StaffKnown
from donations.extensions import db
from donations.models import Passkey, RecoveryCode, Staff, StaffRole
from donations.models.base import MAX_ID, new_reference
from donations.models.staff import ROLES
from donations.staff import passwords, sessions, throttling


def find(staff_id: int, *, for_change: bool = False) -> Staff:
    """The person of that number. Raises NoSuchStaff."""
    person = db.session.get(Staff, min(staff_id, MAX_ID), with_for_update=for_change)
    if person is None:
        raise NoSuchStaff()
    return person


def find_by_email(email: str) -> Staff | None:
    return db.session.scalar(select(Staff).where(Staff.email_hash.in_(privacy.lookup_hashes(email, "staff email"))))


def listed() -> Sequence[Staff]:
    return db.session.scalars(select(Staff).order_by(Staff.id)).all()


def count_active(role: str) -> int:
    """How many people of that role may sign in."""
    asked = select(func.count()).select_from(Staff).join(StaffRole, StaffRole.staff_id == Staff.id)
    return db.session.scalar(asked.where(Staff.state == "active", StaffRole.role == role)) or 0


def name_of(person: Staff) -> str:
    """The person's chosen name; before they have one, their address."""
    return privacy.unseal(person.name_sealed, _identity(person, "name")) if person.name_sealed else email_of(person)


def email_of(person: Staff) -> str:
    return privacy.unseal(person.email_sealed, _identity(person, "email"))


def invite(
    conn: Connection, email: str, roles: Iterable[str], *, language: str, by: str, at: datetime, is_mailed: bool = True
) -> Staff:
    """Invite a person, or invite again one who has not joined yet. Raises StaffKnown if they have."""
    person = find_by_email(email)
    if person is not None and person.state != "invited":
        raise StaffKnown()
    if person is None:
        person = _new(email, language, at)
        db.session.add(person)
    person.link_key, person.invited_at = _new_link_key(), at
    _grant(person, roles)
    db.session.flush()
    if is_mailed:
        outbox.queue(
            conn, "staff_invitation", f"staff:{person.id}:invited:{person.link_key}", to=email.strip(),
            language=language, at=at, facts={"staff_id": person.id},
        )  # fmt: skip
    audit.record(conn, by, "staff.invited", person.actor, {"roles": sorted(person.roles)}, at=at)
    return person


def join(conn: Connection, token: str, name: str, password: str, *, at: datetime) -> Staff:
    """Take an invitation: the link works once. Raises BadLink, or what is wrong with the password."""
    person = read_link(token, "invitation", for_change=True)
    _set_password(person, password)
    person.name_sealed = privacy.seal(name, _identity(person, "name")) if name else None
    person.state, person.joined_at = "active", at
    db.session.flush()
    audit.record(conn, person.actor, "staff.joined", person.actor, at=at)
    return person


def send_reset_link(conn: Connection, email: str, *, at: datetime) -> None:
    """Mail a link for a new password, at most one every ten minutes; an unknown address gets none."""
    person = find_by_email(email)
    if person is not None and person.state == "active":
        key = f"staff:{person.id}:reset:{person.link_key}:{at:%Y%m%d%H}{at.minute // 10}"
        to = email_of(person)
        outbox.queue(conn, "staff_reset", key, to=to, language=person.language, at=at, facts={"staff_id": person.id})


def begin_reset(conn: Connection, token: str, password: str, *, at: datetime) -> tuple[Staff, str]:
    """Use a mailed link, which works once, for a new password. Gives whose it is, and the hash of the password, which
    is not set yet. Raises BadLink, what is wrong with the password, TryLater after several within a day."""
    person = read_link(token, "reset", for_change=True)
    throttling.count_reset(conn, person, at)
    passwords.check_new(password, email_of(person))
    person.link_key = _new_link_key()
    return person, passwords.hashed(password)


def finish_reset(conn: Connection, person: Staff, password_hash: str, *, at: datetime) -> None:
    """The new password holds, and every session ends. The second factor stays, and so does the throttling of guesses at
    it."""
    person.password, person.link_key = password_hash, _new_link_key()
    sessions.end_all(person, at)
    throttling.release_password(conn, email_of(person))
    audit.record(conn, person.actor, "staff.password_reset", person.actor, at=at)


def change_password(conn: Connection, person: Staff, password: str, *, keep: int, at: datetime) -> None:
    """Every other session ends; the one numbered `keep` continues."""
    _set_password(person, password)
    sessions.end_all(person, at, but=keep)
    audit.record(conn, person.actor, "staff.password_changed", person.actor, at=at)


def read_link(token: str, purpose: str, *, for_change: bool = False) -> Staff:
    """Whom a mailed link is for. Raises BadLink if it is old, used, or for a person disabled since."""
    staff_id, key = (tokens.read_invitation if purpose == "invitation" else tokens.read_reset)(token)
    person = db.session.get(Staff, staff_id, with_for_update=for_change)
    wanted = "invited" if purpose == "invitation" else "active"
    if person is None or person.state != wanted or not secrets.compare_digest(person.link_key, key):
        raise BadLink()
    return person


def change_roles(conn: Connection, person: Staff, roles: Iterable[str], *, by: str, at: datetime) -> None:
    """Every session of the person ends, so that none continues with roles they no longer have. Raises LastAdmin."""
    before, wanted = sorted(person.roles), set(roles)
    check_admin_left(person, wanted)
    _grant(person, wanted)
    if before != sorted(wanted):
        sessions.end_all(person, at)
    db.session.flush()
    details = {"before": before, "roles": sorted(person.roles)}
    audit.record(conn, by, "staff.roles_changed", person.actor, details, at=at)


def check_admin_left(person: Staff, roles: Iterable[str]) -> None:
    """Raises LastAdmin where no admin would be left."""
    if "admin" in person.roles and "admin" not in set(roles):
        _keep_an_admin(person)


def disable(conn: Connection, person: Staff, *, by: str, at: datetime) -> None:
    """The person is out at once, and every link they hold is worth nothing. Raises LastAdmin."""
    if person.state == "disabled":
        raise NotInThisState(state=person.state)
    if "admin" in person.roles and person.state == "active":
        _keep_an_admin(person)
    person.state, person.link_key = "disabled", _new_link_key()
    sessions.end_all(person, at)
    db.session.flush()
    audit.record(conn, by, "staff.disabled", person.actor, at=at)


def check_disabled(person: Staff) -> None:
    """Raises NotInThisState for a person who may sign in, or was only invited."""
    if person.state != "disabled":
        raise NotInThisState(state=person.state)


def enable(conn: Connection, person: Staff, *, by: str, at: datetime) -> None:
    """Raises NotInThisState."""
    check_disabled(person)
    person.state = "active" if person.password else "invited"
    audit.record(conn, by, "staff.enabled", person.actor, at=at)


def forget_factors(conn: Connection, person: Staff, *, by: str, at: datetime) -> None:
    """For who lost their second factor: the next sign-in asks to set up another one."""
    person.totp_sealed = person.totp_waiting_sealed = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == person.id))
    db.session.execute(delete(Passkey).where(Passkey.staff_id == person.id))
    sessions.end_all(person, at)
    throttling.succeed_second(conn, person)  # what was guessed at is no more
    audit.record(conn, by, "staff.factors_reset", person.actor, at=at)


def _new(email: str, language: str, at: datetime) -> Staff:
    known_as = new_reference()
    return Staff(
        fs_uniquifier=known_as,
        state="invited",
        email_sealed=privacy.seal(email.strip(), f"staff:{known_as}:email"),
        email_hash=privacy.lookup_hash(email, "staff email"),
        language=language,
        link_key=_new_link_key(),
        invited_at=at,
    )


def _grant(person: Staff, roles: Iterable[str]) -> None:
    wanted = set(roles)
    assert wanted <= set(ROLES), "roles are checked where they are typed"
    person.grants = [grant for grant in person.grants if grant.role in wanted]
    person.grants += [StaffRole(role=role) for role in sorted(wanted - person.roles)]


def _set_password(person: Staff, password: str) -> None:
    passwords.check_new(password, email_of(person))
    person.password, person.link_key = passwords.hashed(password), _new_link_key()


def _keep_an_admin(but: Staff) -> None:
    """Another admin must be able to invite. Their rows are locked: else two could step down at once."""
    admins = select(StaffRole.staff_id).where(StaffRole.role == "admin")
    active = select(Staff).where(Staff.id.in_(admins), Staff.state == "active").order_by(Staff.id).with_for_update()
    if not any(person.id != but.id for person in db.session.scalars(active)):
        raise LastAdmin()


def _new_link_key() -> str:
    return secrets.token_urlsafe(24)


def _identity(person: Staff, column: str) -> str:
    return f"staff:{person.fs_uniquifier}:{column}"
