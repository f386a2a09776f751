"""Changes that wait: who asked is not enough to give anybody access, or an account another way in. A second admin makes
one take effect at once; else it takes effect after a day, in which every admin and treasurer, who were told by mail,
can refuse it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import approvals, audit, privacy
from donations.errors import (
    AlreadyDone,
    DecisionWaiting,
    DonationsError,
    NeedsAnother,
    NoSuchChange,
    NotInThisState,
    StaffKnown,
)
from donations.extensions import db
from donations.models import Staff, StaffChange
from donations.models.base import MAX_ID, new_reference
from donations.staff import notices, passkeys, people, second_factor
from donations.staff.passkeys import Made

WAITS = timedelta(hours=24)
WAYS_IN = ("password", "totp", "passkey", "recovery_codes")
BY_ITSELF = "rules"  # who decides when the time is over


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits, as it is shown: what will be, about whom (name or address), who asked, and when it takes
    effect."""

    row: StaffChange
    about: str
    roles: Sequence[str]


def ask_invitation(
    conn: Connection, email: str, roles: Sequence[str], *, language: str, by: str, at: datetime
) -> StaffChange:
    """Raises StaffKnown, DecisionWaiting."""
    person = people.find_by_email(email)
    if person is not None and person.state != "invited":
        raise StaffKnown()
    if person is None and any(_details(one).get("email") == email.strip() for one in _waiting("invitation")):
        raise DecisionWaiting()
    details = {"email": email.strip(), "roles": sorted(roles), "language": language}
    return _ask(conn, "invitation", details, about=person, by=by, at=at)


def ask_roles(conn: Connection, person: Staff, roles: Sequence[str], *, by: str, at: datetime) -> StaffChange | None:
    """None where roles are only taken away: that protects, takes effect at once and is told all the same. Raises
    LastAdmin, DecisionWaiting."""
    if set(roles) <= person.roles:
        if set(roles) != person.roles:  # Told before, so that who is no treasurer any more is told too.
            notices.tell(conn, "roles", by=by, at=at, about=person.id, roles=roles)
        people.change_roles(conn, person, roles, by=by, at=at)
        return None
    people.check_admin_left(person, roles)
    return _ask(conn, "roles", {"roles": sorted(roles)}, about=person, by=by, at=at)


def ask_enabled(conn: Connection, person: Staff, *, by: str, at: datetime) -> StaffChange:
    """Raises NotInThisState, DecisionWaiting."""
    people.check_disabled(person)
    return _ask(conn, "enabled", {"roles": sorted(person.roles)}, about=person, by=by, at=at)


def ask_password(conn: Connection, token: str, password: str, *, at: datetime) -> StaffChange:
    """A new password by a mailed link, which works once; the old one holds until then. Raises what begin_reset does."""
    person, password_hash = people.begin_reset(conn, token, password, at=at)
    return _ask(conn, "password", {"hash": password_hash}, about=person, by=person.actor, at=at, replaces=True)


def ask_totp(conn: Connection, person: Staff, secret: str, step: int, *, at: datetime) -> StaffChange:
    """Another app, for who has a second factor; that one holds until then."""
    details = {"secret": secret, "step": step}
    return _ask(conn, "totp", details, about=person, by=person.actor, at=at, replaces=True)


def ask_passkey(conn: Connection, person: Staff, made: Made, *, at: datetime) -> StaffChange:
    """Another passkey, for who has a second factor."""
    details = {
        "name": made.name, "id": made.credential_id.hex(), "key": made.public_key.hex(), "count": made.sign_count,
    }  # fmt: skip
    return _ask(conn, "passkey", details, about=person, by=person.actor, at=at, replaces=True)


def ask_recovery_codes(conn: Connection, person: Staff, hashes: Sequence[bytes], *, at: datetime) -> StaffChange:
    """Other recovery codes; the old ones hold until then."""
    details = {"hashes": [one.hex() for one in hashes]}
    return _ask(conn, "recovery_codes", details, about=person, by=person.actor, at=at, replaces=True)


def accept(conn: Connection, number: int, *, by: str, at: datetime) -> StaffChange:
    """The second admin's yes. Raises NoSuchChange, AlreadyDone, what check_second raises, NeedsAnother for whom it is
    about, and what keeps it from being made now."""
    row = _lock(number)
    if not by.startswith("cli:"):  # Who sits at the machine could write to the database as well, and is mailed too.
        approvals.check_second(row.asked_by, by=by, at=at)
    if row.staff_id is not None and by == f"staff:{row.staff_id}":
        raise NeedsAnother()
    _make(conn, row, by=by, at=at)
    if row.kind in WAYS_IN:  # Who reads a mailbox and accepts what came of it would be two people otherwise.
        audit.record(conn, by, "staff.way_in_accepted", f"staff:{row.staff_id}", {"kind": row.kind}, at=at)
    return row


def refuse(conn: Connection, number: int, *, by: str, at: datetime) -> StaffChange:
    """It does not take effect. Raises NoSuchChange, AlreadyDone."""
    row = _lock(number)
    _end(conn, row, "refused", by=by, at=at)
    return row


def make_due(conn: Connection, at: datetime) -> int:
    """Make the changes whose day is over and that were not refused. Returns their number. What cannot be made any more,
    because its person was disabled or joined meanwhile, is refused."""
    due = select(StaffChange.id).where(StaffChange.state == "waiting", StaffChange.takes_effect_at <= at)
    numbers = db.session.scalars(due.order_by(StaffChange.id)).all()
    for number in numbers:
        row = _lock(number)
        try:
            with db.session.begin_nested():
                _make(conn, row, by=BY_ITSELF, at=at)
        except DonationsError:
            _end(conn, row, "refused", by=BY_ITSELF, at=at)
    return len(numbers)


def waiting() -> list[Waiting]:
    """Every change that waits, the oldest first."""
    return [shown(row) for row in _waiting()]


def shown(row: StaffChange) -> Waiting:
    """For a page or a mail: the name of whom it is about, and the roles they would have."""
    details = _details(row)
    person = db.session.get(Staff, row.staff_id) if row.staff_id is not None else None
    about = people.name_of(person) if person is not None else str(details.get("email", ""))
    return Waiting(row, about, list(details.get("roles", [])))


def _ask(
    conn: Connection, kind: str, details: Mapping[str, Any], *, about: Staff | None, by: str, at: datetime,
    replaces: bool = False,
) -> StaffChange:  # fmt: skip
    """`replaces`: what the same person asked for before is not made any more."""
    number = about.id if about is not None else None
    before = [one for one in _waiting(kind) if number is not None and one.staff_id == number]
    if before and not replaces:
        raise DecisionWaiting()
    for one in before:
        _end(conn, one, "refused", by=by, at=at)
    reference = new_reference()
    row = StaffChange(
        reference=reference, kind=kind, staff_id=number, state="waiting", asked_by=by, asked_at=at,
        takes_effect_at=at + WAITS, details_sealed=privacy.seal(json.dumps(dict(details)), _identity(reference)),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    notices.tell(conn, kind, by=by, at=at, about=number or 0, change=row.id, roles=details.get("roles", ()))
    audit.record(conn, by, "staff.change_asked", f"staff_change:{row.id}", _recorded(row, details), at=at)
    return row


def _make(conn: Connection, row: StaffChange, *, by: str, at: datetime) -> None:
    _MAKE[row.kind](conn, row, _details(row), at)
    _end(conn, row, "made", by=by, at=at)


def _end(conn: Connection, row: StaffChange, state: str, *, by: str, at: datetime) -> None:
    row.state, row.decided_by, row.decided_at, row.details_sealed = state, by, at, None
    db.session.flush()
    details = {"kind": row.kind, "about": _whom(row)}
    audit.record(conn, by, f"staff.change_{state}", f"staff_change:{row.id}", details, at=at)


def _invite(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    roles, language = details["roles"], details["language"]
    person = people.invite(conn, details["email"], roles, language=language, by=row.asked_by, at=at)
    row.staff_id = person.id


def _grant(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    people.change_roles(conn, _person(row), details["roles"], by=row.asked_by, at=at)


def _enable(conn: Connection, row: StaffChange, _details: Mapping[str, Any], at: datetime) -> None:
    people.enable(conn, _person(row), by=row.asked_by, at=at)


def _set_password(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    people.finish_reset(conn, _active(row), details["hash"], at=at)


def _take_totp(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    second_factor.take_totp(conn, _active(row), details["secret"], details["step"], at=at)


def _add_passkey(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    made = Made(details["name"], bytes.fromhex(details["id"]), bytes.fromhex(details["key"]), details["count"])
    if passkeys.is_known(made.credential_id):
        raise AlreadyDone()
    passkeys.add(conn, _active(row), made, at=at)


def _replace_codes(conn: Connection, row: StaffChange, details: Mapping[str, Any], at: datetime) -> None:
    second_factor.replace_codes(conn, _active(row), [bytes.fromhex(one) for one in details["hashes"]], at=at)


_MAKE: Mapping[str, Callable[[Connection, StaffChange, Mapping[str, Any], datetime], None]] = {
    "invitation": _invite, "roles": _grant, "enabled": _enable, "password": _set_password, "totp": _take_totp,
    "passkey": _add_passkey, "recovery_codes": _replace_codes,
}  # fmt: skip


def _person(row: StaffChange) -> Staff:
    assert row.staff_id is not None, "it is about somebody"
    return people.find(row.staff_id, for_change=True)


def _active(row: StaffChange) -> Staff:
    """Raises NotInThisState for a person disabled meanwhile, who gets no access."""
    person = _person(row)
    if person.state != "active":
        raise NotInThisState(state=person.state)
    return person


def _waiting(kind: str | None = None) -> Sequence[StaffChange]:
    asked = select(StaffChange).where(StaffChange.state == "waiting").order_by(StaffChange.id)
    return db.session.scalars(asked.where(StaffChange.kind == kind) if kind else asked).all()


def _lock(number: int) -> StaffChange:
    row = db.session.get(StaffChange, min(number, MAX_ID), with_for_update=True)
    if row is None:
        raise NoSuchChange()
    if row.state != "waiting":
        raise AlreadyDone()
    return row


def _details(row: StaffChange) -> dict[str, Any]:
    if row.details_sealed is None:
        return {}
    found: dict[str, Any] = json.loads(privacy.unseal(row.details_sealed, _identity(row.reference)))
    return found


def _recorded(row: StaffChange, details: Mapping[str, Any]) -> dict[str, str | list[str] | None]:
    return {"kind": row.kind, "about": _whom(row), "roles": list(details.get("roles", []))}


def _whom(row: StaffChange) -> str | None:
    """Whom it is about, as the audit log names them; None for a person who is not here yet."""
    return f"staff:{row.staff_id}" if row.staff_id is not None else None


def _identity(reference: str) -> str:
    return f"staff_change:{reference}:details"
