"""The queue of events that wait for the worker or for a person: lease them, try again, put off, replay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.engine import Connection

from donations import privacy, stripe_gateway
from donations.data_keys.offline import is_sealed_offline
from donations.database import write_unit
from donations.extensions import db
from donations.inbox.handlers import CHARGE_CHANGES, fail, finish, identity, is_for_us, try_to_handle
from donations.installation.clocks import CLOCKS_DIFFER, FURTHEST_AHEAD
from donations.models import StripeEvent
from donations.stripe_gateway import Event

LEASE = timedelta(minutes=2)
# What an event is about, by the family of its type, where that can be fetched again.
_FETCHED = {"charge": "charge", "refund": "refund", "charge.dispute": "dispute", "payout": "payout"}


def handle_due(event_id: str, *, at: datetime) -> str:
    """Try a kept event again. Returns its state after that; `gone` if someone else has handled it meanwhile. What was
    ignored and is replayed is ignored again, unless it is for us by now."""
    event = reread(event_id, at=at)
    with write_unit() as conn:
        return handle_reread(conn, event_id, event, at=at)


def handle_reread(conn: Connection, event_id: str, event: Event | None, *, at: datetime) -> str:
    """Handle a due event in the caller's write unit, its content read before. Returns its state after that."""
    row = conn.execute(_LOCK_DUE, {"event_id": event_id}).first()
    if row is None:
        return "gone"
    if event is None:
        return fail(conn, event_id, row.attempts, ValueError("its content has expired"), at=at)
    if not is_for_us(event):
        return finish(conn, event_id, "ignored", at=at)
    state = try_to_handle(conn, event, at=at, attempts=row.attempts)
    return finish(conn, event_id, state, at=at) if state == "handled" else state


def anything_due(*, at: datetime) -> bool:
    """Whether an event waits for the worker; a plain read."""
    return db.session.execute(_DUE, _looked_for(at, 1)).first() is not None


def put_off(event_id: str, error: Exception, *, at: datetime) -> None:
    """Count a try that failed before anything could be written: Stripe did not answer, a key is missing."""
    with write_unit() as conn:
        row = conn.execute(_LOCK_DUE, {"event_id": event_id}).first()
        if row is not None:
            fail(conn, event_id, row.attempts, error, at=at)


def lease_due(conn: Connection, *, at: datetime, most: int) -> list[str]:
    """Take up to `most` due events for this worker, oldest first. Returns their ids."""
    ids = list(conn.execute(_DUE.with_for_update(skip_locked=True), _looked_for(at, most)).scalars())
    if ids:
        conn.execute(_LEASE, [{"event_id": event_id, "until": at + LEASE} for event_id in ids])
    return ids


def replay(conn: Connection, event_id: str, *, at: datetime) -> bool:
    """Make an event due now, whatever its state was, with its tries counted from nothing. False if there is none.
    Raises OfflineKeyLocked for one that was sealed once it was handled."""
    sealed = conn.execute(_PAYLOAD, {"event_id": event_id}).scalar()
    if sealed is not None and is_sealed_offline(sealed):
        opened = privacy.seal(privacy.unseal(sealed, identity(event_id)), identity(event_id))
        conn.execute(
            update(_event).where(_event.c.id == event_id).values(payload_sealed=opened, under_offline_key=False)
        )
    return conn.execute(_REPLAY, {"event_id": event_id, "moment": at}).rowcount == 1


def reread(event_id: str, *, at: datetime) -> Event | None:
    """The kept event, its object fetched again if another API version shaped it. Stripe is asked before any write. What
    is fetched is as of now; only when a charge succeeded or failed is still told best by its event."""
    with write_unit() as conn:
        sealed = conn.execute(_PAYLOAD, {"event_id": event_id}).scalar()
    if sealed is None:
        return None
    event = stripe_gateway.parse_event(privacy.unseal(sealed, identity(event_id)))
    kind = _FETCHED.get(event.type.rpartition(".")[0])
    if event.same_shape or kind is None:
        return event
    fresh = stripe_gateway.retrieve(kind, str(event.object["id"]))
    as_of = event.created_at if event.type in CHARGE_CHANGES else at
    return replace(event, created_at=as_of, api_version=stripe_gateway.API_VERSION, object=fresh)


_event: Table = StripeEvent.__table__  # type: ignore[assignment]


def _looked_for(at: datetime, most: int) -> dict[str, object]:
    """What lies further ahead than it could have been put off was written by a clock that was wrong, and is due."""
    return {
        "moment": at,
        "furthest": at + FURTHEST_AHEAD,
        "leases_end": at + LEASE + CLOCKS_DIFFER,
        "most": most,
    }


_BY_ID = _event.c.id == bindparam("event_id")
_PAYLOAD = select(_event.c.payload_sealed).where(_BY_ID)
_LOCK_DUE = select(_event.c.attempts).where(_BY_ID, _event.c.state == "due").with_for_update()
_AT, _FURTHEST, _LEASES_END = (
    bindparam(name, type_=_event.c.received_at.type) for name in ("moment", "furthest", "leases_end")
)
_DUE = (
    select(_event.c.id)
    .where(
        _event.c.state == "due",
        or_(_event.c.next_attempt_at <= _AT, _event.c.next_attempt_at > _FURTHEST),
        or_(_event.c.leased_until.is_(None), _event.c.leased_until < _AT, _event.c.leased_until > _LEASES_END),
    )
    .order_by(_event.c.next_attempt_at, _event.c.id)
    .limit(bindparam("most"))
)
_LEASE = update(_event).where(_BY_ID).values(leased_until=bindparam("until"))
_REPLAY = (
    update(_event)
    .where(and_(_BY_ID, _event.c.payload_sealed.is_not(None)))
    .values(
        state="due",
        attempts=0,
        next_attempt_at=bindparam("moment"),
        leased_until=None,
        last_error=None,
        handled_at=None,
    )
)
