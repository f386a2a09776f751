"""Transfers, opening balances, write-offs and donations that may be kept, as treasurers request them and others
decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from donations.database import write_unit
from donations.extensions import db
from donations.models import Adjustment, BankAccount
from donations.money import Money
from donations.reconciliation import paying_in_slips
from donations.reconciliation.matches import Said
from tests.factories import NOON
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, accepted, match, raised, sound
from tests.reconciliation.test_payment_requests import booked, fund, two_must_approve
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, number_in, refusal, said_beside

TYPED = {"kind": "opening", "fund": "ali", "account": "1", "amount": "800", "currency": "GBP", "on": "2026-11-21",
         "reason": "as the old books say", "authority": "committee", "form_key": "one"}  # fmt: skip


@pytest.fixture(autouse=True)
def account(app: Flask) -> int:
    return a_bank_account()


def ask(browser: Browser, **typed: Any) -> TestResponse:
    return browser.post("/treasury/adjustments/new", **{**TYPED, **typed})


def decide(browser: Browser, act: str, number: int) -> TestResponse:
    return browser.post(f"/treasury/adjustments/{number}", act=act)


def state(number: int) -> str:
    db.session.rollback()
    return db.session.get_one(Adjustment, number).state


def a_short_slip(account: int, credited: int = 24900) -> str:
    """250.00 on a paying-in slip, of which the bank credited so much. Returns the form's name of the open remainder."""
    gift = accepted(25000)
    with write_unit() as conn:
        bank = db.session.get_one(BankAccount, account)
        amount = Money(25000, "GBP")
        slip = paying_in_slips.pay_in(conn, bank, [gift], amount, count=1, on=TODAY, number="", actor="tara", at=NOON)
        ref, number = slip.ref, slip.id
    match(a_line(account, credited), Said("slip", credited, target=str(number)))
    return f"1030|{ref}|{fund().id}|GBP"


def write_off(browser: Browser, item: str, amount: str = "1", **typed: str) -> TestResponse:
    return ask(browser, kind="write_off", open_item=item, amount=amount, **typed)


def test_an_opening_balance_is_booked_once(treasurer: Browser, clock: time_machine.Traveller) -> None:
    number = number_in(ask(treasurer))
    wanted = [(1000, "ali", "GBP", 80000), (3000, "ali", "GBP", -80000)]
    assert (booked("adjustment"), state(number), raised()) == (wanted, "made", 0)
    assert last_act() == ("adjustment.asked_for", f"adjustment:{number}", {"kind": "opening"})
    after = kept()
    clock.shift(1)
    assert number_in(ask(treasurer)) == number
    assert ask(treasurer, amount="900").status_code == 409  # The same form, something else in it.
    assert kept() == after


def test_a_surplus_is_moved_within_what_is_free(treasurer: Browser) -> None:
    ask(treasurer)
    moved = {"kind": "transfer", "other_fund": "sakharovo"}
    number_in(ask(treasurer, form_key="two", amount="300", **moved))
    assert (3100, "sakharovo", "GBP", -30000) in booked("adjustment:2")
    before = kept()
    answer = ask(treasurer, form_key="three", amount="500.01", **moved)
    assert (answer.status_code, "£500 available" in said_beside(answer, "amount")) == (409, True)
    assert (kept(), raised(), sound()) == (before, 0, ())


def test_a_transfer_waits_for_another_where_two_people_decide(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    two_must_approve()
    ask(treasurer)
    number = number_in(ask(treasurer, kind="transfer", other_fund="sakharovo", amount="300", form_key="two"))
    assert (state(number), booked("adjustment:2")) == ("requested", [])
    assert 'value="approve"' not in treasurer.get(f"/treasury/adjustments/{number}").text
    # when who asked decides, either way
    before = kept()
    for act in ("approve", "refuse"):
        answer = decide(treasurer, act, number)
        assert (answer.status_code, "Another person must approve this" in refusal(answer)) == (403, True)
    assert kept() == before
    # then only another does
    admin = signed_in("admin")
    assert decide(admin, "approve", number).status_code == 303
    assert (state(number), len(booked("adjustment:2"))) == ("made", 4)
    before = kept()
    for act, status in (("approve", 409), ("refuse", 409), ("steal", 422)):
        assert decide(admin, act, number).status_code == status
    assert kept() == before


def test_a_transfer_is_held_against_what_is_free_when_it_is_decided(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    two_must_approve()
    ask(treasurer)
    moved = {"kind": "transfer", "other_fund": "sakharovo", "amount": "500"}
    first, second = (number_in(ask(treasurer, form_key=key, **moved)) for key in ("two", "three"))
    admin = signed_in("admin")
    assert decide(admin, "approve", first).status_code == 303
    before = kept()
    assert decide(admin, "approve", second).status_code == 409
    assert (kept(), state(second)) == (before, "requested")


def test_what_a_slip_lacks_is_written_off_by_two_people(
    treasurer: Browser, signed_in: Callable[..., Browser], account: int
) -> None:
    two_must_approve()
    item = a_short_slip(account)
    assert item in treasurer.get("/treasury/adjustments/new?kind=write_off").text
    number = number_in(write_off(treasurer, item))
    assert booked("adjustment") == []
    before = kept()
    assert decide(treasurer, "approve", number).status_code == 403
    assert kept() == before
    assert decide(signed_in("treasurer", name="theo"), "approve", number).status_code == 303
    assert booked("adjustment") == [(1030, "ali", "GBP", -100), (5900, "ali", "GBP", 100)]
    assert (raised(), sound()) == (25000, ())


def test_more_than_the_limit_is_not_written_off(treasurer: Browser, account: int) -> None:
    item = a_short_slip(account, 23000)
    before = kept()
    answer = write_off(treasurer, item, "10.01")
    assert (answer.status_code, "at most £10" in refusal(answer)) == (409, True)
    assert kept() == before


def test_more_than_is_open_is_not_written_off(treasurer: Browser, account: int) -> None:
    item = a_short_slip(account)
    before = kept()
    answer = write_off(treasurer, item, "1.01")
    assert (answer.status_code, "the amount is larger than the open balance" in refusal(answer)) == (409, True)
    assert kept() == before


def test_what_has_come_meanwhile_is_not_written_off(
    treasurer: Browser, signed_in: Callable[..., Browser], account: int
) -> None:
    # given a write-off that was asked for, and the bank that credits the rest after all
    two_must_approve()
    item = a_short_slip(account)
    number = number_in(write_off(treasurer, item))
    match(a_line(account, 100), Said("slip", 100, target=item.split("|")[1].partition(":")[2]))
    # when it is agreed to, then it is refused: nothing is open there any more
    admin = signed_in("admin")
    before = kept()
    answer = decide(admin, "approve", number)
    assert (answer.status_code, "the amount is larger than the open balance" in refusal(answer)) == (409, True)
    assert (kept(), state(number)) == (before, "requested")
    assert decide(admin, "refuse", number).status_code == 303
    assert (state(number), sound()) == ("refused", ())


WRONG = {
    "kind": ({"kind": "gift"}, "kind"),
    "no fund": ({"fund": ""}, "fund"),
    "the suspense fund": ({"fund": "suspense"}, "fund"),
    "the same fund": ({"kind": "transfer", "other_fund": "ali"}, "other_fund"),
    "no other fund": ({"kind": "transfer"}, "other_fund"),
    "no account": ({"account": "9"}, "account"),
    "an account of another currency": ({"currency": "EUR"}, "account"),
    "no amount": ({"amount": "0"}, "amount"),
    "no day": ({"on": "x"}, "on"),
    "no reason": ({"reason": ""}, "reason"),
    "no authority": ({"authority": "  "}, "authority"),
    "an item that is not open": ({"kind": "write_off", "open_item": "1000|bank:1|2|GBP"}, "open_item"),
    "nothing to keep": ({"kind": "kept", "open_item": "2020|ch_1|2|GBP"}, "open_item"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_written(treasurer: Browser, what: str) -> None:
    ask(treasurer)
    typed, field = WRONG[what]
    before = kept()
    answer = ask(treasurer, form_key="two", **typed)
    assert answer.status_code == 422
    if field == "kind":  # It is chosen by a link, not in the form.
        assert "Select the type of adjustment." in refusal(answer)
    else:
        assert said_beside(answer, field)
    assert kept() == before
