"""Stripe's events: kept once under their own id, handled once, and what failed is kept and tried again. An event that
fails never takes the others with it, and is never lost: at worst it is parked for a person to look at."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.engine import Connection

from donations import facts, giving, privacy, stripe_gateway
from donations.database import savepoint, write_unit
from donations.extensions import db
from donations.models import StripeEvent
from donations.prepared import Prepared, upsert
from donations.stripe_gateway import Event

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 10
LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


def receive(event: Event, raw: bytes, *, at: datetime) -> str:
    """Keep an event and handle it, in one transaction. Gives what became of it: handled, ignored, due (kept, to be
    tried again) or duplicate. Raises only if it could not be kept."""
    state = _first_state(event)
    try:
        with write_unit() as conn:
            if not _keep(conn, event, raw, state, at=at):
                return "duplicate"
            if state == "handled":
                state = _try_to_handle(conn, event, at=at, attempts=0)
        return state
    except Exception as error:
        # The COMMIT itself failed: everything was rolled back, the event with it. Keep it alone.
        log.exception("event %s could not be committed", event.id)
        with write_unit() as conn:
            if not _keep(conn, event, raw, "due", at=at, error=error):
                return "duplicate"
        return "due"


def handle_due(event_id: str, *, at: datetime) -> str:
    """Try a kept event again. Gives its state after that; `gone` if somebody else has handled it meanwhile."""
    event = _reread(event_id)
    with write_unit() as conn:
        row = conn.execute(_LOCK_DUE, {"event_id": event_id}).first()
        if row is None:
            return "gone"
        if event is None:
            state = _fail(conn, event_id, row.attempts, ValueError("its content has expired"), at=at)
        else:
            state = _try_to_handle(conn, event, at=at, attempts=row.attempts)
    return state


def anything_due(*, at: datetime) -> bool:
    """Whether an event waits for the worker; a plain read."""
    return db.session.execute(_DUE, {"moment": at, "most": 1}).first() is not None


def put_off(event_id: str, error: Exception, *, at: datetime) -> None:
    """Count a try that failed before anything could be written: Stripe did not answer, a key is missing."""
    with write_unit() as conn:
        row = conn.execute(_LOCK_DUE, {"event_id": event_id}).first()
        if row is not None:
            _fail(conn, event_id, row.attempts, error, at=at)


def lease_due(conn: Connection, *, at: datetime, most: int) -> list[str]:
    """Take up to `most` due events for this worker, oldest first. Gives their ids."""
    ids = list(conn.execute(_DUE.with_for_update(skip_locked=True), {"moment": at, "most": most}).scalars())
    if ids:
        conn.execute(_LEASE, [{"event_id": event_id, "until": at + LEASE} for event_id in ids])
    return ids


def replay(conn: Connection, event_id: str, *, at: datetime) -> bool:
    """Make an event due now, whatever its state was, with its tries counted from nothing. False if there is none."""
    return conn.execute(_REPLAY, {"event_id": event_id, "moment": at}).rowcount == 1


def _first_state(event: Event) -> str:
    """What an event is kept as, before anything is tried."""
    settings = current_app.config["SETTINGS"]
    if event.livemode != settings.livemode:
        log.error("event %s is of the other mode (livemode %s): kept and ignored", event.id, event.livemode)
        return "ignored"
    if event.type not in _HANDLERS:
        return "ignored"
    # Another API version may shape the object otherwise: the worker fetches it anew in our shape.
    return "handled" if event.same_shape else "due"


def _keep(
    conn: Connection, event: Event, raw: bytes, state: str, *, at: datetime, error: Exception | None = None
) -> bool:
    """Store the event under its id. False if it was there already."""
    said = {
        "id": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "created_at": event.created_at,
        "received_at": at,
        "payload_sealed": privacy.seal(raw.decode(), _identity(event.id)),
        "payload_until": privacy.event_data_until(at.date()),
        "state": state,
        "attempts": 0 if error is None else 1,
        "next_attempt_at": at if state == "due" else None,
        "last_error": None if error is None else _told(error),
        "handled_at": at if state in ("handled", "ignored") else None,
    }
    return _INSERT.first(conn, said) is not None


def _try_to_handle(conn: Connection, event: Event, *, at: datetime, attempts: int) -> str:
    """Handle inside a savepoint: a handler that fails leaves nothing but the event, due to be tried again."""
    try:
        with savepoint(conn):
            _HANDLERS[event.type](conn, event, at)
    except Exception as error:
        log.exception("event %s (%s) failed", event.id, event.type)
        return _fail(conn, event.id, attempts, error, at=at)
    if attempts or not event.same_shape:
        conn.execute(_DONE, {"event_id": event.id, "moment": at})
    return "handled"


def _fail(conn: Connection, event_id: str, attempts: int, error: Exception, *, at: datetime) -> str:
    attempts += 1
    state = "parked" if attempts >= MOST_ATTEMPTS else "due"
    pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - jitter
    conn.execute(
        _FAILED,
        {
            "event_id": event_id,
            "new_state": state,
            "new_attempts": attempts,
            "new_next": at + pause if state == "due" else None,
            "new_error": _told(error),
        },
    )
    return state


def _told(error: Exception) -> str:
    """The kind of error and its place in our code; not its text, which may hold what must not be kept in the clear."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None and "donations" in place.tb_next.tb_frame.f_code.co_filename:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}"


def _reread(event_id: str) -> Event | None:
    """The kept event, its object fetched anew if another API version shaped it. Stripe is asked before any write."""
    with write_unit() as conn:
        sealed = conn.execute(_PAYLOAD, {"event_id": event_id}).scalar()
    if sealed is None:
        return None
    event = stripe_gateway.parse_event(privacy.unseal(sealed, _identity(event_id)))
    if event.same_shape or not event.type.startswith("charge."):
        return event
    fresh = stripe_gateway.retrieve_charge(str(event.object["id"]))
    return Event(event.id, event.type, event.created_at, stripe_gateway.API_VERSION, event.livemode, fresh)


def _on_charge(conn: Connection, event: Event, at: datetime) -> None:
    known = facts.record_charge(conn, stripe_gateway.charge_of(event.object), at=at)
    giving.settle(conn, known, at=at)


def _on_session(conn: Connection, event: Event, at: datetime) -> None:
    session = stripe_gateway.session_of(event.object)
    if session.reference is not None:
        giving.record_session(conn, session.id, session.reference, session.state, at=at)


_HANDLERS: Mapping[str, Callable[[Connection, Event, datetime], None]] = {
    "charge.pending": _on_charge,
    "charge.succeeded": _on_charge,
    "charge.failed": _on_charge,
    "charge.updated": _on_charge,
    "checkout.session.completed": _on_session,
    "checkout.session.async_payment_succeeded": _on_session,
    "checkout.session.async_payment_failed": _on_session,
    "checkout.session.expired": _on_session,
}
HANDLED_TYPES = tuple(_HANDLERS)


def _identity(event_id: str) -> str:
    return f"event:{event_id}:payload"


_event: Table = StripeEvent.__table__  # type: ignore[assignment]
_BY_ID = _event.c.id == bindparam("event_id")
_PAYLOAD = select(_event.c.payload_sealed).where(_BY_ID)
_LOCK_DUE = select(_event.c.attempts).where(_BY_ID, _event.c.state == "due").with_for_update()
_DUE = (
    select(_event.c.id)
    .where(
        _event.c.state == "due",
        _event.c.next_attempt_at <= bindparam("moment", type_=_event.c.received_at.type),
        or_(
            _event.c.leased_until.is_(None),
            _event.c.leased_until < bindparam("moment", type_=_event.c.received_at.type),
        ),
    )
    .order_by(_event.c.next_attempt_at, _event.c.id)
    .limit(bindparam("most"))
)
_LEASE = update(_event).where(_BY_ID).values(leased_until=bindparam("until"))
_DONE = (
    update(_event)
    .where(_BY_ID)
    .values(
        state="handled",
        attempts=_event.c.attempts + 1,
        handled_at=bindparam("moment"),
        next_attempt_at=None,
        leased_until=None,
        last_error=None,
    )
)
_FAILED = (
    update(_event)
    .where(_BY_ID)
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("new_attempts"),
        next_attempt_at=bindparam("new_next"),
        last_error=bindparam("new_error"),
        leased_until=None,
        handled_at=None,
    )
)
_REPLAY = (
    update(_event)
    .where(and_(_BY_ID, _event.c.payload_sealed.is_not(None)))
    .values(
        state="due", attempts=0, next_attempt_at=bindparam("moment"), leased_until=None, last_error=None, handled_at=None
    )
)


_KEPT_COLUMNS = (
    "id", "type", "api_version", "created_at", "received_at", "payload_sealed", "payload_until", "state", "attempts",
    "next_attempt_at", "last_error", "handled_at",
)  # fmt: skip


def _insert(dialect: str) -> Any:
    statement = upsert(dialect, _event).values({name: bindparam(name) for name in _KEPT_COLUMNS})
    return statement.on_conflict_do_nothing(index_elements=["id"]).returning(_event.c.id)


_INSERT = Prepared(_insert)
