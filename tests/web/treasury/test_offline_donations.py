"""Donations that no card brought, as treasurers record, accept and cancel them; and that each needs two people where
there are two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import OfflineDonation
from tests.reconciliation.steps import a_gift, raised, receipts_of, sound
from tests.reconciliation.test_payment_requests import booked
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import acts, form_key, kept, last_act, refusal, said_beside

TYPED = {
    "method": "cash", "amount": "250", "currency": "GBP", "purpose": "hands-off-ali/ali", "received_on": "2026-11-21",
    "first_counter": "Ann", "second_counter": "Ben", "name": "Maya Example", "email": "maya@example.org",
    "form_key": "one",
}  # fmt: skip


def record(browser: Browser, **typed: str) -> TestResponse:
    return browser.post("/treasury/offline-donations/new", **{**TYPED, **typed})


def only_donation() -> OfflineDonation:
    db.session.rollback()
    return db.session.query(OfflineDonation).one()


def say(browser: Browser, act: str, *gifts: Any) -> TestResponse:
    return browser.post("/treasury/offline-donations", act=act, gift=[str(one) for one in gifts])


def test_cash_is_recorded_and_counts_when_somebody_else_accepts_it(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    # given cash that was counted by two, with its notes
    answer = record(treasurer, **{"piece-2000": "12", "piece-1000": "1"})
    assert answer.status_code == 200
    assert form_key(answer) != "one"
    gift = only_donation()
    assert (gift.state, gift.counted_by, gift.denominations) == ("recorded", ["Ann", "Ben"], {"2000": 12, "1000": 1})
    assert (raised(), booked("offline"), last_act()[0]) == (0, [], "gift.recorded")
    # when another treasurer accepts it
    other = signed_in("treasurer", name="theo")
    assert say(other, "accept", gift.id).status_code == 303
    # then it counts, and has its receipt
    assert booked("offline") == [(1010, "ali", "GBP", 25000), (4010, "ali", "GBP", -25000)]
    assert (raised(), receipts_of(gift.id), sound()) == (25000, [("live", 25000)], ())
    assert last_act() == ("gifts.accepted", f"gift:{gift.id}", {"gifts": [str(gift.id)]})


def test_who_recorded_a_gift_does_not_accept_it_where_there_is_another_treasurer(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    record(treasurer)
    gift = only_donation()
    signed_in("treasurer", name="theo")
    assert "Another treasurer must accept what you have recorded." in treasurer.get("/treasury/offline-donations").text
    before = kept()
    answer = say(treasurer, "accept", gift.id)
    assert (answer.status_code, "because you recorded it" in refusal(answer)) == (403, True)
    assert (kept(), raised()) == (before, 0)


def test_of_several_one_of_ones_own_holds_them_all(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    record(treasurer)
    mine, others = only_donation().id, a_gift(1000)
    signed_in("treasurer", name="theo")
    before = kept()
    assert say(treasurer, "accept", others, mine).status_code == 403
    assert (kept(), raised()) == (before, 0)


def test_the_only_treasurer_accepts_alone_and_the_audit_says_so(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    signed_in("admin")
    record(treasurer)
    gift = only_donation()
    page = treasurer.get("/treasury/offline-donations").text
    assert "There is no other treasurer" in page
    assert "These donations count when you accept them" in page
    assert say(treasurer, "accept", gift.id).status_code == 303
    assert "1 donation accepted." in treasurer.get("/treasury/offline-donations").text
    assert raised() == 25000
    assert last_act()[2]["recorded_by_who_accepts"] == [str(gift.id)]


def test_a_gift_is_accepted_once(treasurer: Browser) -> None:
    gift = a_gift(1000)
    assert say(treasurer, "accept", gift).status_code == 303
    after = kept()
    for act in ("accept", "cancel"):
        answer = say(treasurer, act, gift)
        assert (answer.status_code, "already" in refusal(answer)) == (409, True)
    assert (kept(), raised()) == (after, 1000)


def test_one_that_does_not_go_holds_the_others(treasurer: Browser) -> None:
    first, second = a_gift(1000), a_gift(2000)
    say(treasurer, "cancel", second)
    before = kept()
    assert say(treasurer, "accept", first, second).status_code == 409
    assert (kept(), raised()) == (before, 0)


def test_what_was_cancelled_never_counts(treasurer: Browser) -> None:
    gift = a_gift(1000, "bank")
    assert say(treasurer, "cancel", gift).status_code == 303
    assert (only_donation().state, raised(), acts()[-1]) == ("cancelled", 0, "gifts.cancelled")


def test_nothing_ticked_is_said(treasurer: Browser) -> None:
    before = kept()
    for sent in ({"act": "accept"}, {"act": "steal", "gift": "1"}):
        answer = treasurer.post("/treasury/offline-donations", **sent)
        assert (answer.status_code, refusal(answer)) == (422, "Select at least one donation.")
    assert kept() == before


def test_the_same_form_twice_is_one_gift(treasurer: Browser, clock: time_machine.Traveller) -> None:
    record(treasurer)
    after = kept()
    clock.shift(1)
    assert record(treasurer).status_code == 200
    assert kept() == after


@pytest.mark.parametrize("changed", [{"amount": "251"}, {"method": "cheque"}, {"purpose": "hands-off-ali/ali-family"}])
def test_the_same_form_with_something_else_is_refused(treasurer: Browser, changed: dict[str, str]) -> None:
    record(treasurer)
    after = kept()
    answer = record(treasurer, **changed)
    assert (answer.status_code, "sent before" in refusal(answer)) == (409, True)
    assert kept() == after


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "no amount": ({"amount": ""}, "amount", "Enter the amount"),
    "nothing": ({"amount": "0"}, "amount", "We could not read this amount"),
    "less than nothing": ({"amount": "-5"}, "amount", "We could not read this amount"),
    "no figure": ({"amount": "a lot"}, "amount", "We could not read this amount"),
    "three decimals": ({"amount": "1.005"}, "amount", "Did you mean £1,005 or £1?"),
    "more than there is": ({"amount": "9" * 30}, "amount", ""),
    "another currency": ({"currency": "XAU"}, "currency", ""),
    "no purpose": ({"purpose": ""}, "purpose", "Select the appeal or fund."),
    "a purpose that is none": ({"purpose": "hands-off-ali/nobody"}, "purpose", "Select the appeal or fund."),
    "a day that is none": ({"received_on": "2026-02-31"}, "received_on", "Enter the date like 2026-11-21."),
    "no day": ({"received_on": ""}, "received_on", ""),
    "half an address": ({"email": "maya@"}, "email", "Enter a full email address, like name@example.org."),
    "notes that differ": ({"piece-2000": "12"}, "amount", "The notes and coins add up to £240.00. Count again."),
    "notes that are none": ({"piece-2000": "a dozen"}, "amount", "Enter the number of each note and coin"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_written(treasurer: Browser, what: str) -> None:
    typed, field, sentence = WRONG[what]
    before = kept()
    answer = record(treasurer, **typed)
    assert answer.status_code == 422
    assert sentence in said_beside(answer, field)
    assert 'value="Maya Example"' in answer.text  # What was typed is kept.
    assert form_key(answer) == "one"
    assert kept() == before


@pytest.mark.parametrize("counters", [("Ann", ""), ("Ann", " ann "), ("", "")])
def test_cash_needs_two_counters(treasurer: Browser, counters: tuple[str, str]) -> None:
    before = kept()
    answer = record(treasurer, first_counter=counters[0], second_counter=counters[1])
    assert (answer.status_code, "Two people must count cash" in refusal(answer)) == (422, True)
    assert kept() == before


def test_a_method_that_is_none_is_refused(treasurer: Browser) -> None:
    before = kept()
    assert record(treasurer, method="gold").status_code == 422
    assert kept() == before


def test_an_expected_transfer_is_given_a_code_to_pass_on(treasurer: Browser) -> None:
    answer = record(treasurer, method="bank")
    gift = only_donation()
    assert (gift.state, raised()) == ("expected", 0)
    assert gift.reference_code
    assert gift.reference_code in answer.text
