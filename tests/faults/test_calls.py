"""R4 on the way of an event: whichever call to the database fails while it is received or tried again, and in whatever
way, an answer of 200 means that it is kept, and after the next try all is as if nothing had failed."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from donations import ledger, receipts
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, CheckoutAttempt, Donation, Mail, Payment, Receipt, StripeEvent
from donations.worker.queues import handle_events
from tests.events import an_attempt, charge, deliver, event, fresh, live_lines, new_id, session
from tests.factories import a_donation
from tests.faults.failures import Faults

LATER = timedelta(hours=2)
DRIVER_ERRORS = (sqlite3.Error, psycopg.Error)
pytestmark = pytest.mark.parametrize("kind", Faults.KINDS)


@dataclass(frozen=True, slots=True)
class Gift:
    """A donation whose supporter is on Stripe's page."""

    id: int
    reference: str
    session_id: str


def a_gift() -> Gift:
    with write_unit():
        donation = a_donation(Appeal.by_slug("hands-off-ali"), split={"ali": 1500, "ali-family": 500})
        attempt = an_attempt(donation, session_id=new_id("cs_test"))
        return Gift(donation.id, donation.reference, str(attempt.session_id))


def paid(gift: Gift) -> dict[str, Any]:
    return event("charge.succeeded", charge(gift.reference))


def completed(gift: Gift) -> dict[str, Any]:
    return event("checkout.session.completed", session(gift.reference, id=gift.session_id))


def of_no_interest(gift: Gift) -> dict[str, Any]:
    return event("customer.created", {"id": new_id("cus"), "metadata": {"donation": gift.reference}})


def of_the_other_mode(gift: Gift) -> dict[str, Any]:
    return event("charge.succeeded", charge(gift.reference, livemode=True), livemode=True)


def state_of(gift: Gift, said: dict[str, Any]) -> dict[str, Any]:
    """All that an event may change, without ids and times."""
    fresh()
    kept = db.session.get_one(Donation, gift.id)
    stored = db.session.get(StripeEvent, said["id"])
    acknowledged = db.session.scalars(select(Receipt).where(Receipt.donation_id == gift.id)).all()
    attempts = select(CheckoutAttempt.state).where(CheckoutAttempt.donation_id == gift.id)
    payments = select(Payment.amount_minor).where(Payment.donation_id == gift.id)
    mails = select(Mail.state).where(Mail.receipt_id.in_([receipt.id for receipt in acknowledged]))
    return {
        "event": stored and stored.state,
        "donation": (kept.state, kept.counted_in is not None, kept.settled_at is not None),
        "attempts": db.session.scalars(attempts).all(),
        "payments": db.session.scalars(payments).all(),
        "entries": sorted(live_lines(kept).values()),
        "receipts": [(receipt.state, receipt.amount_minor) for receipt in acknowledged],
        "mails": db.session.scalars(mails).all(),
    }


def check_ledger() -> None:
    assert ledger.check(db.session.connection(), datetime.now(UTC)).findings == ()


@pytest.mark.parametrize("what", [paid, completed, of_no_interest, of_the_other_mode], ids=lambda what: what.__name__)
def test_whichever_call_fails_while_an_event_is_received_the_next_try_makes_it_good(
    failing_app: Flask, faults: Faults, kind: str, what: Callable[[Gift], dict[str, Any]]
) -> None:
    # given what becomes of an event when nothing fails
    client = failing_app.test_client()
    undisturbed = a_gift()
    said = what(undisturbed)
    assert deliver(client, said).status_code == 200
    expected = state_of(undisturbed, said)

    for fatal in itertools.count(1):
        # when one call fails, and the event is delivered until it is answered well, and the worker has looked at it
        gift = a_gift()
        said = what(gift)
        faults.arm(fatal, kind)
        first = deliver(client, said)
        faults.disarm()
        fresh()
        answered_well = first.status_code == 200
        assert not answered_well or db.session.get(StripeEvent, said["id"]) is not None, f"call {fatal}: lost"
        for _ in range(2):
            assert answered_well or deliver(client, said).status_code == 200, f"call {fatal}"
            answered_well = True
        handle_events(datetime.now(UTC) + LATER)

        # then all is as it was then
        assert state_of(gift, said) == expected, f"call {fatal}"
        if not faults.struck:
            break
    assert fatal > 3
    check_ledger()


def test_whichever_call_fails_while_the_worker_tries_an_event_again_the_next_try_makes_it_good(
    failing_app: Flask, faults: Faults, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given what becomes of an event that was due and is handled by the worker
    client = failing_app.test_client()
    at = datetime.now(UTC)

    def due() -> tuple[Gift, dict[str, Any]]:
        gift = a_gift()
        said = paid(gift)
        with monkeypatch.context() as broken:
            broken.setattr(receipts.issuance, "issue", lambda *_, **__: 1 / 0)
            assert deliver(client, said).get_json() == {"due": True}
        return gift, said

    gift, said = due()
    assert handle_events(at + LATER) == 1
    expected = state_of(gift, said)
    assert expected["event"] == "handled"

    for fatal in itertools.count(1):
        # when one call fails, and the worker looks again later
        gift, said = due()
        at += LATER
        faults.arm(fatal, kind)
        with suppress(SQLAlchemyError, *DRIVER_ERRORS):  # The worker's loop logs it and continues.
            handle_events(at + LATER)
        db.session.remove()
        faults.disarm()
        at += LATER
        handle_events(at + LATER)

        # then all is as it was then
        assert state_of(gift, said) == expected, f"call {fatal}"
        if not faults.struck:
            break
    assert fatal > 8
    check_ledger()


def test_a_group_of_events_that_cannot_be_committed_is_kept_one_by_one(
    failing_app: Flask, faults: Faults, kind: str
) -> None:
    # given an event whose keeping fails at the COMMIT, the last call of all
    client = failing_app.test_client()
    gift = a_gift()
    rehearsed = paid(a_gift())
    faults.arm(10_000, kind)
    deliver(client, rehearsed)
    calls = faults.calls
    said = paid(gift)

    # when
    faults.arm(calls, kind)
    answer = deliver(client, said)
    faults.disarm()

    # then it is kept, and nothing of it twice
    assert answer.status_code == 200
    handle_events(datetime.now(UTC) + LATER)
    fresh()
    assert db.session.get_one(StripeEvent, said["id"]).state == "handled"
    assert len(db.session.scalars(select(Receipt.id).where(Receipt.donation_id == gift.id)).all()) == 1
    check_ledger()
