"""Throttling of guesses: after some failures each further one costs a longer wait, counted for the account, for the
network, and for both together. One person cannot lock another out for good: a wait is a quarter of an hour at most, a
network from which the person has signed in before waits only for its own failures, and a mailed link ends the wait for
the password. Failures of the second factor stay counted: access to a person's mail gives no fresh guesses at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, update
from sqlalchemy.engine import Connection

from donations import counters, networks, privacy
from donations.errors import TryLater
from donations.models import Staff, Throttle
from donations.staff import sessions

FREE = {"account": 5, "place": 20, "both": 5, "second": 5, "request": 5, "reset": 2, "present": 5}
LONGEST = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


def place_of(address: str | None) -> bytes:
    """A keyed hash of the network an address is in."""
    return privacy.lookup_hash(networks.prefix_of(address), "staff place")


def count_sign_in(conn: Connection, email: str, person: Staff | None, place: bytes, at: datetime) -> None:
    """Count an attempt before it is looked at, so that many at once are not free. Raises TryLater if it must wait."""
    kinds = ["place", "both"]
    if person is None or not sessions.is_known_place(person, place):
        kinds.append("account")
    _count(conn, {_key(kind, email, place): kind for kind in kinds}, at)


def count_second(conn: Connection, person: Staff, at: datetime) -> None:
    """The same for the second factor, and for what is asked of a person who is signed in."""
    _count(conn, {_key("second", person.fs_uniquifier): "second"}, at)


def count_present(conn: Connection, person: Staff, at: datetime) -> None:
    """The same for the present password, asked of a signed-in person. Counted apart: knowing it must not give fresh
    guesses at the second factor."""
    _count(conn, {_key("present", person.fs_uniquifier): "present"}, at)


def succeed_present(conn: Connection, person: Staff) -> None:
    conn.execute(delete(_throttle).where(_throttle.c.key_hash == _key("present", person.fs_uniquifier)))


def count_reset(conn: Connection, person: Staff, at: datetime) -> None:
    """The same for a new password by a mailed link, by account: each is a new guess at what the mailbox opens."""
    _count(conn, {_key("reset", person.fs_uniquifier): "reset"}, at)


def count_request(conn: Connection, place: bytes, at: datetime) -> None:
    """The same for a link to be mailed, by network alone: its recipient is never revealed."""
    _count(conn, {_key("request", "", place): "request"}, at)


def succeed(conn: Connection, email: str, place: bytes) -> None:
    """The password was right: what was counted for the account is forgotten, for the network this attempt only."""
    keys = [_key("account", email, place), _key("both", email, place)]
    conn.execute(delete(_throttle).where(_throttle.c.key_hash.in_(keys)))
    less = update(_throttle).where(_throttle.c.key_hash == _key("place", email, place), _throttle.c.failures > 0)
    conn.execute(less.values(failures=_throttle.c.failures - 1))


def succeed_second(conn: Connection, person: Staff) -> None:
    conn.execute(delete(_throttle).where(_throttle.c.key_hash == _key("second", person.fs_uniquifier)))


def release_password(conn: Connection, email: str) -> None:
    """Forget what was counted of an account's password: it is another one now."""
    conn.execute(delete(_throttle).where(_throttle.c.key_hash == _key("account", email)))


def _count(conn: Connection, kinds: Mapping[bytes, str], at: datetime) -> None:
    conn.execute(delete(_throttle).where(_throttle.c.failed_at < at - FORGOTTEN_AFTER))
    known = counters.locked(conn, kinds, at=at)
    wait = max(row.wait_until for row in known) - at
    if wait > timedelta():
        # Not counted: who keeps trying while they must wait does not make anybody wait longer.
        raise TryLater(seconds=-(-wait // timedelta(seconds=1)))
    for row in known:
        values = {"failures": row.failures + 1, "failed_at": at}
        values["wait_until"] = at + _wait(row.failures + 1 - FREE[kinds[row.key_hash]])
        conn.execute(update(_throttle).where(_throttle.c.key_hash == row.key_hash).values(values))


def _wait(too_many: int) -> timedelta:
    """2, 4, 8 ... seconds, a quarter of an hour at most."""
    return min(timedelta(seconds=2 ** min(too_many, 12)), LONGEST) if too_many > 0 else timedelta()


def _key(kind: str, who: str, place: bytes = b"") -> bytes:
    """What is counted: some kinds by who is meant, some by the network it comes from, one by both."""
    of_who = dict.fromkeys(("account", "second", "reset", "present"), who)
    said = {**of_who, "both": f"{place.hex()} {who}"}.get(kind, place.hex())
    return privacy.lookup_hash(said, f"staff brake {kind}")


_throttle: Table = Throttle.__table__  # type: ignore[assignment]
