"""I4: Stripe's balance and the ledger are compared; what differs twice is an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from donations.database import write_unit
from donations.extensions import db
from donations.models import Job, Mail
from donations.worker import stripe_sync
from donations.worker.balance import check_balance
from donations.worker.sessions import look_at_sessions
from tests.events import fresh
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.worker.steps import begun

HOUR = timedelta(hours=1)


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url, "ALERT_EMAIL": "treasurer@example.org"}


def alarms() -> list[object]:
    fresh()
    return [mail.facts["about"] for mail in db.session.query(Mail).filter_by(kind="alarm")]


def a_donation_with_its_fee(at_stripe: Stripe, now: datetime) -> None:
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    look_at_sessions(now + HOUR)
    stripe_sync.sync_transactions(now + HOUR)


def test_a_balance_that_agrees_is_remembered_and_says_nothing(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    a_donation_with_its_fee(at_stripe, now)
    for turn in (1, 2):
        check_balance(now + turn * HOUR)
    memory = db.session.get_one(Job, "balance").memory
    assert memory["differing"] == {}
    assert memory["stripe"] == memory["booked"] != {}
    assert alarms() == []


def test_what_differs_at_two_looks_is_an_alarm(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a settled donation that the ledger has as unsettled
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    look_at_sessions(now + HOUR)
    with write_unit() as conn:
        assert conn.execute(text("SELECT count(*) FROM posting WHERE account = 1100")).scalar_one() == 0
    # when Stripe is asked twice, then the second time it is an alarm
    check_balance(now + HOUR)
    assert alarms() == []
    check_balance(now + 2 * HOUR)
    differing = db.session.get_one(Job, "balance").memory["differing"]
    assert alarms() == [{"more": [{"minor": differing["GBP"], "currency": "GBP"}]}]
