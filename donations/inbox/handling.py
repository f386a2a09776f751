"""What an event means: its type's handler, run inside a savepoint. A handler that fails leaves the event due to be
tried again, and at last parked for a person; never half of its work."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import Table, bindparam, update
from sqlalchemy.engine import Connection

from donations import facts, giving, stripe_gateway
from donations.database import check_open, savepoint
from donations.models import StripeEvent
from donations.prepared import Prepared
from donations.stripe_gateway import Event

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


def is_for_us(event: Event) -> bool:
    """Whether anything is to be done about an event: it is of our mode, and of a type that has a handler."""
    return event.livemode == current_app.config["SETTINGS"].livemode and event.type in HANDLERS


def try_to_handle(conn: Connection, event: Event, *, at: datetime, attempts: int) -> str:
    """Handle inside a savepoint: a handler that fails leaves nothing but the event, due to be tried again. Raises
    TransactionLost if the event itself is no longer kept."""
    try:
        with savepoint(conn):
            HANDLERS[event.type](conn, event, at)
    except Exception as error:
        log.exception("event %s (%s) failed", event.id, event.type)
        check_open(conn)
        return fail(conn, event.id, attempts, error, at=at)
    return "handled"


def finish(conn: Connection, event_id: str, state: str, *, at: datetime) -> str:
    """Take a due event out of the queue, handled or ignored. Gives that state."""
    _DONE.run(conn, {"event_id": event_id, "new_state": state, "moment": at})
    return state


def fail(conn: Connection, event_id: str, attempts: int, error: Exception, *, at: datetime) -> str:
    attempts += 1
    state = "parked" if attempts >= MOST_ATTEMPTS else "due"
    pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - jitter
    _FAILED.run(
        conn,
        {
            "event_id": event_id,
            "new_state": state,
            "new_attempts": attempts,
            "new_next": at + pause if state == "due" else None,
            "new_error": told(error),
        },
    )
    return state


def told(error: Exception) -> str:
    """The kind of error and its place in our code; not its text, which may hold what must not be kept in the clear."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None and "donations" in place.tb_next.tb_frame.f_code.co_filename:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{where}"


def _on_charge(conn: Connection, event: Event, at: datetime) -> None:
    known = facts.record_charge(conn, stripe_gateway.charge_of(event.object), at=at)
    giving.settle(conn, known, at=at)


def _on_session(conn: Connection, event: Event, at: datetime) -> None:
    session = stripe_gateway.session_of(event.object)
    if session.reference is not None:
        giving.record_session(conn, session.id, session.reference, session.state, at=at)


HANDLERS: dict[str, Callable[[Connection, Event, datetime], None]] = {
    "charge.pending": _on_charge,
    "charge.succeeded": _on_charge,
    "charge.failed": _on_charge,
    "charge.updated": _on_charge,
    "checkout.session.completed": _on_session,
    "checkout.session.async_payment_succeeded": _on_session,
    "checkout.session.async_payment_failed": _on_session,
    "checkout.session.expired": _on_session,
}


def identity(event_id: str) -> str:
    return f"event:{event_id}:payload"


_event: Table = StripeEvent.__table__  # type: ignore[assignment]
_BY_ID = _event.c.id == bindparam("event_id")
_DONE = Prepared(
    update(_event)
    .where(_BY_ID)
    .values(
        state=bindparam("new_state"),
        attempts=_event.c.attempts + 1,
        handled_at=bindparam("moment"),
        next_attempt_at=None,
        leased_until=None,
        last_error=None,
    )
)
_FAILED = Prepared(
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
