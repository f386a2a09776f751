"""The worker's checks of the ledger: a sound one is left alone, a grave fault stops posting until it is corrected, any
fault is an alarm; and no dispute's deadline passes without a mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from donations import inbox, stripe_gateway
from donations.database import write_unit
from donations.errors import PostingStopped
from donations.extensions import db
from donations.models import Appeal, Mail, PostingStop, StripeEvent
from donations.money import Money
from donations.worker import stripe_sync
from donations.worker.ledger_checks import check_ledger, watch_deadlines
from donations.worker.queues import handle_events
from tests import events
from tests.events import a_charge, a_transaction, as_text, deliver, fresh, hear, rows
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.settings import environ_for
from tests.ledger.stories import Payment

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TAKE_A_PENNY = "UPDATE fund_total SET raised_minor = raised_minor - 1"
GIVE_IT_BACK = "UPDATE fund_total SET raised_minor = raised_minor + 1"


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    return {**environ_for(database_url), "ALERT_EMAIL": "treasurer@example.org"}


@pytest.fixture
def charge_id(app: Flask) -> str:
    """A donation of 20.00 in the ledger."""
    charge = a_charge(begun(), gbp("20.00"))
    hear(charge)
    return charge.charge_id


def begun() -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def run(statement: str) -> None:
    with write_unit() as conn:
        assert conn.execute(text(statement)).rowcount


def receive(kind: str, about: dict[str, Any], minutes: int = 0) -> str:
    raw = as_text(events.event(kind, about, created=int(NOON.timestamp()) + 60 * minutes))
    return inbox.receive(stripe_gateway.parse_event(raw), raw.encode(), at=NOON)


def alarms() -> list[str]:
    fresh()
    kept = db.session.query(Mail).filter_by(kind="alarm").order_by(Mail.created_at)
    return [str(mail.facts["name"]) for mail in kept]


def halted() -> str | None:
    fresh()
    halt = db.session.get(PostingStop, 1)
    return None if halt is None else halt.reason


def waiting(event_id: str) -> tuple[str, int]:
    fresh()
    event = db.session.get_one(StripeEvent, event_id)
    return event.state, event.attempts


def resume(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", "resume"])


def booked() -> dict[str, int]:
    fresh()
    return {table: rows(table) for table in ("payment", "entry", "posting", "receipt")}


def test_sound_books_are_left_alone(charge_id: str) -> None:
    check_ledger(NOON)
    assert halted() is None
    assert alarms() == []


def test_a_grave_fault_stops_posting_and_is_an_alarm(charge_id: str) -> None:
    run(TAKE_A_PENNY)
    check_ledger(NOON)
    reason = halted()
    assert reason is not None
    assert reason.startswith("I10: the stored total of fund ")
    assert "is £19.99, but the ledger says £20.00" in reason
    assert alarms() == ["posting stopped"]
    mail = db.session.query(Mail).filter_by(kind="alarm").one()
    (found,) = mail.facts["about"]["findings"]  # type: ignore[index]
    assert f"{found['invariant']}: {found['said']}" == reason


def test_an_audit_that_was_tampered_with_stops_posting(charge_id: str) -> None:
    run(
        "INSERT INTO audit (id, at, actor, act, about, details, previous_sha256, sha256)"
        " VALUES (1, '2026-11-21 12:00:00', 'x', 'x', 'x', '{}', 'x', 'x')"
    )
    check_ledger(NOON)
    assert (halted() or "").startswith("I13: ")
    assert alarms() == ["posting stopped"]


def test_the_halt_remembers_its_first_cause_and_the_alarm_is_said_once_an_hour(charge_id: str) -> None:
    run(TAKE_A_PENNY)
    check_ledger(NOON)
    reason = halted()
    run(TAKE_A_PENNY)
    for minutes in (10, 20, 50):
        check_ledger(NOON + minutes * MINUTE)
    assert (halted(), alarms()) == (reason, ["posting stopped"])
    assert db.session.get_one(PostingStop, 1).since == NOON
    check_ledger(NOON + HOUR)
    assert alarms() == ["posting stopped"] * 2


def test_while_posting_is_stopped_a_webhook_is_kept_and_nothing_is_booked(charge_id: str, client: FlaskClient) -> None:
    run(TAKE_A_PENNY)
    check_ledger(NOON)
    before, said = booked(), events.succeeded(begun())
    # when an event arrives, and is tried again and again for a day
    assert deliver(client, said).status_code == 200
    assert waiting(said["id"]) == ("due", 0)
    after = db.session.get_one(StripeEvent, said["id"]).received_at
    for hours in range(1, 25):
        assert handle_events(after + hours * HOUR) == 1
    # then it waits, and has lost none of its tries
    assert waiting(said["id"]) == ("due", 0)
    assert booked() == before
    # and sent once more it is still one
    assert deliver(client, said).status_code == 200
    assert rows("stripe_event") == 1


def test_while_posting_is_stopped_no_balance_transaction_is_booked_or_forgotten(charge_id: str) -> None:
    run(TAKE_A_PENNY)
    check_ledger(NOON)
    before, fee = booked(), a_transaction(charge_id, gbp("20.00"), 50)
    for transaction in (fee, a_transaction(None, Money(-650, "GBP"), 0, type="stripe_fee", reporting_category="fee")):
        with pytest.raises(PostingStopped):
            stripe_sync.book_transaction(transaction, NOON)
    fresh()
    assert rows("balance_transaction") == 0  # so that the next listing finds it new
    assert booked() == before


def test_posting_goes_on_only_after_the_cure_and_then_handles_what_waited(
    app: Flask, charge_id: str, client: FlaskClient
) -> None:
    run(TAKE_A_PENNY)
    check_ledger(NOON)
    said = events.succeeded(begun())
    deliver(client, said)
    # refused while the ledger is not sound
    refused = resume(app)
    assert refused.exit_code == 1
    assert "Check failed (I10)" in refused.output
    assert halted() is not None
    # and after the correction the queue continues
    run(GIVE_IT_BACK)
    done = resume(app)
    assert (done.exit_code, done.output) == (0, "Posting goes on. Events to process: 1. Next: donations ledger check\n")
    assert halted() is None
    fresh()
    assert handle_events(db.session.get_one(StripeEvent, said["id"]).next_attempt_at or NOON) == 1
    assert waiting(said["id"]) == ("handled", 1)
    assert booked() == {"payment": 2, "entry": 2, "posting": 4, "receipt": 2}
    check_ledger(NOON + 2 * HOUR)
    assert (halted(), alarms()) == (None, ["posting stopped"])


def test_a_fault_that_posting_cannot_make_worse_is_only_an_alarm(charge_id: str, client: FlaskClient) -> None:
    # given a balance transaction that has no entry: I3
    hear(a_transaction(charge_id, gbp("20.00"), 50))
    run(
        "INSERT INTO balance_transaction (id, number, payment_id, source_id, type, reporting_category, balance_type,"
        " amount_minor, fee_minor, net_minor, currency, created_at, available_on)"
        " SELECT 'txn_astray', 7, payment_id, source_id, type, reporting_category, balance_type, amount_minor,"
        " fee_minor, net_minor, currency, created_at, available_on FROM balance_transaction"
    )
    check_ledger(NOON)
    assert (halted(), alarms()) == (None, ["books"])
    # and donations are posted as before
    said = events.succeeded(begun())
    assert deliver(client, said).status_code == 200
    assert waiting(said["id"])[0] == "handled"


def disputed(status: str = "needs_response") -> tuple[str, str]:
    """A donation of 30.00 that its bank holds in question, to be answered within 9000 minutes of noon."""
    with write_unit():
        gift = Payment(a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00")).reference)
    dispute_id = events.new_id("dp")
    taken = gift.listed("dispute", -3000, dispute_id, fee=2000, minutes=20)
    for said in (gift.succeeded(), gift.dispute(status, taken, dispute_id=dispute_id, what="created")):
        assert receive(*said) == "handled"
    return dispute_id, f"deadline {dispute_id}"


DEADLINE = NOON + 9000 * MINUTE


def test_a_deadline_within_three_days_is_said_once_a_day(app: Flask) -> None:
    dispute_id, name = disputed()
    already = alarms()  # that it was opened
    at = DEADLINE - 4 * DAY
    while at < DEADLINE + DAY:
        watch_deadlines(at)
        at += HOUR
    # three days before the deadline and not after it, so on four dates
    assert alarms()[len(already) :] == [name] * 4
    said = db.session.query(Mail).order_by(Mail.created_at.desc()).first()
    assert said is not None
    assert said.facts["about"] == {
        "id": dispute_id, "amount": {"minor": 3000, "currency": "GBP"}, "respond_by": {"at": DEADLINE.isoformat()},
    }  # fmt: skip


@pytest.mark.parametrize("status", ["under_review", "lost", "won"])
def test_a_dispute_that_needs_no_answer_is_not_mentioned(app: Flask, status: str) -> None:
    disputed(status)
    watch_deadlines(DEADLINE - DAY)
    assert alarms() == []
