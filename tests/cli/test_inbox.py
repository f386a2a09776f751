"""`donations inbox`: stored events as text and for machines, and their replay with reliable exit codes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from donations import inbox, stripe_gateway
from donations.database import write_unit
from donations.inbox import handlers
from donations.models import Appeal
from tests import events
from tests.events import as_text, rows
from tests.factories import NOON, a_donation


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def receive(said: dict[str, Any], at: datetime = NOON) -> str:
    raw = as_text(said)
    inbox.receive(stripe_gateway.parse_event(raw), raw.encode(), at=at)
    return str(said["id"])


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["inbox", *words])


def fail(*_: Any) -> None:
    raise RuntimeError("Maya Example <maya@example.org>")


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setitem(handlers.HANDLERS, "charge.succeeded", fail)
    return monkeypatch


def test_an_empty_inbox_says_so(app: Flask) -> None:
    done = run(app, "list")
    assert (done.exit_code, done.output) == (0, "The inbox is empty.\n")
    assert json.loads(run(app, "list", "--json").output) == {"counts": {}, "events": []}


def test_kept_events_are_listed_newest_first_with_their_state(app: Flask, reference: str) -> None:
    first = receive(events.succeeded(reference))
    second = receive(events.event("customer.created", {"id": "cus_1"}), NOON.replace(hour=13))
    done = run(app, "list")
    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert second in lines[0]
    assert "ignored" in lines[0]
    assert first in lines[1]
    assert lines[1].startswith("2026-11-21 12:00:00  handled")
    assert lines[2] == "handled: 1  ignored: 1"


def test_the_list_for_machines(app: Flask, reference: str, poison: pytest.MonkeyPatch) -> None:
    event_id = receive(events.succeeded(reference))
    said = json.loads(run(app, "list", "--json").output)
    assert said["counts"] == {"due": 1}
    listed = said["events"][0]
    assert (listed["id"], listed["type"], listed["state"], listed["attempts"]) == (
        event_id, "charge.succeeded", "due", 1,
    )  # fmt: skip
    assert listed["last_error"].startswith("RuntimeError")
    assert "Maya" not in json.dumps(said)


def test_the_list_can_be_narrowed(app: Flask, reference: str) -> None:
    for _ in range(3):
        receive(events.succeeded(reference))
    ignored = receive(events.event("customer.created", {"id": "cus_1"}))
    assert [one["id"] for one in json.loads(run(app, "list", "--state", "ignored", "--json").output)["events"]] == [
        ignored
    ]
    said = json.loads(run(app, "list", "--most", "2", "--json").output)
    assert (len(said["events"]), said["counts"]) == (2, {"handled": 3, "ignored": 1})


def test_an_unknown_state_is_wrong_usage(app: Flask) -> None:
    assert run(app, "list", "--state", "lost").exit_code == 2


def test_a_replay_handles_again_and_books_nothing_twice(app: Flask, reference: str) -> None:
    event_id = receive(events.succeeded(reference))
    done = run(app, "replay", event_id)
    assert (done.exit_code, done.output) == (0, f"{event_id}: handled\n")
    assert (rows("entry"), rows("receipt"), rows("mail")) == (1, 1, 1)
    assert json.loads(run(app, "list", "--json").output)["counts"] == {"handled": 1}


def test_a_replay_that_fails_again_says_so(app: Flask, reference: str, poison: pytest.MonkeyPatch) -> None:
    event_id = receive(events.succeeded(reference))
    done = run(app, "replay", event_id)
    assert (done.exit_code, done.output) == (1, f"{event_id}: due\n")
    assert rows("entry") == 0


def test_all_parked_events_are_replayed_at_once(app: Flask, reference: str, poison: pytest.MonkeyPatch) -> None:
    # given two parked events and one that is only due
    parked = [receive(events.succeeded(reference)) for _ in range(2)]
    due = receive(events.succeeded(reference))
    with write_unit() as conn:
        conn.execute(text("UPDATE stripe_event SET state = 'parked' WHERE id <> :due"), {"due": due})
    # when their handler works again
    poison.undo()
    done = run(app, "replay", "--parked")
    # then those that were parked are handled
    assert done.exit_code == 0
    assert sorted(done.output.splitlines()) == sorted(f"{event_id}: handled" for event_id in parked)
    assert json.loads(run(app, "list", "--json").output)["counts"] == {"due": 1, "handled": 2}


def test_one_unknown_event_does_not_keep_the_others_from_being_replayed(app: Flask, reference: str) -> None:
    event_id = receive(events.succeeded(reference))
    done = run(app, "replay", "evt_unknown", event_id)
    assert done.exit_code == 1
    assert "evt_unknown: no such event, or its content was deleted" in done.output
    assert f"{event_id}: handled" in done.output


def test_what_is_ignored_stays_ignored(app: Flask, reference: str) -> None:
    event_id = receive({**events.succeeded(reference), "livemode": True})
    done = run(app, "replay", event_id)
    assert (done.exit_code, done.output) == (0, f"{event_id}: ignored\n")
    assert rows("payment") == 0


@pytest.mark.parametrize("words", [(), ("--parked",)])
def test_a_replay_of_nothing_is_wrong_usage(app: Flask, words: tuple[str, ...]) -> None:
    done = run(app, "replay", *words)
    assert done.exit_code == 2
    assert "Name an event" in done.output


def test_a_stripe_that_does_not_answer_is_told_and_the_event_waits(app: Flask, reference: str) -> None:
    # given two events, of which one must be fetched again, and no answer at Stripe's address
    waiting = receive({**events.succeeded(reference), "api_version": "2019-12-03"})
    event_id = receive(events.succeeded(reference))
    done = run(app, "replay", waiting, event_id)
    assert done.exit_code == 1
    assert f"{event_id}: handled" in done.output
    said = {one["id"]: one["state"] for one in json.loads(run(app, "list", "--json").output)["events"]}
    assert said == {waiting: "due", event_id: "handled"}
