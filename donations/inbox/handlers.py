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

from donations import giving, stripe_gateway
from donations.database import check_open, savepoint
from donations.errors import PostingStopped
from donations.facts import Thing
from donations.inbox.objects import apply_object, tell
from donations.models import StripeEvent
from donations.prepared import Prepared
from donations.stripe_gateway import Event

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 10
# The names of Stripe's own change.
CHARGE_CHANGES = frozenset({"charge.succeeded", "charge.failed", "charge.captured", "charge.expired"})
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


def is_for_us(event: Event) -> bool:
    """Whether anything is to be done about an event: it is our own, and of a type that has a handler."""
    return not_ours(event) is None and event.type in HANDLERS


def not_ours(event: Event) -> str | None:
    """Why an event is not one of our account that tells what happened, if it is not: for a person who looks."""
    if event.account is not None:
        return f"of another account: {event.account}"
    if event.livemode != current_app.config["SETTINGS"].livemode:
        return "of the other mode: " + ("live" if event.livemode else "test")
    return None if event.is_snapshot else "it names a thing and does not say how that is"


def try_to_handle(conn: Connection, event: Event, *, at: datetime, attempts: int, is_last: bool = False) -> str:
    """Handle inside a savepoint: a handler that fails leaves nothing but the event, due to be tried again. `is_last`:
    nothing else is written in this unit once it was handled. Raises TransactionLost if the event itself is no longer
    kept."""
    try:
        with savepoint(conn, is_last=is_last):
            HANDLERS[event.type](conn, event, at)
    except PostingStopped as stopped:
        check_open(conn)
        _tell_anyway(conn, event, at)
        return fail(conn, event.id, attempts, stopped, at=at, counts=False)
    except Exception as error:
        # Not the exception's own text: it may hold what must not be logged.
        log.error("event %s (%s) failed: %s", event.id, event.type, told(error))
        check_open(conn)
        return fail(conn, event.id, attempts, error, at=at)
    return "handled"


def finish(conn: Connection, event_id: str, state: str, *, at: datetime) -> str:
    """Take a due event out of the queue, handled or ignored. Returns that state."""
    _DONE.run(conn, {"event_id": event_id, "new_state": state, "moment": at})
    return state


def fail(conn: Connection, event_id: str, attempts: int, error: Exception, *, at: datetime, counts: bool = True) -> str:
    """Put an event off, or park it after its last try. One that could not be tried at all does not `count`."""
    attempts += counts
    state = "parked" if attempts >= MAX_ATTEMPTS else "due"
    pause = min(FIRST_PAUSE * 2 ** max(attempts - 1, 0), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - jitter
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


def _on_thing(conn: Connection, event: Event, at: datetime) -> None:
    apply_object(conn, _thing_of(event), at=at)


def _thing_of(event: Event) -> Thing:
    """What an event is about, as it was when the event was made."""
    family = event.type.rpartition(".")[0]
    if family == "charge":
        is_change = event.type in CHARGE_CHANGES
        return stripe_gateway.charge_of(event.object, said_at=event.created_at, is_change=is_change)
    return stripe_gateway.thing_of(_KINDS[family], event.object, said_at=event.created_at)


def _on_session(conn: Connection, event: Event, at: datetime) -> None:
    session = stripe_gateway.session_of(event.object)
    if session.reference is not None:
        failed = session.payment_failed or event.type == "checkout.session.async_payment_failed"
        giving.record_session(
            conn, session.id, session.reference, session.state, at=at, payment_failed=failed,
            awaits_payment=session.awaits_payment and not failed,
        )  # fmt: skip


def _on_intent(conn: Connection, event: Event, at: datetime) -> None:
    """It was called off. Whether it had begun, only its session and its charges tell."""
    reference = (event.object.get("metadata") or {}).get("donation")
    if isinstance(reference, str):
        giving.look_for_payment(conn, reference, at=at)


_KINDS = {
    "refund": "refund", "charge.dispute": "dispute", "radar.early_fraud_warning": "warning", "payout": "payout",
}  # fmt: skip
Handler = Callable[[Connection, Event, datetime], None]
_BY_FAMILY: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "charge": (_on_thing, ("pending", "succeeded", "failed", "captured", "expired", "updated", "refunded")),
    "checkout.session": (_on_session, ("completed", "async_payment_succeeded", "async_payment_failed", "expired")),
    "payment_intent": (_on_intent, ("canceled",)),
    "refund": (_on_thing, ("created", "updated", "failed")),
    "charge.dispute": (_on_thing, ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")),
    "radar.early_fraud_warning": (_on_thing, ("created", "updated")),
    "payout": (_on_thing, ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed")),
}
HANDLERS: dict[str, Handler] = {
    f"{family}.{what}": handler for family, (handler, all_of_it) in _BY_FAMILY.items() for what in all_of_it
}


def _tell_anyway(conn: Connection, event: Event, at: datetime) -> None:
    """Nothing is posted, but a deadline does not wait: who must know of it is told."""
    if event.type.rpartition(".")[0] in _KINDS:
        tell(conn, _thing_of(event), at=at)


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
