"""Actions of signed-in people: a write unit that ends with its audit log entry, and the person's identity. The action
itself is a verb of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from flask import flash, g
from flask_babel import gettext as _
from sqlalchemy.engine import Connection

from donations import audit, staff
from donations.database import write_unit
from donations.errors import BadSeal, DonationsError, ShownAgain
from donations.extensions import db
from donations.models import Staff
from donations.staff import refusals
from donations.web import seen, sessions
from donations.web.page import now


@dataclass(slots=True)
class Act:
    """What is being done, for the audit: `about` may be known only when it is done. `again` where the same form came
    twice: then nothing is done, and nothing recorded."""

    conn: Connection
    at: datetime
    actor: str
    staff_id: int
    about: str = ""
    again: bool = False
    details: dict[str, str | int | bool | list[str] | None] = field(default_factory=dict)


@contextmanager
def unit() -> Iterator[Connection]:
    """The write unit of a form of the team. What is refused to this person (403) is recorded. Raises ShownAgain where a
    form that came too late is only shown."""
    if g.get("is_shown_again"):
        raise ShownAgain()
    try:
        with write_unit() as conn:
            yield conn
    except DonationsError as error:
        if error.status == 403:
            with write_unit() as conn:
                refusals.note(
                    conn,
                    refusals.REFUSED,
                    of=me(),
                    place=sessions.place(),
                    about=f"rule:{type(error).__name__}",
                    at=now(),
                )
        raise


@contextmanager
def act(what: str, about: str = "", **details: str | int) -> Iterator[Act]:
    """Do `what` in one transaction and record it there. If anything is raised, nothing is done and nothing recorded.

    Raises ChangedMeanwhile where the view decides on what it shows, and that is no longer what was looked at,
    and ShownAgain where a form that came too late is only shown."""
    person = me()
    with unit() as conn:
        seen.check()
        done = Act(conn, now(), person.actor, person.id, about, details={**details})
        yield done
        db.session.flush()
        if not done.again:
            audit.record(conn, done.actor, what, done.about, done.details, at=done.at)


def say_used() -> None:
    """Tell who sends a form a second time that it was used, so that nothing is taken for recorded twice."""
    flash(_("This form has already been used. Nothing new was recorded. To record something else, open a new form."))


def me() -> Staff:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    return person


def names() -> Mapping[str, str]:
    """The names behind user numbers: the ledger and the audit log hold no names."""
    found = {}
    for person in staff.listed():
        try:
            found[person.actor] = staff.name_of(person)
        except BadSeal:
            found[person.actor] = person.actor
    return found
