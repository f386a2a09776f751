"""A replay handles what was parked, posts nothing twice, and is finished afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from donations import inbox
from donations.database import write_unit
from donations.worker.queues import handle_events
from tests import events
from tests.events import balances
from tests.factories import NOON
from tests.inbox.steps import NOTHING, ONE_DONATION, kept, moved, receive


def test_an_event_that_was_parked_is_healed_by_a_replay(
    reference: str, poison: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a parked event
    poison()
    said = events.succeeded(reference)
    receive(said)
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET state = 'parked', attempts = 10, next_attempt_at = NULL"))
    # when its handler works again and it is replayed
    monkeypatch.undo()
    later = NOON + timedelta(hours=1)
    with write_unit() as conn:
        assert inbox.replay(conn, said["id"], at=later)
    assert handle_events(later) == 1
    # then it is booked, and done with
    row = kept(said)
    assert (row.state, row.handled_at, row.next_attempt_at, row.last_error) == ("handled", later, None, None)
    assert moved() == ONE_DONATION
    assert not inbox.anything_due(at=later + timedelta(days=1))


def test_replaying_what_was_handled_books_nothing_twice_and_is_done_with(reference: str) -> None:
    said = events.succeeded(reference)
    receive(said)
    before = balances()
    for hours in (1, 2):
        at = NOON + timedelta(hours=hours)
        with write_unit() as conn:
            assert inbox.replay(conn, said["id"], at=at)
        assert inbox.handle_due(said["id"], at=at) == "handled"
        assert kept(said).state == "handled"
    assert moved() == ONE_DONATION
    assert balances() == before
    assert handle_events(NOON + timedelta(days=1)) == 0


def test_an_unknown_event_cannot_be_replayed(app: Flask) -> None:
    with write_unit() as conn:
        assert not inbox.replay(conn, "evt_unknown", at=NOON)


def test_an_event_whose_content_has_expired_cannot_be_replayed(reference: str) -> None:
    said = events.succeeded(reference)
    receive(said)
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET payload_sealed = NULL"))
    with write_unit() as conn:
        assert not inbox.replay(conn, said["id"], at=NOON)
    assert kept(said).state == "handled"


@pytest.mark.parametrize(
    "said",
    [
        {"type": "customer.created"},
        {"livemode": True},
    ],
    ids=["a type we do not know", "of the other mode"],
)
def test_what_was_ignored_is_ignored_again_when_it_is_replayed(reference: str, said: dict[str, Any]) -> None:
    ignored = {**events.succeeded(reference), **said}
    assert receive(ignored) == "ignored"
    with write_unit() as conn:
        assert inbox.replay(conn, ignored["id"], at=NOON)
    handle_events(NOON)
    assert kept(ignored).state == "ignored"
    assert moved() == NOTHING
