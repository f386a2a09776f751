"""How an event comes in: kept under its own id and handled, in one transaction, before anybody is answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, bindparam
from sqlalchemy.engine import Connection

from donations import alarms, privacy
from donations.database import bare_write_unit, begin_savepoint, is_sqlite, pipelined
from donations.inbox.handlers import identity, is_for_us, not_ours, told, try_to_handle
from donations.models import StripeEvent
from donations.prepared import Prepared, upsert
from donations.stripe_gateway import Event

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Arrival:
    """An event on its way in: sealed before anybody holds a lock, and what became of it. `not_ours`: why it is not one
    of our account that tells what happened, if it is not."""

    event: Event
    sealed: bytes
    email_hash: bytes
    not_ours: str | None
    state: str
    at: datetime
    outcome: str = ""
    failed: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


def receive(event: Event, raw: bytes, *, at: datetime) -> str:
    """Keep an event and handle it, in one transaction. Returns what became of it: handled, ignored, due (kept, to be
    tried again) or duplicate. Raises only if it could not be kept."""
    because = not_ours(event)
    state = _first_state(event, because)
    email_hash = privacy.lookup_hash(event.email, "event email") if event.email else b""
    arrival = _Arrival(event, privacy.seal(raw.decode(), identity(event.id)), email_hash, because, state, at)
    if is_sqlite():
        _desk.bring(arrival)
    else:
        _keep_batch([arrival])
    if arrival.failed is not None:
        raise arrival.failed
    return arrival.outcome


class _Desk:
    """Group commit for SQLite, whose writers take turns: while one arrival is being committed the next ones queue, and
    the first of them commits all the others with it. Each is still handled in a savepoint of its own, and no one is
    answered before the COMMIT."""

    def __init__(self) -> None:
        self._queue: list[_Arrival] = []
        self._guard = threading.Lock()
        self._turn = threading.Lock()

    def bring(self, arrival: _Arrival) -> None:
        with self._guard:
            self._queue.append(arrival)
        with self._turn:
            if not arrival.done.is_set():
                with self._guard:
                    batch, self._queue = self._queue, []
                _keep_batch(batch)


_desk = _Desk()


def _keep_batch(arrivals: list[_Arrival]) -> None:
    """Keep and handle events in one transaction; if that cannot be committed, each is kept alone."""
    try:
        with bare_write_unit() as conn:
            for arrival in arrivals:
                arrival.outcome = _keep_and_handle(conn, arrival, is_last=len(arrivals) == 1)
    except Exception as error:
        # The COMMIT itself failed: everything was rolled back, the events with it.
        log.exception("%d events could not be committed", len(arrivals))
        for arrival in arrivals:
            _keep_alone(arrival, error)
    for arrival in arrivals:
        arrival.done.set()


def _keep_and_handle(conn: Connection, arrival: _Arrival, *, is_last: bool) -> str:
    if not (_keep(conn, arrival) if is_sqlite() else _keep_piped(conn, arrival)):
        return "duplicate"
    if arrival.state == "handled":
        return try_to_handle(conn, arrival.event, at=arrival.at, attempts=0, is_last=is_last)
    _tell_of_others(conn, arrival)
    return arrival.state


def _tell_of_others(conn: Connection, arrival: _Arrival) -> None:
    """Events of another account mean that Stripe is set up differently from here: the administrators are told once a
    day. Those of the other mode are told by their count (counts.py); one that only names its thing means no harm."""
    event = arrival.event
    if event.account is not None and event.is_snapshot:
        about = {"id": event.id, "type": event.type, "account": event.account}
        kind = alarms.Kind.OTHER_ACCOUNT
        alarms.sound(conn, f"event {arrival.not_ours}", kind, about, at=arrival.at, daily=True)


def _payload_until(event_type: str, at: datetime) -> date:
    until = privacy.unpaid_event_until if event_type in privacy.UNPAID_EVENTS else privacy.event_data_until
    return until(at.date())


def _keep_alone(arrival: _Arrival, error: Exception) -> None:
    try:
        with bare_write_unit() as conn:
            arrival.state = "due"
            arrival.outcome = "due" if _keep(conn, arrival, error) else "duplicate"
    except Exception as failure:
        arrival.failed = failure


def _first_state(event: Event, because: str | None) -> str:
    """What an event is kept as, before anything is tried; `because`: why it is not ours, if it is not."""
    if because is not None and event.is_snapshot:
        log.error("event %s is %s: kept and ignored", event.id, because)
    if not is_for_us(event):
        return "ignored"
    # Another API version may shape the object otherwise: the worker fetches it again in our shape.
    return "handled" if event.same_shape else "due"


def _keep_piped(conn: Connection, arrival: _Arrival) -> bool:
    """On PostgreSQL: BEGIN, the event and the savepoint of its handling in one round trip."""
    will_handle = arrival.state == "handled"
    with pipelined(conn):
        return _keep(conn, arrival, meanwhile=(lambda: begin_savepoint(conn)) if will_handle else None)


def _keep(
    conn: Connection,
    arrival: _Arrival,
    error: Exception | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> bool:
    """Store the event under its id. False if it was there already."""
    event, state, at = arrival.event, arrival.state, arrival.at
    said = {
        "id": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "created_at": event.created_at,
        "received_at": at,
        "payload_sealed": arrival.sealed,
        "payload_until": _payload_until(event.type, at),
        "email_hash": arrival.email_hash,
        "state": state,
        "attempts": 0 if error is None else 1,
        "next_attempt_at": at if state == "due" else None,
        "last_error": arrival.not_ours if error is None else told(error),
        "handled_at": at if state in ("handled", "ignored") else None,
    }
    return _INSERT.first(conn, said, meanwhile=meanwhile) is not None


_event: Table = StripeEvent.__table__  # type: ignore[assignment]
_KEPT_COLUMNS = (
    "id", "type", "api_version", "created_at", "received_at", "payload_sealed", "payload_until", "email_hash", "state",
    "attempts",
    "next_attempt_at", "last_error", "handled_at",
)  # fmt: skip


def _insert(dialect: str) -> Any:
    statement = upsert(dialect, _event).values({name: bindparam(name) for name in _KEPT_COLUMNS})
    return statement.on_conflict_do_nothing(index_elements=["id"]).returning(_event.c.id)


_INSERT = Prepared(_insert)
