"""What Stripe did not report is asked for: the state of sessions, and new fees."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import giving
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, PostingStop
from donations.web.supporters import checkout
from donations.worker import jobs, work
from donations.worker.sessions import expire_checkouts, look_at_sessions
from tests.events import balances, rows
from tests.fixtures.outside import Stripe
from tests.worker.steps import begun, sound, state

MINUTE = timedelta(minutes=1)


def test_a_lost_webhook_heals_by_looking(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a donation that was paid, without any event
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    assert look_at_sessions(now + timedelta(minutes=29)) == 0
    assert state(donation) == ("pending", ["open"])
    # when nothing was heard for half an hour
    assert look_at_sessions(now + timedelta(minutes=30)) == 1
    # then it is asked for, and everything follows
    assert state(donation) == ("paid", ["complete"])
    assert (rows("receipt"), rows("mail")) == (1, 1)
    assert sound()
    # and what the webhook says later changes nothing
    before = balances()
    at_stripe.bring(app.test_client())
    assert balances() == before
    assert look_at_sessions(now + timedelta(days=1)) == 0


def test_a_supporter_who_comes_back_is_looked_after_at_once(
    app: Flask, client: FlaskClient, at_stripe: Stripe, now: datetime
) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    with app.test_request_context():
        checkout.look_now(Donation.by_reference(donation.reference), now)
    assert look_at_sessions(now) == 1
    assert state(donation) == ("paid", ["complete"])


def test_while_posting_is_stopped_the_jobs_still_run(
    app: Flask, at_stripe: Stripe, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    # given a donation that was paid while posting is stopped
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    with write_unit():
        db.session.add(PostingStop(id=1, since=now, reason="test"))
    # when the worker takes its turn
    done = work(now + timedelta(minutes=30))
    # then nothing is booked, and the periodic jobs have run all the same
    assert rows("entry") == 0
    assert done >= len(jobs.JOBS)
    assert "look_at_sessions fails" in caplog.text


@pytest.mark.databases("sqlite")
def test_a_session_still_open_is_looked_at_again_later(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, _ = begun(at=now)
    at = now + timedelta(minutes=30)
    assert look_at_sessions(at) == 1
    assert state(donation) == ("pending", ["open"])
    assert look_at_sessions(at + timedelta(minutes=29)) == 0
    assert look_at_sessions(at + timedelta(minutes=30)) == 1


@pytest.mark.databases("sqlite")
def test_a_declined_card_is_learnt_by_looking_too(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id, "pm_card_visa_chargeDeclined")
    look_at_sessions(now + timedelta(minutes=30))
    assert giving.outcome_of(Donation.by_reference(donation.reference), now).kind == "declined"


@pytest.mark.databases("sqlite")
def test_an_expired_session_is_learnt_by_looking(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.order(f"sessions/{session_id}/expire")
    look_at_sessions(now + timedelta(minutes=30))
    assert state(donation) == ("abandoned", ["expired"])


@pytest.mark.databases("sqlite")
def test_while_stripe_is_down_sessions_are_looked_at_a_minute_later(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at = now + timedelta(minutes=30)
    at_stripe.order("faults", mode="500", times=2, path="/v1/checkout")
    assert look_at_sessions(at) == 1
    assert state(donation) == ("pending", ["open"])
    assert look_at_sessions(at + MINUTE) == 1
    assert state(donation) == ("paid", ["complete"])


def test_a_late_balance_transaction_is_listed_and_booked_once(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a donation whose fee is not known yet
    at_stripe.order("balance_transactions/hold")
    at_stripe.order("fees/next", fee=62)
    _, session_id = begun(at=now)
    charge_id = at_stripe.pay(session_id)["charge"]
    at_stripe.bring(app.test_client())
    jobs.sync_transactions(now)
    assert balances() == {(1105, "ali", "GBP", charge_id): 2000, (4000, "ali", "GBP", None): -2000}
    # when Stripe knows it, and its webhook is lost
    at_stripe.order("balance_transactions/release")
    for _ in range(3):
        jobs.sync_transactions(now + MINUTE)
    # then it is booked once
    assert balances() == {
        (1100, "ali", "GBP", None): 1938,
        (5000, "ali", "GBP", None): 62,
        (4000, "ali", "GBP", None): -2000,
    }
    assert (rows("balance_transaction"), rows("entry")) == (1, 2)
    assert sound()


@pytest.mark.databases("sqlite")
def test_stripe_is_not_asked_for_movements_when_none_is_missing(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at_stripe.bring(app.test_client())
    jobs.sync_transactions(now)
    asked = len(at_stripe.requests("/v1/balance_transactions"))
    assert asked == 1
    jobs.sync_transactions(now)
    assert len(at_stripe.requests("/v1/balance_transactions")) == asked


@pytest.mark.databases("sqlite")
def test_more_movements_than_a_page_holds_are_all_booked(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given 105 charges, of which one is ours
    for _ in range(104):
        at_stripe.server.paid(500)
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    at_stripe.bring(app.test_client(), "charge.succeeded")
    jobs.sync_transactions(now)
    assert rows("balance_transaction") == 105
    assert sound()


def test_closing_an_appeal_expires_its_open_checkouts(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given two supporters at Stripe's page, of different appeals
    ours, session_id = begun(at=now)
    other, other_session = begun("fighting-fund", at=now)
    expire_checkouts(now)
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "open"
    # when one appeal is closed
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    expire_checkouts(now)
    look_at_sessions(now)
    # then it can no longer be paid
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert at_stripe.server.v1.checkout.sessions.retrieve(other_session).status == "open"
    assert state(ours) == ("abandoned", ["expired"])
    assert state(other) == ("pending", ["open"])


def test_what_was_paid_just_before_the_close_is_booked(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = begun(at=now)
    at_stripe.pay(session_id)
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    expire_checkouts(now)  # Stripe refuses: the session is complete.
    look_at_sessions(now)
    assert state(donation) == ("paid", ["complete"])
    assert sound()
