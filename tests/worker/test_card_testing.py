"""While cards are tested the worker closes payment pages, tells of it within a minute and of its end, and a day later
what it left behind is erased."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import card_testing, ledger
from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.giving.checkouts import LIFETIME
from donations.models import Appeal, Donation, Job, Mail, Payment, StripeEvent, Subscriber
from donations.reconciliation import payments
from donations.worker import jobs
from donations.worker.card_testing import empty_unpaid, watch_cards
from donations.worker.erasure import erase_personal_data
from donations.worker.jobs import run_jobs
from donations.worker.sessions import look_at_sessions
from tests.events import a_charge, an_attempt, declined, deliver, event, fresh, hear, succeeded
from tests.factories import a_donation
from tests.fixtures.outside import MailServer, Stripe
from tests.fixtures.settings import environ_for
from tests.worker.steps import begun, open_checkout, state

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe, mail_server: MailServer) -> dict[str, str]:
    mail = {"SMTP_URL": mail_server.url, "ALERT_EMAIL": "treasurer@example.org"}
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url, **mail}


def opened(now: datetime) -> tuple[Donation, str]:
    donation, session_id = begun(at=now)
    with write_unit() as conn:
        card_testing.open_page(conn, card_testing.Visitor(card_testing.network_of("192.0.2.1")), donation.id, now)
    return donation, session_id


def try_cards(donation: Donation, times: int, now: datetime) -> None:
    for _ in range(times):
        hear(a_charge(donation.reference, donation.amount, status="failed", at=now), at=now)


def donation_of(appeal: str = "hands-off-ali", *, at: datetime) -> Donation:
    with write_unit():
        return a_donation(Appeal.any_by_slug(appeal), at=at)


def declines(times: int, at: datetime) -> None:
    for _ in range(times):
        try_cards(donation_of(at=at), 1, at)


def alarms() -> list[str]:
    fresh()
    found = db.session.scalars(select(Mail).where(Mail.kind == "alarm").order_by(Mail.id))
    return [str(mail.facts["name"]) for mail in found]


def test_after_five_declines_the_payment_page_is_closed(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = opened(now)
    try_cards(donation, 4, now)
    watch_cards(now)
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "open"
    # when a fifth card is declined
    try_cards(donation, 1, now)
    watch_cards(now)
    look_at_sessions(now)
    # then this page accepts no further card
    assert at_stripe.server.v1.checkout.sessions.retrieve(session_id).status == "expired"
    assert state(donation)[1] == ["expired"]
    # and a new page of the same donation has five tries of its own
    open_checkout(Donation.by_reference(donation.reference), now)
    watch_cards(now)
    look_at_sessions(now)
    assert state(donation)[1] == ["expired", "open"]
    try_cards(donation, 5, now)
    watch_cards(now)
    look_at_sessions(now)
    assert state(donation)[1] == ["expired", "expired"]


def test_money_that_came_before_the_page_was_closed_counts(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, session_id = opened(now)
    try_cards(donation, 5, now)
    at_stripe.pay(session_id)
    watch_cards(now)
    look_at_sessions(now)
    assert state(donation) == ("paid", ["complete"])
    assert ledger.check(db.session.connection(), now).sound


def test_the_shield_sounds_an_alarm_once_an_hour_and_tells_when_it_is_over(app: Flask, now: datetime) -> None:
    # given eight declines of twenty
    for _ in range(12):
        hear(a_charge(donation_of(at=now).reference, donation_of(at=now).amount, at=now), at=now)
    declines(8, now)
    watch_cards(now)
    assert alarms() == []
    # when there is one more
    declines(1, now + timedelta(seconds=1))
    for seconds in (2, 7, 12):
        watch_cards(now + timedelta(seconds=seconds))
    # then one alarm is sent
    assert alarms() == ["card testing"]
    # and when the last decline is an hour old, that it is over
    watch_cards(now + HOUR + MINUTE)
    watch_cards(now + HOUR + 2 * MINUTE)
    assert alarms()[-1] == "card testing over"
    assert alarms().count("card testing over") == 1
    # and the next night is told of again
    declines(9, now + 5 * HOUR)
    watch_cards(now + 5 * HOUR + MINUTE)
    watch_cards(now + 7 * HOUR)
    assert alarms().count("card testing over") == 2


def test_the_alarm_is_queued_within_a_minute(app: Flask, now: datetime) -> None:
    # given a worker that has run its jobs just now
    run_jobs(now)
    # when the declines come
    declines(9, now)
    # then its next run, at most a minute later, tells of it
    job = next(one for one in jobs.JOBS if one.run is watch_cards)
    assert job.every <= timedelta(seconds=10)
    run_jobs(now + job.every + timedelta(seconds=1))
    assert "card testing" in alarms()
    fresh()
    assert "up_since" in db.session.get_one(Job, job.name).memory


def test_what_was_typed_for_an_unpaid_donation_is_erased_after_a_day(app: Flask, now: datetime) -> None:
    # given donations that were begun a day ago: never paid, declined, paid, and one whose page is still open
    day_ago = now - timedelta(hours=24)
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        left, refused, paid, waiting, young = (
            a_donation(appeal, at=at, message_sealed=b"sealed")
            for at in (day_ago, day_ago, day_ago, day_ago, now - LIFETIME)
        )
        an_attempt(left, state="expired").params = {"metadata": "told"}
        an_attempt(waiting, state="open")
        subscribers.ask(appeal, "maya@example.org", "en", left, day_ago)
        references = [one.reference for one in (left, refused, paid, waiting, young)]
    hear(a_charge(references[1], refused.amount, status="failed", at=day_ago), at=day_ago)
    hear(a_charge(references[2], paid.amount, at=day_ago), at=day_ago)
    # when the worker comes by
    assert empty_unpaid(now) == 2
    # then of the first two nothing is left that was typed, and the others are as they were
    fresh()
    found = [Donation.by_reference(one) for one in references]
    typed = [(one.email_sealed, one.email_hash, one.message_sealed) for one in found]
    assert typed[:2] == [(None, None, None)] * 2
    assert all(all(one) for one in typed[2:])
    assert [one.emptied_at is not None for one in found] == [True, True, False, False, False]
    assert found[0].attempts[0].params == {}
    assert db.session.query(Subscriber).one().email_sealed is None
    assert empty_unpaid(now) == 0


def test_money_that_comes_for_an_emptied_donation_is_booked_all_the_same(app: Flask, now: datetime) -> None:
    donation = donation_of(at=now - timedelta(days=2))
    empty_unpaid(now)
    hear(a_charge(donation.reference, donation.amount, at=now), at=now)
    fresh()
    assert Donation.by_reference(donation.reference).state == "paid"
    assert ledger.check(db.session.connection(), now).sound


def test_an_address_that_follows_by_another_donation_stays(app: Flask, now: datetime) -> None:
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        old, new = a_donation(appeal, at=now - timedelta(days=2)), a_donation(appeal, at=now)
        subscribers.ask(appeal, "maya@example.org", "en", old, now)
        subscribers.ask(appeal, "maya@example.org", "en", new, now)
    assert empty_unpaid(now) == 1
    fresh()
    row = db.session.query(Subscriber).one()
    assert row.email_sealed is not None
    assert [one.donation_id for one in row.requests] == [new.id]


def test_events_that_told_of_no_money_lose_their_content_within_a_day(
    app: Flask, client: FlaskClient, now: datetime
) -> None:
    donation = donation_of(at=now)
    said = event("charge.failed", declined(donation.reference))
    assert deliver(client, said).status_code == 200
    paid = succeeded(donation.reference)
    assert deliver(client, paid).status_code == 200
    # when their day is over, and not before
    erase_personal_data(now + timedelta(hours=23))
    fresh()
    assert db.session.get_one(StripeEvent, said["id"]).payload_sealed is not None
    erase_personal_data(now + timedelta(hours=25))
    # then one has no content any more, the other keeps it, and neither is handled twice
    fresh()
    assert db.session.get_one(StripeEvent, said["id"]).payload_sealed is None
    assert db.session.get_one(StripeEvent, paid["id"]).payload_sealed is not None
    assert deliver(client, said).status_code == 200
    assert db.session.query(Payment).count() == 2


def test_declined_cards_do_not_fill_the_treasurers_list(app: Flask, now: datetime) -> None:
    paid = donation_of(at=now)
    hear(a_charge(paid.reference, paid.amount, at=now), at=now)
    declines(payments.PAGE_LENGTH + 1, now)
    conn = db.session.connection()
    assert [row.state for row in payments.recent(conn, 2**62)] == ["paid"]
    charge_id = db.session.scalars(select(Payment.charge_id).where(Payment.failed_at.is_not(None))).first()
    assert [row.charge_id for row in payments.search(conn, str(charge_id))] == [charge_id]
