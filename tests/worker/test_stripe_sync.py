"""What is asked of Stripe without being told: events that were lost, balance transactions, payouts and their members.
Nothing is lost where Stripe does not answer, and nothing is booked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from donations.database import write_unit
from donations.errors import PaymentServiceDown
from donations.extensions import db
from donations.models import BalanceTransaction, Donation, FundTotal, Job, Payment, Payout, Refund, StripeEvent
from donations.money import Money
from donations.worker import stripe_sync
from tests.events import a_transaction, balances, fresh, live_lines, rows
from tests.fixtures.outside import Stripe
from tests.inbox.steps import commits_fail
from tests.worker.steps import begun, sound, state

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def cursor(name: str) -> object:
    fresh()
    job = db.session.get(Job, name)
    return None if job is None else job.memory.get("cursor")


def raised() -> int:
    fresh()
    return sum(db.session.scalars(db.select(FundTotal.raised_minor)).all())


def paid(at_stripe: Stripe, at: datetime, **more: str) -> tuple[Donation, str]:
    """A donation of 20.00 with a fee of 62, paid at Stripe, of which we were not told. With its charge."""
    at_stripe.order("fees/next", fee=62)
    donation, session_id = begun(at=at)
    return donation, str(at_stripe.pay(session_id, **more)["charge"])


def sync(at: datetime) -> tuple[int, int, int]:
    return stripe_sync.catch_up(at), stripe_sync.sync_transactions(at), stripe_sync.sync_payouts(at)


WHOLE = {(1100, "ali", "GBP", None): 1938, (5000, "ali", "GBP", None): 62, (4000, "ali", "GBP", None): -2000}


def test_lost_events_are_caught_up_once(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a donation, all of whose webhooks were lost
    at_stripe.order("events/lose", times=100)
    donation, _ = paid(at_stripe, now)
    # when the worker catches up
    assert stripe_sync.catch_up(now) > 0
    assert state(donation) == ("paid", ["complete"])
    stripe_sync.sync_transactions(now)
    assert balances() == WHOLE
    # then once more changes nothing, and neither do the webhooks, late
    kept = rows("stripe_event")
    assert sync(now + MINUTE) == (0, 0, 0)
    assert set(at_stripe.bring(app.test_client())) == {200}
    fresh()
    assert {event.state for event in db.session.query(StripeEvent) if event.type.startswith("charge.")} == {"handled"}
    assert (balances(), rows("receipt"), rows("mail")) == (WHOLE, 1, 1)
    assert kept <= rows("stripe_event")  # those of other types, like product.created, are kept and ignored
    assert sound()


def test_what_was_delivered_is_not_taken_in_again(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    paid(at_stripe, now)
    at_stripe.bring(app.test_client())
    kept = rows("stripe_event")
    assert stripe_sync.catch_up(now) == 0
    assert (rows("stripe_event"), rows("payment"), rows("receipt")) == (kept, 1, 1)


def test_the_cursor_moves_and_later_only_an_overlap_is_asked_again(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    for at, since in ((now, now - stripe_sync.FIRST_LOOK_BACK), (now + HOUR, now)):
        stripe_sync.catch_up(at)
        assert cursor("events") == at.isoformat()
        asked = dict(at_stripe.look("requests?path=/v1/events")["requests"][-1]["query"])
        said = int(asked["created[gte]"])
        assert said == int((since - stripe_sync.OVERLAP).timestamp())


@pytest.mark.parametrize("mode", ["500", "429"])
def test_while_stripe_is_down_no_cursor_moves_and_nothing_is_lost(
    app: Flask, at_stripe: Stripe, now: datetime, mode: str
) -> None:
    donation, _ = paid(at_stripe, now)
    for step, path, job in (
        (stripe_sync.catch_up, "/v1/events", "events"),
        (stripe_sync.sync_transactions, "/v1/balance_transactions", "movements"),
        (stripe_sync.sync_payouts, "/v1/payouts", "payouts"),
    ):
        at_stripe.order("faults", mode=mode, times=2, path=path)
        with pytest.raises(PaymentServiceDown):
            step(now)
        at_stripe.server.http("DELETE", "/sandbox/faults")
        assert cursor(job) is None
    assert (rows("payment"), rows("entry")) == (0, 0)
    # and when it is back, all of it is there
    sync(now + MINUTE)
    assert state(donation) == ("paid", ["complete"])
    assert balances() == WHOLE
    assert cursor("events") == cursor("movements") == cursor("payouts") == (now + MINUTE).isoformat()
    assert sound()


def test_the_cursor_stays_while_an_event_cannot_be_kept(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, _ = paid(at_stripe, now)
    fresh()
    with commits_fail(1, 2), pytest.raises(Exception, match="COMMIT"):
        stripe_sync.catch_up(now)
    assert cursor("events") is None
    stripe_sync.catch_up(now)
    assert state(donation) == ("paid", ["complete"])
    assert cursor("events") == now.isoformat()
    stripe_sync.sync_transactions(now)
    assert (balances(), raised()) == (WHOLE, 2000)


def test_an_event_older_than_the_overlap_is_found_while_the_cursor_is_older(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    # given a worker that was last there two hours before the donation, and comes back an hour after it
    stripe_sync.catch_up(now - 2 * HOUR)
    donation, _ = paid(at_stripe, now)
    assert stripe_sync.catch_up(now + HOUR) > 0
    assert state(donation) == ("paid", ["complete"])


def test_a_refund_and_its_failure_are_booked_from_the_listing(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a donation, refunded in full in the dashboard; the webhook reports the refund, its money is listed late
    donation, charge_id = paid(at_stripe, now)
    sync(now)
    at_stripe.order("balance_transactions/hold")
    refund = at_stripe.order("refunds", charge=charge_id)["id"]
    at_stripe.bring(app.test_client())
    assert state(donation)[0] == "refunded"
    assert (1105, "ali", "GBP", refund) in balances()
    at_stripe.order("balance_transactions/release")
    stripe_sync.sync_transactions(now + MINUTE)
    gone = {**WHOLE, (1100, "ali", "GBP", None): -62, (4050, "ali", "GBP", None): 2000}
    assert balances() == gone
    # when it bounces, then what came back is owed to the supporter and is not raised again
    at_stripe.order(f"refunds/{refund}/become", status="failed", failure_reason="lost_or_stolen_card")
    at_stripe.bring(app.test_client())
    for later in (2, 3, 4):
        stripe_sync.sync_transactions(now + later * MINUTE)
    owed = {key: minor for key, minor in balances().items() if key[0] in (1105, 2020)}
    assert owed == {(2020, "ali", "GBP", charge_id): -2000}
    assert (rows("balance_transaction"), raised(), state(donation)[0]) == (3, 0, "refunded")
    assert sound()


def test_a_refund_that_nobody_told_of_is_booked_when_it_is_told(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    donation, charge_id = paid(at_stripe, now)
    sync(now)
    at_stripe.order("refunds", charge=charge_id, amount=500)
    # given that its balance transaction is listed before anybody tells of the refund
    stripe_sync.sync_transactions(now + MINUTE)
    # when the event comes
    assert stripe_sync.catch_up(now + MINUTE) > 0
    for later in (2, 3):
        assert stripe_sync.sync_transactions(now + later * MINUTE) == 0
    assert (state(donation)[0], raised(), rows("balance_transaction")) == ("part_refunded", 1500, 2)
    assert not [key for key in balances() if key[0] == 1105]
    assert sound()


def test_an_orphan_is_claimed_when_its_refund_is_known(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    # given a refund and its balance transaction that were written at the same time, neither seeing the other
    donation, _ = paid(at_stripe, now)
    sync(now)
    fresh()
    refund = {"id": "txn_orphan", "type": "refund", "reporting_category": "refund"}
    gone = replace(a_transaction(None, Money(-2000, "GBP"), 0, at=now, **refund), source_id="re_1")
    stripe_sync.book_transaction(gone, now)
    with write_unit():
        payment = db.session.query(Payment).one()
        said = {"amount_minor": 2000, "currency": "GBP", "status": "succeeded", "created_at": now}
        db.session.add(Refund(id="re_1", payment_id=payment.id, balance_transaction_id="txn_orphan", **said))
    assert "bt:txn_orphan" not in live_lines()
    # then the next look claims it, once
    assert [stripe_sync.sync_transactions(now + later * MINUTE) for later in (1, 2)] == [1, 0]
    assert live_lines()["bt:txn_orphan"] == [(1100, "ali", "GBP", -2000), (1105, "ali", "GBP", 2000)]
    assert (state(donation)[0], raised()) == ("refunded", 0)
    assert sound()


def test_what_stripe_books_by_itself_is_booked_once(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    for kind in ("stripe_fee", "unknown", "topup"):
        at_stripe.order("movements", kind=kind, amount=650)
    assert [stripe_sync.sync_transactions(now + later * MINUTE) for later in (0, 1, 2)] == [3, 0, 0]
    assert (rows("balance_transaction"), rows("entry")) == (3, 3)
    assert sound()


def funded(app: Flask, at_stripe: Stripe, now: datetime) -> list[str]:
    """Two donations whose money is available. Returns the balance transactions, which the ledger knows."""
    for _ in range(2):
        paid(at_stripe, now, card="pm_card_bypassPending")
    sync(now)
    fresh()
    return sorted(db.session.scalars(text("SELECT id FROM balance_transaction")))


def members(payout_id: str) -> list[str]:
    fresh()
    found = db.session.query(BalanceTransaction).filter_by(payout_id=payout_id)
    return sorted(transaction.id for transaction in found)


def test_the_members_of_a_completed_payout_are_listed_without_its_own(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    known = funded(app, at_stripe, now)
    payout_id = at_stripe.order("payouts", to="paid")["id"]
    # while it is not reconciled its list is not complete, and not asked for
    assert stripe_sync.sync_payouts(now + MINUTE) == 0
    assert (members(payout_id), db.session.get_one(Payout, payout_id).status) == ([], "paid")
    at_stripe.order(f"payouts/{payout_id}/reconcile")
    assert [stripe_sync.sync_payouts(now + later * MINUTE) for later in (2, 3)] == [1, 0]
    assert members(payout_id) == known
    payout = db.session.get_one(Payout, payout_id)
    assert (payout.members_listed, payout.reconciliation_status, payout.amount_minor) == (True, "completed", 2 * 1938)


def test_a_member_not_known_yet_is_booked_before_it_is_listed(app: Flask, at_stripe: Stripe, now: datetime) -> None:
    known = funded(app, at_stripe, now)
    at_stripe.order("movements", kind="stripe_fee", amount=20)
    payout_id = at_stripe.order("payouts", to="paid", reconcile=True)["id"]
    assert stripe_sync.sync_payouts(now + MINUTE) == 1
    assert len(members(payout_id)) == len(known) + 1
    assert sound()


def test_a_payout_that_takes_from_the_bank_has_no_list_and_holds_up_no_other(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    # given a payout over less than nothing, whose members Stripe does not list, and another after it
    at_stripe.order("movements", kind="adjustment", amount=-500)
    negative = at_stripe.order("payouts", to="paid", reconcile=True)["id"]
    known = funded(app, at_stripe, now)
    payout_id = at_stripe.order("payouts", to="paid", reconcile=True)["id"]
    stripe_sync.sync_payouts(now + MINUTE)
    assert set(members(payout_id)) <= set(known)
    assert (len(members(payout_id)), members(negative)) == (2, [])
    assert not db.session.get_one(Payout, negative).members_listed


def test_a_manual_payout_is_kept_and_its_members_are_not_asked_for(
    app: Flask, at_stripe: Stripe, now: datetime
) -> None:
    funded(app, at_stripe, now)
    payout_id = at_stripe.order("payouts", amount=1000, to="paid")["id"]
    assert stripe_sync.sync_payouts(now + MINUTE) == 0
    fresh()
    payout = db.session.get_one(Payout, payout_id)
    assert (payout.automatic, payout.members_listed, payout.status) == (False, False, "paid")
