"""What the inbox's tests have in common: receive, look what is kept and what has moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event as listen
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from donations import inbox, stripe_gateway
from donations.extensions import db
from donations.models import StripeEvent
from tests.events import as_text, fresh, rows
from tests.factories import NOON

MOVED = ("payment", "entry", "posting", "receipt", "mail")


def receive(said: dict[str, Any], at: datetime = NOON) -> str:
    raw = as_text(said)
    return inbox.receive(stripe_gateway.parse_event(raw), raw.encode(), at=at)


def kept(said: dict[str, Any]) -> StripeEvent:
    fresh()
    return db.session.get_one(StripeEvent, said["id"])


def moved() -> dict[str, int]:
    fresh()
    return {table: rows(table) for table in MOVED}


NOTHING = dict.fromkeys(MOVED, 0)


ONE_GIFT = {"payment": 1, "entry": 1, "posting": 2, "receipt": 1, "mail": 1}


class Poison(Exception):
    """An error whose text holds what must not be kept."""


@contextmanager
def commits_fail(*turns: int) -> Iterator[list[int]]:
    """The COMMITs of these turns fail, counted from 1."""
    seen: list[int] = []

    def fail(_conn: Connection) -> None:
        seen.append(len(seen) + 1)
        if seen[-1] in turns:
            raise OperationalError("COMMIT", {}, Exception("disk full, says Maya Example"))

    listen.listen(db.engine, "commit", fail)
    try:
        yield seen
    finally:
        listen.remove(db.engine, "commit", fail)
