"""Money that no rule can name, named from a page: with a reason, by two where two approve, and again if it was
wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from donations.extensions import db
from donations.models import Classification, Payment
from tests.events import a_charge, a_transaction, hear
from tests.factories import gbp
from tests.reconciliation.steps import raised, sound
from tests.reconciliation.test_classification import an_unknown_transaction, lines_of
from tests.reconciliation.test_payment_requests import two_must_approve
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import acts, form_key, kept, last_act, number_in, refusal, said_beside

WHAT = {"account": "5020", "fund": "general", "reason": "Stripe Climate, by their letter", "form_key": "k"}


def a_stray() -> str:
    """A card payment without a reference. Returns its charge."""
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    return charge.charge_id


def test_an_unknown_transaction_is_named_from_its_page_and_named_otherwise_later(treasurer: Browser) -> None:
    # given one that is on the list
    transaction = an_unknown_transaction()
    path = f"/treasury/balance-transactions/{transaction}"
    assert path in treasurer.get("/treasury/").text
    assert path in treasurer.get("/treasury/balance-transactions").text
    # when a treasurer says what it is
    assert form_key(treasurer.get(path))
    assert treasurer.post(path, **WHAT).status_code == 303
    # then the ledger and the audit say so, and it is off the list
    assert lines_of(transaction) == [(1100, "general", "GBP", -600), (5020, "general", "GBP", 600)]
    assert last_act()[:2] == ("movement.classified", f"movement:{transaction}")
    assert last_act()[2]["reason"] == WHAT["reason"]
    assert 'data-kind="movement"' not in treasurer.get("/treasury/").text
    # and from the same page it is classified differently; both decisions are there
    again = {**WHAT, "account": "1110", "form_key": "l", "reason": "it was a reserve"}
    assert treasurer.post(path, **again).status_code == 303
    assert (1110, "general", "GBP", 600) in lines_of(transaction)
    page = treasurer.get(path).text
    assert WHAT["reason"] in page
    assert "it was a reserve" in page
    assert sound() == ()


def test_what_is_wrong_stands_beside_its_field(treasurer: Browser) -> None:
    path = f"/treasury/balance-transactions/{an_unknown_transaction()}"
    before = kept()
    for field, sentence in (("account", "Select the type of transaction."), ("fund", "Select the fund."),
                            ("reason", "Enter the reason.")):  # fmt: skip
        answer = treasurer.post(path, **{**WHAT, field: ""})
        assert (answer.status_code, said_beside(answer, field)) == (422, sentence)
    for field, wrong in (("account", "4000"), ("fund", "suspense"), ("fund", "none")):
        assert treasurer.post(path, **{**WHAT, field: wrong}).status_code == 422
    assert kept() == before


def test_a_transaction_of_a_known_kind_has_no_such_page(treasurer: Browser) -> None:
    known = a_transaction(None, gbp("6.50"), 0, reporting_category="fee")
    hear(known)
    assert treasurer.get(f"/treasury/balance-transactions/{known.id}").status_code == 404


def test_two_people_name_it_where_two_approve(signed_in: Callable[..., Browser]) -> None:
    two_must_approve()
    tara, theo = signed_in("treasurer", name="tara"), signed_in("treasurer", name="theo")
    transaction = an_unknown_transaction()
    tara.post(f"/treasury/balance-transactions/{transaction}", **WHAT)
    number = db.session.query(Classification).one().id
    assert (2990, "suspense", "GBP", 600) in lines_of(transaction)
    # the first cannot agree with herself
    own = tara.post(f"/treasury/classifications/{number}", act="approve")
    assert own.status_code == 403
    assert "Approve request" not in tara.get(f"/treasury/classifications/{number}").text
    # the second finds it on the list and agrees
    assert f"/treasury/classifications/{number}" in theo.get("/treasury/").text
    assert number_in(theo.post(f"/treasury/classifications/{number}", act="approve")) == number
    assert (5020, "general", "GBP", 600) in lines_of(transaction)
    assert [act for act in acts() if act != "staff.refused"][-2:] == ["movement.classified", "classification.approved"]
    # twice is once
    assert theo.post(f"/treasury/classifications/{number}", act="approve").status_code == 409
    assert theo.post(f"/treasury/classifications/{number}", act="nonsense").status_code == 422


def test_a_stray_card_payment_is_assigned_to_a_fund_from_its_page(
    treasurer: Browser, clock: time_machine.Traveller
) -> None:
    charge = a_stray()
    assert raised() == 0
    page = treasurer.get("/treasury/to-do/receipt").text
    assert f"/treasury/card-payments/{charge}/assign" in page
    assert f"/treasury/card-payments/{charge}/refund" in page
    asked = {"fund": "ali", "reason": "her letter names Ali", "form_key": form_key(
        treasurer.get(f"/treasury/card-payments/{charge}/assign"))}  # fmt: skip
    answer = treasurer.post(f"/treasury/card-payments/{charge}/assign", **asked)
    assert answer.headers["Location"] == f"/treasury/card-payments/{charge}"
    assert raised() == 2000
    assert last_act()[:2] == ("ledger.assigned", f"charge:{charge}")
    assert db.session.query(Payment).filter(Payment.charge_id == charge).one().donation_id is not None
    # the same form again changes nothing; another one moves it on
    before = kept()
    clock.shift(1)
    assert treasurer.post(f"/treasury/card-payments/{charge}/assign", **asked).status_code == 303
    assert kept() == before
    moved = {**asked, "form_key": "m", "fund": "general"}
    assert treasurer.post(f"/treasury/card-payments/{charge}/assign", **moved).status_code == 303
    assert raised() == 0
    assert sound() == ()


def test_a_payment_is_assigned_only_to_a_fund_of_an_appeal_and_with_a_reason(treasurer: Browser) -> None:
    path, before = f"/treasury/card-payments/{a_stray()}/assign", kept()
    assert said_beside(treasurer.post(path, fund="ali", form_key="k"), "reason") == "Enter the reason."
    assert said_beside(treasurer.post(path, reason="x", form_key="k"), "fund") == "Select the fund."
    assert treasurer.post(path, fund="suspense", reason="x", form_key="k").status_code == 422
    assert {**kept(), "audit_record": 0} == {**before, "audit_record": 0}


def test_naming_money_needs_a_fresh_proof(treasurer: Browser, clock: time_machine.Traveller) -> None:
    charge, transaction = a_stray(), an_unknown_transaction()
    clock.shift(timedelta(minutes=6))
    before = kept()
    for path in (f"/treasury/card-payments/{charge}/assign", f"/treasury/balance-transactions/{transaction}"):
        assert treasurer.post(path, **WHAT).headers["Location"].startswith("/staff/again")
    assert kept() == before


@pytest.mark.databases("sqlite")
def test_a_decision_that_waits_is_answered_before_another_is_asked_for(treasurer: Browser) -> None:
    two_must_approve()
    charge = a_stray()
    asked = {"fund": "ali", "reason": "x"}
    assert treasurer.post(f"/treasury/card-payments/{charge}/assign", form_key="a", **asked).status_code == 303
    answer = treasurer.post(f"/treasury/card-payments/{charge}/assign", form_key="b", **asked)
    assert answer.status_code == 409
    assert "waiting for approval" in refusal(answer)
    # and who asked may withdraw it
    number = db.session.query(Classification).one().id
    assert "Withdraw request" in treasurer.get(f"/treasury/classifications/{number}").text
    assert number_in(treasurer.post(f"/treasury/classifications/{number}", act="refuse")) == number
