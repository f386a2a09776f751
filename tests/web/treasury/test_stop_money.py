"""Corrections that move money while posting is stopped: a refund, a payment assigned to a fund, an event that waits; by
one person or by two, and against the sandbox over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from donations.database import write_unit
from donations.extensions import db
from donations.models import Correction, Organisation, PostingStop, StripeEvent
from donations.web.page import now
from donations.worker.refunds import continue_refunds
from tests.events import fresh
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import raised
from tests.web.staff.conftest import Browser
from tests.web.treasury.refund_steps import Given, a_gift, attempts, receipts, refund, state
from tests.web.treasury.stop_steps import PAGE, acts, corrupt, event_state, grave, links, press, stopped

WRONG_RECEIPT = "UPDATE receipt SET amount_minor = 2001"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def given(client: FlaskClient, at_stripe: Stripe, treasurer: Browser) -> Given:
    """A donation of 20.00 whose receipt says 20.01: posting is stopped."""
    made = a_gift(client, at_stripe)
    corrupt(WRONG_RECEIPT)
    stopped()
    return made


@pytest.fixture
def second(signed_in: Callable[..., Browser]) -> Browser:
    """Another treasurer, where two must approve."""
    with write_unit():
        Organisation.get().approvals_required = 2
    return signed_in("treasurer", name="second")


def halted() -> bool:
    fresh()
    return db.session.get(PostingStop, 1) is not None


def kind_of(event_id: str) -> str:
    fresh()
    return db.session.get_one(StripeEvent, event_id).type


def resume(browser: Browser) -> int:
    return browser.post(f"{PAGE}/resume").status_code


def test_a_payment_is_refunded_under_the_stop(treasurer: Browser, given: Given) -> None:
    # given a stop under which an ordinary refund is refused
    assert refund(treasurer, given).status_code == 503
    # when it is refunded from the page of the stop
    assert "£20" in treasurer.get(links(treasurer, "refund")[0]).text
    assert press(treasurer, links(treasurer, "refund")[0]).status_code == 303
    # then Stripe has one refund, and total, receipt and ledger follow before any event came
    assert given.refunds() == [("succeeded", 2000)]
    assert (state(), raised(), receipts()) == ("refunded", 0, [("void", 2001)])
    assert (grave(), attempts()) == ([], [("made", 2000, None)])
    assert resume(treasurer) == 303
    given.bring()
    assert (state(), raised(), halted()) == ("refunded", 0, False)


@pytest.mark.parametrize("mode", ["reset_after", "reset_before"])
def test_a_lost_answer_to_such_a_refund_is_taken_in_by_the_worker_under_the_stop(
    treasurer: Browser, given: Given, clock: time_machine.Traveller, mode: str
) -> None:
    given.at_stripe.order("faults", mode=mode, times=2, path="/v1/refunds", method="POST")
    press(treasurer, links(treasurer, "refund")[0])
    assert "Stripe has not answered yet" in treasurer.get(PAGE).text
    clock.shift(timedelta(minutes=2))
    assert continue_refunds(now()) == 1
    assert (given.refunds(), attempts(), grave()) == ([("succeeded", 2000)], [("made", 2000, None)], [])
    assert halted()


def test_money_moves_only_when_a_second_person_approves(treasurer: Browser, second: Browser, given: Given) -> None:
    # given a refund asked for by one of two
    assert press(treasurer, links(treasurer, "refund")[0]).status_code == 303
    assert (given.refunds(), attempts(), grave()) == ([], [], ["I11 amount"])
    number = db.session.query(Correction.id).scalar()
    # when who asked says yes
    answer = treasurer.post(f"{PAGE}/cures/{number}", act="approve")
    # then it is refused, and done when the other one says it
    assert (answer.status_code, given.refunds()) == (403, [])
    assert "Approve correction" not in treasurer.get(PAGE).text
    assert "Approve correction" in second.get(PAGE).text
    assert second.post(f"{PAGE}/cures/{number}", act="approve").status_code == 303
    assert (given.refunds(), grave()) == ([("succeeded", 2000)], [])
    assert second.post(f"{PAGE}/cures/{number}", act="approve").status_code == 409
    assert list(acts("cure.requested", "cure.made")) == ["cure.requested", "cure.made"]


def test_what_moves_no_money_needs_one_person_only(treasurer: Browser, second: Browser, given: Given) -> None:
    assert press(treasurer, links(treasurer, "reissue")[0]).status_code == 303
    assert (grave(), receipts()) == ([], [("replaced", 2001), ("live", 2000)])


def test_a_rejected_correction_changes_nothing(treasurer: Browser, second: Browser, given: Given) -> None:
    press(treasurer, links(treasurer, "refund")[0])
    number = db.session.query(Correction.id).scalar()
    assert second.post(f"{PAGE}/cures/{number}", act="refuse").status_code == 303
    assert (given.refunds(), grave()) == ([], ["I11 amount"])
    assert second.post(f"{PAGE}/cures/{number}", act="approve").status_code == 409


def test_an_approval_of_what_has_changed_meanwhile_is_refused(
    treasurer: Browser, second: Browser, given: Given
) -> None:
    press(treasurer, links(treasurer, "refund")[0])
    number = db.session.query(Correction.id).scalar()
    corrupt("UPDATE receipt SET amount_minor = 2002")
    assert second.post(f"{PAGE}/cures/{number}", act="approve").status_code == 409
    assert given.refunds() == []


def test_a_payment_is_assigned_under_the_stop(treasurer: Browser, given: Given) -> None:
    link = links(treasurer, "assign")[0]
    assert press(treasurer, link).status_code == 422
    assert press(treasurer, link, fund="kozlov").status_code == 303
    fresh()
    shown = treasurer.get(given.path).text
    assert "Kozlov" in shown
    assert grave() == []


def test_a_refund_made_at_stripe_is_processed_under_the_stop(treasurer: Browser, given: Given) -> None:
    # given a refund from Stripe's dashboard, whose events wait
    given.at_stripe.order("refunds", charge=given.charge)
    given.bring()
    assert (state(), raised()) == ("paid", 2000)
    paths = re.findall(r'action="(/treasury/posting-stop/events/(\w+))"', treasurer.get(PAGE).text)
    path, event_id = next(one for one in paths if kind_of(one[1]) == "refund.created")
    # when that is processed from the page, which needs a reason
    assert treasurer.post(path).status_code == 422
    assert treasurer.post(path, reason="Refunded at Stripe").status_code == 303
    assert event_state(event_id) == "handled"
    # then the ledger is sound, and posting is resumed
    assert (state(), raised(), grave()) == ("refunded", 0, [])
    assert resume(treasurer) == 303


def test_an_event_that_is_about_nothing_found_waits_like_all_others(
    treasurer: Browser, given: Given, client: FlaskClient
) -> None:
    other = a_gift(client, given.at_stripe, nonce="another")
    said = given.at_stripe.events("charge.succeeded")
    event_id = next(one["id"] for one in said if one["data"]["object"]["id"] == other.charge)
    assert event_state(event_id) == "due"
    assert treasurer.post(f"{PAGE}/events/{event_id}", reason="x").status_code == 409
    assert event_state(event_id) == "due"


@pytest.mark.parametrize("role", ["auditor", "organiser"])
def test_who_may_not_act_corrects_nothing(
    given: Given, treasurer: Browser, signed_in: Callable[..., Browser], role: str
) -> None:
    offered, browser = links(treasurer), signed_in(role)
    for link in offered:
        assert browser.get(link).status_code == 403
        assert browser.post(link, form_key="k", reason="x").status_code == 403
    assert browser.post(f"{PAGE}/resume").status_code == 403
    assert grave() == ["I11 amount"]
    assert browser.get(PAGE).status_code == (200 if role == "auditor" else 403)


def test_a_correction_needs_a_fresh_proof(given: Given, treasurer: Browser, clock: time_machine.Traveller) -> None:
    offered = links(treasurer)
    clock.shift(timedelta(minutes=6))
    for path in (*offered, f"{PAGE}/resume", f"{PAGE}/cures/1", f"{PAGE}/events/evt_1"):
        answer = treasurer.post(path, form_key="k", reason="x", act="approve")
        assert answer.headers.get("Location", "").startswith("/staff/again"), path
    assert grave() == ["I11 amount"]
