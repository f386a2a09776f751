"""What the inbox's tests have in common: receive, look what is kept and what has moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from sqlalchemy import event as listen
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from donations import database, inbox, stripe_gateway
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


ONE_DONATION = {"payment": 1, "entry": 1, "posting": 2, "receipt": 1, "mail": 1}


class Poison(Exception):
    """An error whose text holds what must not be kept."""


@contextmanager
def commits_fail(*turns: int) -> Iterator[list[int]]:
    """The COMMITs of these turns fail, counted from 1: those that SQLAlchemy makes, and those sent with the checks."""
    seen: list[int] = []
    sent_early: list[bool] = []

    def take_turn() -> None:
        seen.append(len(seen) + 1)
        if seen[-1] in turns:
            raise OperationalError("COMMIT", {}, Exception("disk full, says Maya Example"))

    def fail(_conn: Connection) -> None:
        if sent_early:
            sent_early.pop()  # SQLAlchemy only takes note of it.
        else:
            take_turn()

    def fail_early(raw: Any) -> None:
        try:
            take_turn()
        except OperationalError:
            raw.execute("ROLLBACK")  # As the server does with what it cannot commit.
            raise
        raw.execute("COMMIT")
        sent_early.append(True)

    listen.listen(db.engine, "commit", fail)
    try:
        with patch.object(database, "_send_commit", fail_early):
            yield seen
    finally:
        listen.remove(db.engine, "commit", fail)
