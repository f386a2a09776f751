"""The state of a donation by its facts, line by line of the table, and the outcome on its own page."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from donations import giving
from donations.database import write_unit
from donations.giving import DonationFacts, Outcome, PaymentProgress, progress_of, state_of
from donations.models import Appeal, Donation
from donations.models.donation import STATES
from tests.events import a_charge, an_attempt, fresh, hear
from tests.factories import NOON, a_donation, gbp

PENDING, FAILED, PAID, FAILED_LATER = (False, False), (False, True), (True, False), (True, True)

TABLE = [
    # payments, attempts, the state
    ([], [], "pending"),
    ([], ["starting"], "pending"),
    ([], ["open"], "pending"),
    ([], ["expired"], "abandoned"),
    ([], ["expired", "expired"], "abandoned"),
    ([], ["expired", "open"], "pending"),
    ([], ["expired", "starting"], "pending"),
    ([], ["complete"], "processing"),
    ([], ["expired", "complete"], "processing"),
    ([PENDING], [], "processing"),
    ([PENDING], ["complete"], "processing"),
    ([PENDING], ["expired"], "processing"),
    ([FAILED, PENDING], ["open"], "processing"),
    ([FAILED], [], "pending"),
    ([FAILED], ["open"], "pending"),
    ([FAILED, FAILED], ["open"], "pending"),
    ([FAILED], ["expired"], "failed"),
    ([FAILED], ["expired", "open"], "pending"),
    ([PAID], [], "paid"),
    ([PAID], ["open"], "paid"),
    ([PAID], ["complete"], "paid"),
    ([PAID], ["expired"], "paid"),
    ([FAILED, PAID], ["complete"], "paid"),
    ([PAID, PENDING], ["complete"], "paid"),
    ([PAID, FAILED_LATER], ["complete"], "paid"),
    ([FAILED_LATER], [], "failed"),
    ([FAILED_LATER], ["complete"], "failed"),
    ([FAILED_LATER, FAILED], ["complete"], "failed"),
    ([FAILED_LATER, PENDING], ["complete"], "processing"),
    # A completed session of which only a declined card is known: another payment may be on its way.
    ([FAILED], ["complete"], "processing"),
    ([FAILED], ["payment_failed"], "failed"),
    ([], ["payment_failed"], "failed"),
    ([FAILED], ["payment_failed", "open"], "pending"),
    ([FAILED], ["payment_failed", "complete"], "processing"),
    ([FAILED_LATER], ["complete", "complete"], "processing"),
    ([FAILED_LATER], ["complete", "open"], "pending"),
    ([FAILED_LATER], ["open"], "failed"),  # It came through that one: only that it completed was not heard.
]


@pytest.mark.parametrize(("payments", "attempts", "state"), TABLE)
def test_the_facts_put_a_donation_in_one_state_in_whatever_order_they_are_known(
    payments: list[tuple[bool, bool]], attempts: list[str], state: str
) -> None:
    assert state in STATES
    for some in permutations(payments):
        for others in permutations(attempts):
            assert state_of(DonationFacts(some, others)) == state


@pytest.mark.parametrize(("payments", "attempts", "state"), TABLE)
def test_only_what_is_known_to_be_unpaid_may_be_tried_again(
    payments: list[tuple[bool, bool]], attempts: list[str], state: str
) -> None:
    progress = progress_of(DonationFacts(tuple(payments), tuple(attempts)))
    assert progress.may_be_tried_again == (state in ("pending", "failed", "abandoned"))


def test_a_state_nobody_has_thought_of_may_not_be_tried_again() -> None:
    """The permission is a list of what is known to be unpaid, not all that is not over."""
    assert {one for one in PaymentProgress if one.may_be_tried_again} == {
        PaymentProgress.NOT_STARTED, PaymentProgress.OPEN, PaymentProgress.FAILED, PaymentProgress.EXPIRED,
    }  # fmt: skip


def test_a_donation_counts_in_no_state_in_which_nothing_was_kept() -> None:
    assert set(STATES) > giving.COUNTED_STATES
    assert not giving.COUNTED_STATES & {"pending", "processing", "failed", "abandoned", "refunded", "lost"}
    assert not giving.SETTLED_STATES & {"pending", "processing"}


def outcome(reference: str, at: datetime = NOON) -> Outcome:
    fresh()
    return giving.outcome_of(Donation.by_reference(reference), at)


def begun(attempt: str | None = "open", **columns: Any) -> tuple[str, str | None]:
    """A donation with an attempt in a state; gives its reference and session."""
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), **columns)
        made = an_attempt(donation, state=attempt) if attempt else None
        return donation.reference, made.session_id if made else None


def session_stands(session_id: str | None, reference: str, state: str, **more: bool) -> bool:
    assert session_id is not None
    with write_unit() as conn:
        return giving.record_session(conn, session_id, reference, state, at=NOON, **more)


def test_a_donation_of_which_nothing_is_known_waits(app: Flask) -> None:
    reference, _ = begun()
    assert outcome(reference) == Outcome("waiting", settled=False, can_try_again=True, receipt=None)


def test_a_declined_card_leaves_it_open_to_try_again(app: Flask) -> None:
    reference, _ = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    assert outcome(reference) == Outcome("declined", settled=False, can_try_again=True, receipt=None)


def test_after_a_declined_card_who_is_back_is_told_nothing_until_stripe_was_asked(app: Flask) -> None:
    # given a declined card, and perhaps a better one after it
    reference, _ = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    back = NOON + timedelta(seconds=20)
    # when the supporter comes back, and the worker has not looked yet
    with write_unit():
        giving.look_soon(Donation.by_reference(reference), back)
    # then the page says that Stripe is being asked, but does not wait for a worker that is away
    assert outcome(reference, back) == Outcome("checking", settled=False, can_try_again=False, receipt=None)
    assert outcome(reference, back + timedelta(minutes=2)).kind == "declined"
    # and when it has looked and found nothing new, the page says what is known
    with write_unit():
        Donation.by_reference(reference).attempts[0].look_at = back + giving.LOOK_AFTER
    assert outcome(reference, back).kind == "declined"


def test_a_decline_that_was_just_heard_of_is_said_at_once(app: Flask) -> None:
    reference, _ = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    with write_unit():
        giving.look_soon(Donation.by_reference(reference), NOON)
    assert outcome(reference, NOON + timedelta(seconds=1)).kind == "declined"


def test_a_completed_checkout_without_word_of_the_payment_is_being_confirmed(app: Flask) -> None:
    reference, session_id = begun()
    assert session_stands(session_id, reference, "complete")
    assert outcome(reference) == Outcome("confirming", settled=False, can_try_again=False, receipt=None)


def test_a_payment_that_a_bank_has_is_on_its_way(app: Flask) -> None:
    reference, session_id = begun()
    hear(a_charge(reference, gbp("20.00"), status="pending", method="bacs_debit"))
    session_stands(session_id, reference, "complete")
    assert outcome(reference) == Outcome("processing", settled=False, can_try_again=False, receipt=None)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_debit_that_was_refused_is_failed_and_may_be_tried_again(app: Flask, in_order: bool) -> None:
    # given a bank debit on its way
    reference, session_id = begun()
    charge = a_charge(reference, gbp("20.00"), status="pending", method="bacs_debit")
    hear(charge)
    session_stands(session_id, reference, "complete")
    # when the bank refuses it, and Stripe says so of the charge and of the session, in either order
    told = [
        lambda: hear(dataclasses.replace(charge, status="failed")),
        lambda: session_stands(session_id, reference, "complete", payment_failed=True),
    ]
    for one in told if in_order else reversed(told):
        assert outcome(reference).can_try_again is False
        one()
    # then
    assert outcome(reference) == Outcome("failed", settled=True, can_try_again=True, receipt=None)


def test_after_a_declined_card_a_completed_checkout_may_not_be_tried_again(app: Flask) -> None:
    """The card was declined, then a debit was promised: of that nothing is known yet."""
    reference, session_id = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    session_stands(session_id, reference, "complete")
    assert outcome(reference).can_try_again is False
    # and Stripe is asked what became of it
    assert Donation.by_reference(reference).attempts[0].look_at is not None


@pytest.mark.parametrize("source", ["cash", "bank"])
def test_what_no_card_was_to_bring_is_never_paid_by_card(app: Flask, source: str) -> None:
    reference, _ = begun(None, source=source)
    assert outcome(reference).can_try_again is False


def test_a_payment_received_is_paid_with_its_receipt(app: Flask) -> None:
    reference, _ = begun()
    hear(a_charge(reference, gbp("20.00")))
    told = outcome(reference)
    assert (told.kind, told.settled, told.can_try_again) == ("paid", True, False)
    assert told.receipt is not None
    assert told.receipt.label == "R-000001"


def test_a_declined_card_and_then_a_good_one_is_paid_once(app: Flask) -> None:
    reference, session_id = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    hear(a_charge(reference, gbp("20.00")))
    session_stands(session_id, reference, "complete")
    assert outcome(reference).kind == "paid"


def test_an_expired_session_in_which_nothing_was_tried_is_abandoned(app: Flask) -> None:
    reference, session_id = begun()
    session_stands(session_id, reference, "expired")
    assert outcome(reference) == Outcome("abandoned", settled=True, can_try_again=True, receipt=None)


def test_an_expired_session_after_a_declined_card_is_failed(app: Flask) -> None:
    reference, session_id = begun()
    hear(a_charge(reference, gbp("20.00"), status="failed"))
    session_stands(session_id, reference, "expired")
    assert outcome(reference) == Outcome("failed", settled=True, can_try_again=True, receipt=None)


def test_nobody_can_try_again_once_the_appeal_has_ended(app: Flask) -> None:
    reference, _ = begun()
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    assert outcome(reference) == Outcome("waiting", settled=False, can_try_again=False, receipt=None)


@pytest.mark.parametrize("kind", ["part_refunded", "refunded", "disputed", "lost"])
def test_what_happens_later_has_its_own_word(app: Flask, kind: str) -> None:
    reference, _ = begun(state=kind)
    assert outcome(reference) == Outcome(kind, settled=True, can_try_again=False, receipt=None)


def test_money_that_arrives_after_a_session_had_expired_is_paid_all_the_same(app: Flask) -> None:
    reference, session_id = begun()
    session_stands(session_id, reference, "expired")
    hear(a_charge(reference, gbp("20.00")))
    assert outcome(reference).kind == "paid"
    assert outcome(reference).receipt is not None


def test_money_that_arrives_after_an_appeal_was_closed_is_booked_like_any_other(app: Flask) -> None:
    reference, _ = begun()
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").state = "closed"
    hear(a_charge(reference, gbp("20.00")))
    assert outcome(reference).kind == "paid"
