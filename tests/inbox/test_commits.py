"""A fault that shows only at the COMMIT costs no event and delays no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from donations import inbox, stripe_gateway
from donations.database import write_unit
from donations.inbox import handlers
from donations.models import Appeal
from donations.worker.queues import handle_events
from tests import events
from tests.events import fresh, rows
from tests.factories import NOON, a_donation
from tests.inbox.steps import NOTHING, ONE_DONATION, commits_fail, kept, moved, receive


def test_a_fault_that_would_show_only_at_the_commit_is_found_before(
    reference: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # given a handler that writes a posting that no entry seals
    def orphan(conn: Connection, _event: Any, _at: datetime) -> None:
        conn.execute(
            text(
                "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
                " SELECT 7, 0, 1105, id, 'GBP', 5 FROM fund WHERE slug = 'ali'"
            )
        )

    monkeypatch.setitem(handlers.HANDLERS, "charge.succeeded", orphan)
    # when its event arrives
    said = events.succeeded(reference)
    assert receive(said) == "due"
    # then it is kept by the same transaction, and the posting is not
    assert "could not be committed" not in caplog.text
    assert moved() == NOTHING
    assert kept(said).attempts == 1
    # and it heals
    monkeypatch.undo()
    assert handle_events(NOON + timedelta(minutes=1)) == 1
    assert moved() == ONE_DONATION


def test_an_event_whose_commit_fails_is_kept_alone(reference: str) -> None:
    # given a database whose next COMMIT fails
    said = events.succeeded(reference)
    fresh()
    with commits_fail(1) as seen:
        # when an event arrives, then it is kept by another
        assert receive(said) == "due"
    assert seen == [1, 2]
    assert moved() == NOTHING
    row = kept(said)
    assert (row.state, row.attempts, row.next_attempt_at) == ("due", 1, NOON)
    assert row.last_error is not None
    assert "Maya" not in row.last_error
    # and handled later, once
    assert handle_events(NOON) == 1
    assert kept(said).state == "handled"
    assert moved() == ONE_DONATION


def test_an_event_that_cannot_be_kept_at_all_is_not_answered_as_kept(reference: str) -> None:
    fresh()
    with commits_fail(1, 2), pytest.raises(OperationalError):
        receive(events.succeeded(reference))
    fresh()
    assert rows("stripe_event") == 0
    assert moved() == NOTHING


def test_a_commit_that_fails_in_the_worker_is_counted_and_holds_nobody_up(app: Flask, reference: str) -> None:
    # given two events that are due
    with write_unit():
        other = a_donation(Appeal.any_by_slug("fighting-fund")).reference
    first, second = events.succeeded(reference), events.succeeded(other)
    for said in (first, second):
        receive({**said, "api_version": stripe_gateway.API_VERSION})
    with write_unit() as conn:
        for number, said in enumerate((first, second)):
            inbox.replay(conn, said["id"], at=NOON + timedelta(seconds=number))
    at = NOON + timedelta(minutes=1)
    fresh()
    # when the COMMIT of the first fails: after the lease and the reading of its content
    with commits_fail(3):
        assert handle_events(at) == 2
    # then it waits for its next turn, and the second is done
    assert (kept(first).state, kept(first).attempts) == ("due", 1)
    assert kept(second).state == "handled"


def test_a_duplicate_that_arrives_while_its_commit_fails_is_kept_once(reference: str) -> None:
    said = events.succeeded(reference)
    fresh()
    with commits_fail(1):
        assert receive(said) == "due"
    assert receive(said) == "duplicate"
    assert rows("stripe_event") == 1
