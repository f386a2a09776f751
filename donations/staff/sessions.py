"""Sessions: which browsers are signed in as whom, since when, and until when. A session is known by the hash of its
key, so that a reader of the table cannot take one over."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from donations.extensions import db
from donations.models import Staff, StaffSession
from donations.models.base import new_id

IDLE = timedelta(minutes=30)
AT_MOST = timedelta(hours=8)
FIRST_STAGE = timedelta(minutes=10)  # how long the second factor is waited for
FRESH = timedelta(minutes=5)
SEEN_EVERY = timedelta(minutes=1)  # A look at a page writes no more often than that.
REMEMBERED_FORMS = timedelta(days=1)  # how long a form is kept for the person it was shown to
REMEMBERED = timedelta(days=90)  # how long an ended session tells from where its person comes


def begin(person: Staff, *, stage: str, place: bytes, browser: str, at: datetime) -> tuple[StaffSession, str]:
    """A new session, and the key that its cookie holds."""
    key = secrets.token_urlsafe(32)
    session = StaffSession(
        id=new_id(), key_hash=_hash(key), staff_id=person.id, staff=person, stage=stage, made_at=at, seen_at=at,
        fresh_at=at if stage == "full" else None, address_hash=place, browser=browser,
        data={"csrf_token": secrets.token_hex(20)},
    )  # fmt: skip
    old = StaffSession.made_at < at - REMEMBERED
    db.session.execute(delete(StaffSession).where(StaffSession.staff_id == person.id, old))
    db.session.add(session)
    db.session.flush()
    return session, key


def find(key: str, at: datetime) -> StaffSession | None:
    """The session of a cookie's key, if it lives."""
    session = db.session.scalar(select(StaffSession).where(StaffSession.key_hash == _hash(key)))
    return session if session is not None and lives(session, at) else None


def lives(session: StaffSession, at: datetime) -> bool:
    """Whether it was not ended, is not too old, was used lately, and its person may still sign in."""
    most = AT_MOST if session.stage == "full" else FIRST_STAGE
    in_time = at < session.made_at + most and at < session.seen_at + IDLE
    return session.ended_at is None and in_time and session.staff.state == "active"


def is_fresh(session: StaffSession, at: datetime) -> bool:
    """Whether who they are was proved in the last minutes."""
    return session.fresh_at is not None and at < session.fresh_at + FRESH


def refresh(session_id: int, at: datetime) -> None:
    """Who they are was proved once more."""
    db.session.execute(update(StaffSession).where(StaffSession.id == session_id).values(fresh_at=at))


def renew_key(session: StaffSession) -> str:
    """Another key for the same session: the one before opens nothing."""
    key = secrets.token_urlsafe(32)
    session.key_hash = _hash(key)
    return key


def living(person: Staff, at: datetime) -> list[StaffSession]:
    """The person's sessions that live, the one used last first."""
    of_person = (StaffSession.staff_id == person.id, StaffSession.ended_at.is_(None))
    found = db.session.scalars(select(StaffSession).where(*of_person).order_by(StaffSession.seen_at.desc()))
    return [session for session in found if lives(session, at)]


def all_living(at: datetime) -> Sequence[StaffSession]:
    """Everybody's, for an admin."""
    asked = select(StaffSession).where(StaffSession.ended_at.is_(None), StaffSession.seen_at > at - IDLE)
    return [each for each in db.session.scalars(asked.order_by(StaffSession.seen_at.desc())) if lives(each, at)]


def end(session: StaffSession, at: datetime) -> None:
    session.ended_at = session.ended_at or at


def end_all(person: Staff, at: datetime, *, but: int | None = None) -> None:
    ended = (StaffSession.staff_id == person.id, StaffSession.ended_at.is_(None), StaffSession.id != (but or 0))
    db.session.execute(update(StaffSession).where(*ended).values(ended_at=at))


def staff_of_token(token: str, at: datetime) -> int | None:
    """To whom a form with this token was shown, in a session of the last day, ended or not."""
    rows = db.session.execute(
        select(StaffSession.staff_id, StaffSession.data).where(StaffSession.made_at > at - REMEMBERED_FORMS)
    )
    return next((staff_id for staff_id, data in rows if data.get("csrf_token") == token), None)


def is_known_place(person: Staff, place: bytes) -> bool:
    """Whether the person has signed in, wholly, from this network before."""
    known = (StaffSession.staff_id == person.id, StaffSession.address_hash == place, StaffSession.stage == "full")
    return db.session.scalar(select(StaffSession.id).where(*known).limit(1)) is not None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()  # The key is random: it needs no slow hash.
