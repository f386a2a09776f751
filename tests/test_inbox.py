"""Stripe's events: kept once, handled once or not at all, tried again with patience, parked in the end, and healed by a
replay. A poison event takes no other with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as listen
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from donations import inbox, ledger, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.inbox import handling
from donations.models import Appeal, Donation, StripeEvent
from donations.worker.queues import handle_events
from tests import events
from tests.events import as_text, balances, fresh, rows
from tests.factories import NOON, a_donation
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for

MOVED = ("payment", "entry", "posting", "receipt", "mail")


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


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


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the handler of a type do its work and then fail, until the test's own end."""

    def spoil(type: str = "charge.succeeded") -> None:
        handle = handling.HANDLERS[type]

        def fail(conn: Connection, event: Any, at: datetime) -> None:
            handle(conn, event, at)
            raise Poison("Maya Example <maya@example.org> gave 20.00")

        monkeypatch.setitem(handling.HANDLERS, type, fail)

    return spoil


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


def test_an_event_is_handled_as_it_is_kept(reference: str) -> None:
    said = events.succeeded(reference)
    assert receive(said) == "handled"
    assert moved() == ONE_GIFT
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
    assert moved() == ONE_GIFT
    assert kept(bad).state == "due"


def test_an_event_that_was_parked_is_healed_by_a_replay(
    reference: str, poison: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a parked event
    poison()
    said = events.succeeded(reference)
    receive(said)
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET state = 'parked', attempts = 10, next_attempt_at = NULL"))
    # when its handler is mended and it is replayed
    monkeypatch.undo()
    later = NOON + timedelta(hours=1)
    with write_unit() as conn:
        assert inbox.replay(conn, said["id"], at=later)
    assert handle_events(later) == 1
    # then it is booked, and done with
    row = kept(said)
    assert (row.state, row.handled_at, row.next_attempt_at, row.last_error) == ("handled", later, None, None)
    assert moved() == ONE_GIFT
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
    assert moved() == ONE_GIFT
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

    monkeypatch.setitem(handling.HANDLERS, "charge.succeeded", orphan)
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
    assert moved() == ONE_GIFT


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
    assert moved() == ONE_GIFT


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


def test_events_that_arrive_at_once_are_each_handled_once(app: Flask) -> None:
    # given eight donations and an event of each, and each event twice
    with write_unit():
        references = [a_donation(Appeal.any_by_slug("hands-off-ali")).reference for _ in range(8)]
    said = [events.succeeded(reference) for reference in references] * 2
    outcomes: list[str] = []
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(said))

    def bring(one: dict[str, Any]) -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                outcomes.append(receive(one))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    # when they all arrive at once
    threads = [threading.Thread(target=Context().run, args=(bring, one)) for one in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # then each is handled once
    assert failures == []
    assert sorted(outcomes) == ["duplicate"] * 8 + ["handled"] * 8
    assert moved() == {name: count * 8 for name, count in ONE_GIFT.items()}
    assert ledger.check(db.session.connection(), NOON).findings == ()


def test_a_poison_event_among_those_that_arrive_at_once_takes_none_with_it(
    app: Flask, reference: str, poison: Callable[..., None]
) -> None:
    # given a poison event and seven good ones
    with write_unit():
        references = [a_donation(Appeal.any_by_slug("hands-off-ali")).reference for _ in range(7)]
    poison("charge.updated")
    bad = events.event("charge.updated", events.charge(reference))
    said = [bad, *(events.succeeded(one) for one in references)]
    outcomes: dict[str, str] = {}
    barrier = threading.Barrier(len(said))

    def bring(one: dict[str, Any]) -> None:
        with app.app_context():
            barrier.wait(10)
            outcomes[one["id"]] = receive(one)
            db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(bring, one)) for one in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes.pop(bad["id"]) == "due"
    assert set(outcomes.values()) == {"handled"}
    assert moved() == {name: count * 7 for name, count in ONE_GIFT.items()}


def test_an_event_of_another_api_version_is_fetched_anew_in_our_shape(
    app: Flask, reference: str, at_stripe: Stripe
) -> None:
    # given a charge at Stripe, and an event that tells of it in another version's shape
    session = at_stripe.server.session(2000, payment_intent_data={"metadata": {"donation": reference}})
    charge_id = at_stripe.pay(session.id)["charge"]
    said = events.event("charge.succeeded", {"id": charge_id, "sum": "in words"}, api_version="2019-12-03")
    # when it arrives, it is kept and waits
    assert receive(said) == "due"
    assert moved() == NOTHING
    # and the worker asks Stripe
    assert handle_events(NOON) == 1
    row = kept(said)
    assert (row.state, row.next_attempt_at, row.handled_at) == ("handled", None, NOON)
    assert [entry["path"] for entry in at_stripe.requests("/v1/charges/")] == [f"/v1/charges/{charge_id}"]
    fresh()
    assert Donation.by_reference(reference).state == "paid"
    # then it is done with
    assert handle_events(NOON + timedelta(days=1)) == 0


def test_an_event_of_another_api_version_waits_while_stripe_does_not_answer(reference: str, at_stripe: Stripe) -> None:
    at_stripe.order("faults", mode="500", times=2, path="/v1/charges")
    session = at_stripe.server.session(2000, payment_intent_data={"metadata": {"donation": reference}})
    charge_id = at_stripe.pay(session.id)["charge"]
    said = events.event("charge.succeeded", {"id": charge_id}, api_version=None)
    receive(said)
    assert handle_events(NOON) == 1
    row = kept(said)
    assert (row.state, row.attempts) == ("due", 1)
    assert row.last_error is not None
    assert row.last_error.startswith("PaymentServiceDown")
    assert handle_events(NOON + timedelta(minutes=1)) == 1
    assert kept(said).state == "handled"


def test_two_workers_do_not_take_the_same_event(reference: str) -> None:
    said = events.succeeded(reference)
    receive(said)
    with write_unit() as conn:
        inbox.replay(conn, said["id"], at=NOON)
    with write_unit() as conn:
        assert inbox.lease_due(conn, at=NOON, most=50) == [said["id"]]
    # While it is leased nobody else gets it; a worker that died gives it back.
    assert not inbox.anything_due(at=NOON + timedelta(minutes=1))
    with write_unit() as conn:
        assert inbox.lease_due(conn, at=NOON + timedelta(minutes=1), most=50) == []
        assert inbox.lease_due(conn, at=NOON + timedelta(minutes=3), most=50) == [said["id"]]


def test_an_event_that_somebody_else_has_handled_meanwhile_is_gone(reference: str) -> None:
    said = events.succeeded(reference)
    receive(said)
    assert inbox.handle_due(said["id"], at=NOON) == "gone"
    assert moved() == ONE_GIFT


def test_an_event_of_the_other_mode_is_kept_ignored_and_said(reference: str, caplog: pytest.LogCaptureFixture) -> None:
    said = {**events.succeeded(reference), "livemode": True}
    with caplog.at_level(logging.ERROR):
        assert receive(said) == "ignored"
    assert "other mode" in caplog.text
    assert kept(said).payload_sealed is not None
    assert moved() == NOTHING
