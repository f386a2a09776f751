"""An event that fails is kept without its half-done work, tried again with patience, and parked at last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation
from donations.worker.queues import handle_events
from tests import events
from tests.events import fresh
from tests.factories import NOON, a_donation
from tests.inbox.steps import NOTHING, ONE_DONATION, kept, moved, receive


def test_an_event_is_handled_as_it_is_kept(reference: str) -> None:
    said = events.succeeded(reference)
    assert receive(said) == "handled"
    assert moved() == ONE_DONATION
    row = kept(said)
    assert (row.state, row.attempts, row.type, row.last_error) == ("handled", 0, "charge.succeeded", None)
    assert (row.received_at, row.handled_at, row.next_attempt_at) == (NOON, NOON, None)


def test_a_poison_event_is_kept_and_nothing_of_its_work(reference: str, poison: Callable[..., None]) -> None:
    poison()
    said = events.succeeded(reference)
    assert receive(said) == "due"
    assert moved() == NOTHING
    fresh()
    assert Donation.by_reference(reference).state == "pending"
    assert db.session.execute(text("SELECT count(*) FROM fund_total")).scalar_one() == 0
    row = kept(said)
    assert (row.state, row.attempts, row.handled_at) == ("due", 1, None)
    assert row.next_attempt_at is not None
    assert NOON < row.next_attempt_at <= NOON + timedelta(seconds=5)


def test_what_is_kept_of_an_error_is_its_kind_and_place_only(reference: str, poison: Callable[..., None]) -> None:
    poison()
    said = events.succeeded(reference)
    receive(said)
    error = kept(said).last_error
    assert error is not None
    assert error.startswith("Poison")
    assert "Maya" not in error
    assert "maya@" not in error


def test_a_poison_event_is_tried_again_with_patience_and_parked_at_last(
    reference: str, poison: Callable[..., None]
) -> None:
    # given a poison event and a good one behind it
    poison()
    said = events.succeeded(reference)
    receive(said)
    # when the worker tries again whenever it is due
    pauses: list[timedelta] = []
    for attempt in range(2, 11):
        row = kept(said)
        assert (row.state, row.attempts) == ("due", attempt - 1)
        assert row.next_attempt_at is not None
        at = row.next_attempt_at
        assert handle_events(at - timedelta(milliseconds=1)) == 0  # not before
        assert handle_events(at) == 1
        after = kept(said)
        pauses.append(after.next_attempt_at - at if after.next_attempt_at else timedelta(0))
    # then it is parked for a person after ten tries, and not tried any more
    row = kept(said)
    assert (row.state, row.attempts, row.next_attempt_at) == ("parked", 10, None)
    assert handle_events(NOON + timedelta(days=30)) == 0
    assert moved() == NOTHING
    # and the pauses had grown: 5 s doubled each time, shortened by at most a half
    for number, pause in enumerate(pauses[:-1], start=1):
        full = timedelta(seconds=5 * 2**number)
        assert full / 2 <= pause <= full


def test_a_poison_event_does_not_hold_up_the_others(app: Flask, reference: str, poison: Callable[..., None]) -> None:
    with write_unit():
        other = a_donation(Appeal.any_by_slug("fighting-fund")).reference
    poison("charge.updated")
    bad = events.event("charge.updated", events.charge(reference))
    assert receive(bad) == "due"
    assert receive(events.succeeded(other)) == "handled"
    assert moved() == ONE_DONATION
    assert kept(bad).state == "due"
