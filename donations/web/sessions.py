"""The session of staff pages, and of no other: a cookie whose random key names a row of ours, or before anybody has
signed in, a signed note that holds nothing but the key of the forms. Elsewhere no cookie is read or set."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response, current_app, request
from flask import session as flask_session
from flask.sessions import NullSession, SecureCookieSessionInterface, SessionInterface, SessionMixin
from itsdangerous import BadSignature
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import CallbackDict

from donations.database import write_unit
from donations.extensions import db
from donations.models import Staff, StaffSession
from donations.offline_key import unlocks
from donations.staff import sessions, throttling
from donations.web.page import now

_OF_STAFF = re.compile(r"(?:/[a-z]{2,3}(?:-[A-Z]{2})?)?/(?:staff|treasury|campaigns)(?:/|$)")
NOTE_SECONDS = 8 * 3600
_SIGNED_IN, _NOTE = "s.", "n."


class Session(CallbackDict, SessionMixin):
    """What is kept between two requests. `row` is the session in the database, after sign-in."""

    def __init__(self, data: dict[str, Any], row: StaffSession | None = None) -> None:
        super().__init__(data, _mark_changed)
        self.row = row
        self.modified = False
        self.new_key: str | None = None
        self.is_blind = False  # The database did not answer, so the owner of this cookie is unknown: leave it alone.
        self.is_over = False
        self.key = ""  # what the cookie holds of a session that is in the database


def _mark_changed(session: Session) -> None:
    session.modified = True


class StaffSessions(SessionInterface):
    """Opens and keeps them. Flask asks it on every request."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        if not is_of_staff(request.path):
            return NullSession()
        value = request.cookies.get(cookie_name(app), "")
        if value.startswith(_SIGNED_IN):
            return _kept(value.removeprefix(_SIGNED_IN))
        return Session(_read_note(app, value.removeprefix(_NOTE)))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, Session), "the others are null"
        response.vary.add("Cookie")
        if session.is_blind:
            return
        if session.is_over:
            response.delete_cookie(cookie_name(app), **_flags(app))
        elif session.new_key:
            response.set_cookie(cookie_name(app), _SIGNED_IN + session.new_key, **_flags(app))
        elif session.row is None and session.modified:
            response.set_cookie(cookie_name(app), _NOTE + _serializer(app).dumps(dict(session)), **_flags(app))
        if session.row is not None and session.modified and not session.is_over:
            _write(session.row.id, dict(session))


def init_app(app: Flask) -> None:
    app.session_interface = StaffSessions()


def is_of_staff(path: str) -> bool:
    """Whether an address is one of those that know a session."""
    return bool(_OF_STAFF.match(path))


def cookie_name(app: Flask) -> str:
    """With the prefix that binds it to our host, where browsers take it: on https."""
    return "__Host-staff" if app.config["SETTINGS"].secure else "staff"


def current() -> StaffSession | None:
    """The session of this request, at whatever stage; None without a sign-in."""
    kept = _of_request()
    return kept.row if kept is not None else None


def number() -> int:
    """The number of the session of this request; 0 is none."""
    row = current()
    return row.id if row is not None else 0


def renew() -> None:
    """Go on under a new key, after who they are was proved once more. Call it inside a write unit."""
    kept = _of_request()
    if kept is not None and kept.row is not None:
        old, kept.new_key = cookie_key(), sessions.renew_key(db.session.merge(kept.row))
        unlocks.carry_over(db.session.connection(), kept.row.id, old, kept.new_key, at=now())


def signed_in() -> Staff | None:
    """Who asks, if they have proved it wholly."""
    row = signed_in_session()
    return row.staff if row is not None else None


def signed_in_session() -> StaffSession | None:
    """The session of who asks, if they have proved wholly who they are."""
    row = current()
    return row if row is not None and row.stage == "full" else None


def cookie_key() -> str:
    """The random key that the cookie of who asks holds, or will hold from now on; "" without a session. The database
    knows only its hash."""
    kept = _of_request()
    return (kept.new_key or kept.key) if kept is not None else ""


def begin(person: Staff, stage: str, at: datetime) -> StaffSession:
    """Begin a session under a new key; the one before it ends. Call it inside the write unit of the sign-in."""
    kept = _of_request()
    assert kept is not None, "only staff pages begin sessions"
    if kept.row is not None:
        sessions.end(db.session.merge(kept.row), at)
    row, key = sessions.begin(person, stage=stage, place=place(), browser=browser(), at=at)
    kept.clear()
    kept.update(row.data)
    kept.row, kept.new_key, kept.modified = row, key, False
    return row


def leave(at: datetime) -> None:
    """End the session of this request. Call it inside a write unit."""
    kept = _of_request()
    if kept is not None and kept.row is not None:
        sessions.end(db.session.merge(kept.row), at)
        unlocks.end(db.session.connection(), kept.row.id)
        kept.is_over = True


def note_seen(at: datetime) -> None:
    """Remember that the session was used just now, to the minute."""
    row = current()
    if row is not None and at - row.seen_at >= sessions.SEEN_EVERY:
        with write_unit():
            db.session.merge(row).seen_at = at


def place() -> bytes:
    """The keyed hash of the client's network."""
    return throttling.place_of(request.remote_addr)


def browser() -> str:
    """What the browser says it is, as far as a person would tell it apart: its family and its system."""
    said = request.headers.get("User-Agent", "")
    family = next((name for mark, name in _FAMILIES if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    return " · ".join(word for word in (family, system) if word) or "?"


_FAMILIES = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def _of_request() -> Session | None:
    kept = flask_session._get_current_object()  # type: ignore[attr-defined]
    return kept if isinstance(kept, Session) else None


def _kept(key: str) -> Session:
    try:
        row = sessions.find(key, now())
    except SQLAlchemyError:
        db.session.rollback()
        blind = Session({})
        blind.is_blind = True
        return blind
    found = Session(dict(row.data) if row else {}, row)
    found.key = key if row is not None else ""
    return found


def _write(session_id: int, data: dict[str, Any]) -> None:
    with write_unit():
        row = db.session.get(StaffSession, session_id)
        if row is not None:
            row.data = data


def _read_note(app: Flask, value: str) -> dict[str, Any]:
    try:
        said = _serializer(app).loads(value, max_age=NOTE_SECONDS)
    except BadSignature:
        return {}
    return said if isinstance(said, dict) else {}


def _serializer(app: Flask) -> Any:
    made = SecureCookieSessionInterface().get_signing_serializer(app)
    assert made is not None, "there is a secret key"
    return made


def _flags(app: Flask) -> dict[str, Any]:
    return {"path": "/", "secure": current_app.config["SETTINGS"].secure, "httponly": True, "samesite": "Strict"}
