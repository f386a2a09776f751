"""Events that arrive at once, of another version or mode, or to several workers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from donations import inbox, ledger
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation
from donations.worker.queues import handle_events
from tests import events
from tests.events import fresh
from tests.factories import NOON, a_donation
from tests.fixtures.outside import Stripe
from tests.inbox.steps import NOTHING, ONE_DONATION, kept, moved, receive


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
    assert moved() == {name: count * 8 for name, count in ONE_DONATION.items()}
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
    assert moved() == {name: count * 7 for name, count in ONE_DONATION.items()}


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
    # While it is leased no other worker gets it; the lease of a dead worker ends.
    assert not inbox.anything_due(at=NOON + timedelta(minutes=1))
    with write_unit() as conn:
        assert inbox.lease_due(conn, at=NOON + timedelta(minutes=1), most=50) == []
        assert inbox.lease_due(conn, at=NOON + timedelta(minutes=3), most=50) == [said["id"]]


def test_an_event_that_somebody_else_has_handled_meanwhile_is_gone(reference: str) -> None:
    said = events.succeeded(reference)
    receive(said)
    assert inbox.handle_due(said["id"], at=NOON) == "gone"
    assert moved() == ONE_DONATION


def test_an_event_of_the_other_mode_is_kept_ignored_and_said(reference: str, caplog: pytest.LogCaptureFixture) -> None:
    said = {**events.succeeded(reference), "livemode": True}
    with caplog.at_level(logging.ERROR):
        assert receive(said) == "ignored"
    assert "other mode" in caplog.text
    assert kept(said).payload_sealed is not None
    assert moved() == NOTHING
