"""The attempts at Checkout for a donation: found again while they are good, numbered again when they are not, and
brought up to date by reports of their sessions, in whatever order."""

from __future__ import annotations

import threading
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from donations import giving
from donations.database import write_unit
from donations.errors import PaymentOnItsWay, PaymentReceived
from donations.extensions import db
from donations.giving.checkouts import LIFETIME
from donations.models import Appeal, CheckoutAttempt, Donation
from tests.events import a_charge, an_attempt, fresh, hear, new_id, wait_for_a_lock
from tests.factories import NOON, a_donation, gbp


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def attempt(reference: str, at: datetime = NOON, **params: Any) -> CheckoutAttempt:
    with write_unit():
        return giving.attempt_for(Donation.by_reference(reference), params, at)


def opened(found: CheckoutAttempt, expires_at: datetime = NOON + timedelta(hours=24)) -> str:
    session_id = new_id("cs_test")
    with write_unit():
        giving.attempt_opened(found.id, session_id, expires_at)
    return session_id


def stands(session_id: str, reference: str, state: str) -> bool:
    with write_unit() as conn:
        return giving.record_session(conn, session_id, reference, state, at=NOON)


def states(reference: str) -> tuple[str, list[str]]:
    fresh()
    donation = Donation.by_reference(reference)
    return donation.state, [one.state for one in donation.attempts]


def test_the_first_attempt_has_a_key_made_of_our_reference(reference: str) -> None:
    found = attempt(reference, mode="payment")
    assert (found.number, found.state, found.session_id) == (1, "starting", None)
    assert found.idempotency_key == f"donation-{reference}-checkout-1"
    assert found.params == {"mode": "payment"}
    assert found.expires_at == NOON + LIFETIME


def test_an_attempt_that_was_never_answered_is_tried_again_with_the_same_key_and_words(reference: str) -> None:
    first = attempt(reference, product="prod_1")
    again = attempt(reference, NOON + timedelta(minutes=1), product="prod_2")
    assert (again.id, again.idempotency_key) == (first.id, first.idempotency_key)
    assert again.params == {"product": "prod_1"}


def test_an_open_attempt_is_gone_on_with(reference: str) -> None:
    first = attempt(reference)
    opened(first)
    again = attempt(reference, NOON + timedelta(hours=23))
    assert again.id == first.id
    assert again.session_id is not None


def test_after_an_attempt_has_expired_the_next_has_another_number_and_key(reference: str) -> None:
    session_id = opened(attempt(reference))
    stands(session_id, reference, "expired")
    second = attempt(reference)
    assert (second.number, second.idempotency_key) == (2, f"donation-{reference}-checkout-2")


def test_while_a_completed_session_may_still_be_paid_no_other_is_begun(reference: str) -> None:
    session_id = opened(attempt(reference))
    stands(session_id, reference, "complete")
    with pytest.raises(PaymentOnItsWay):
        attempt(reference)
    assert states(reference) == ("processing", ["complete"])


def test_while_a_bank_has_a_payment_no_other_is_begun_also_where_its_session_is_not_known_to_be_complete(
    reference: str,
) -> None:
    opened(attempt(reference))
    hear(a_charge(reference, gbp("20.00"), status="pending"))
    with pytest.raises(PaymentOnItsWay):
        attempt(reference)


def test_what_was_paid_is_not_paid_again(reference: str) -> None:
    opened(attempt(reference))
    hear(a_charge(reference, gbp("20.00")))
    with pytest.raises(PaymentReceived):
        attempt(reference)


def test_once_its_payment_is_known_to_have_failed_another_attempt_is_begun(reference: str) -> None:
    session_id = opened(attempt(reference))
    with write_unit() as conn:
        giving.record_session(conn, session_id, reference, "complete", at=NOON, payment_failed=True)
    assert attempt(reference).number == 2
    assert states(reference) == ("pending", ["complete", "starting"])


def test_an_attempt_that_was_never_answered_is_not_relied_on_past_its_time(reference: str) -> None:
    # Stripe keeps a key for a day: a later try with it could make a second session. The first one was never shown.
    attempt(reference)
    assert attempt(reference, NOON + LIFETIME).number == 2


def test_past_its_time_only_stripe_can_say_that_an_open_session_was_not_paid(reference: str) -> None:
    later = NOON + timedelta(hours=41)
    session_id = opened(attempt(reference), expires_at=NOON + timedelta(hours=24))
    # given that nothing was heard of its end, no other one is begun
    assert attempt(reference, later).number == 1
    fresh()
    donation = Donation.by_reference(reference)
    assert giving.overdue_sessions(donation, NOON + timedelta(hours=23)) == []
    assert giving.overdue_sessions(donation, later) == [session_id]
    # when Stripe has reported that it expired
    stands(session_id, reference, "expired")
    # then the next one is
    assert attempt(reference, later).number == 2


@pytest.mark.parametrize("state", ["abandoned", "failed"])
def test_who_tries_again_is_waited_for_again(reference: str, state: str) -> None:
    session_id = opened(attempt(reference))
    if state == "failed":
        hear(a_charge(reference, gbp("20.00"), status="failed"))
    stands(session_id, reference, "expired")
    assert states(reference) == (state, ["expired"])
    attempt(reference)
    assert states(reference) == ("pending", ["expired", "starting"])


def test_a_session_of_which_the_answer_was_lost_is_known_by_its_event(reference: str) -> None:
    attempt(reference)
    assert stands("cs_test_lost", reference, "complete")
    fresh()
    kept = Donation.by_reference(reference).attempts[0]
    assert (kept.state, kept.session_id, kept.look_at) == ("complete", "cs_test_lost", None)


@pytest.mark.parametrize("final", ["complete", "expired"])
@pytest.mark.parametrize("late", ["open", "complete", "expired"])
def test_what_has_ended_stays_ended(reference: str, final: str, late: str) -> None:
    session_id = opened(attempt(reference))
    stands(session_id, reference, final)
    stands(session_id, reference, late)
    assert states(reference)[1] == [final]


def test_a_late_answer_does_not_open_again_what_has_ended_meanwhile(app: Flask, reference: str) -> None:
    # given two clicks of which each waits for Stripe's answer about the same attempt
    ours = attempt(reference)
    sessions: list[str] = []

    # when the other one is answered and paid before ours is, and another thread hears of it
    def pay() -> None:
        with app.app_context():
            sessions.append(opened(attempt(reference)))
            stands(sessions[0], reference, "complete")
            db.session.remove()

    thread = threading.Thread(target=Context().run, args=(pay,))
    thread.start()
    thread.join(10)
    with write_unit():
        giving.attempt_opened(ours.id, sessions[0], NOON + timedelta(hours=24))
    # then it stays complete
    assert states(reference) == ("processing", ["complete"])


@pytest.mark.databases("postgresql")
def test_two_clicks_at_once_share_one_attempt(app: Flask, reference: str) -> None:
    # given an attempt that is written and not yet committed
    answers: list[int] = []
    failures: list[BaseException] = []

    def second() -> None:
        with app.app_context():
            try:
                answers.append(attempt(reference).number)
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    thread = threading.Thread(target=Context().run, args=(second,))
    with write_unit() as conn:
        giving.attempt_for(Donation.by_reference(reference), {}, NOON)
        # when a second click arrives on another connection, and waits for the first
        thread.start()
        wait_for_a_lock(conn, failures)
    thread.join(10)
    # then it finds the first one's attempt
    assert (answers, failures) == ([1], [])
    assert states(reference) == ("pending", ["starting"])


def test_one_sessions_end_does_not_end_another(reference: str) -> None:
    first = opened(attempt(reference))
    stands(first, reference, "expired")
    opened(attempt(reference))
    stands(first, reference, "complete")
    assert states(reference) == ("pending", ["expired", "open"])


def test_a_session_of_somebody_elses_donation_changes_nothing(reference: str) -> None:
    opened(attempt(reference))
    assert not stands("cs_test_foreign", "no-such-reference", "complete")
    assert stands("cs_test_foreign", reference, "complete")
    assert states(reference) == ("pending", ["open"])


def test_an_open_session_is_looked_at_soon_but_not_over_and_over(app: Flask, reference: str) -> None:
    opened(attempt(reference))

    def look(at: datetime) -> bool:
        with write_unit():
            return giving.look_soon(Donation.by_reference(reference), at)

    assert look(NOON)
    assert not look(NOON + timedelta(seconds=1))
    fresh()
    assert Donation.by_reference(reference).attempts[0].look_at == NOON


def test_who_reloads_just_after_a_look_is_shown_what_was_found_and_later_asks_again(app: Flask, reference: str) -> None:
    # given a session that was looked at, as the worker does, which puts off the next look
    opened(attempt(reference))
    with write_unit():
        Donation.by_reference(reference).attempts[0].look_at = NOON + timedelta(seconds=60) + giving.LOOK_AFTER

    def look(after_seconds: int) -> bool:
        with write_unit():
            return giving.look_soon(Donation.by_reference(reference), NOON + timedelta(seconds=after_seconds))

    # when its supporter reloads the page, then only what is older is asked again
    assert [look(61), look(69), look(71), look(72)] == [False, False, True, False]


@pytest.mark.parametrize("state", ["starting", "complete", "expired"])
def test_a_session_that_is_not_open_is_not_looked_at(app: Flask, reference: str, state: str) -> None:
    with write_unit():
        donation = Donation.by_reference(reference)
        an_attempt(donation, state=state)
        assert not giving.look_soon(donation, NOON)
