"""Payouts and their statement lines: exact to the penny and the day, in order where several are equal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from donations.extensions import db
from donations.reconciliation import payout_allocation, payouts
from tests.reconciliation.matching_steps import a_payout, is_now, run, said, why
from tests.reconciliation.steps import TODAY, a_bank_account
from tests.reconciliation.test_payouts import hear_payout, two_donations_and_a_fee


@pytest.mark.parametrize("days", [-1, 0, 7])
def test_a_payout_is_known_by_its_amount_and_stripes_name(app: Flask, days: int) -> None:
    payout = a_payout("po_1", 12748)
    # when its line comes from the day before to five working days after its Saturday
    line = said(a_bank_account(), 12748, "STRIPE PAYMENTS UK", on=TODAY + timedelta(days=days - (days > 0)))
    run()
    assert is_now(line) == ("confirmed", [("payout", payout)])
    assert why(line) == (10, ["descriptor", "only_payout"])


NOT_THAT_PAYOUT = {
    "of another amount": (12747, "STRIPE", 0),
    "two days early": (12748, "STRIPE", -2),
    "late": (12748, "STRIPE", 7),
    "of the other sign": (-12748, "STRIPE", 0),
}


@pytest.mark.parametrize("what", NOT_THAT_PAYOUT)
def test_a_line_is_not_a_payout(app: Flask, what: str) -> None:
    minor, text, days = NOT_THAT_PAYOUT[what]
    a_payout("po_1", 12748)
    line = said(a_bank_account(), minor, text, on=TODAY + timedelta(days=days))
    run()
    assert is_now(line) == ("open", [])


def test_a_payout_without_stripes_name_is_only_proposed(app: Flask) -> None:
    payout = a_payout("po_1", 12748)
    line = said(a_bank_account(), 12748, "SP PAYMENTS")
    run()
    assert is_now(line) == ("proposed", [("payout", payout)])


def test_two_equal_payouts_are_proposed_in_order_and_never_certain(app: Flask) -> None:
    account = a_bank_account()
    later, first = a_payout("po_a", 5000, arrival=TODAY + timedelta(days=2)), a_payout("po_b", 5000)
    late_line = said(account, 5000, "STRIPE", on=TODAY + timedelta(days=2))
    line = said(account, 5000, "STRIPE", on=TODAY + timedelta(days=1))
    run()
    assert is_now(line) == ("proposed", [("payout", first)])
    assert is_now(late_line) == ("proposed", [("payout", later)])


def test_a_trace_number_tells_equal_payouts_apart(app: Flask) -> None:
    account = a_bank_account()
    first, second = a_payout("po_a", 5000, trace="ABC-123456"), a_payout("po_b", 5000)
    line = said(account, 5000, "STRIPE ABC 123456")
    other = said(account, 5000, "STRIPE")
    run()
    assert is_now(line) == ("confirmed", [("payout", first)])
    # and what is left is alone
    assert is_now(other) == ("confirmed", [("payout", second)])


@pytest.mark.parametrize(
    ("minor", "automatic", "is_estimate"), [(12748, True, False), (-500, True, True), (12748, False, True)]
)
@pytest.mark.databases("sqlite")
def test_only_a_payout_without_members_is_an_estimate(
    app: Flask, minor: int, automatic: bool, is_estimate: bool
) -> None:
    two_donations_and_a_fee()
    hear_payout(minor, automatic=automatic)
    row = payouts.find(db.session.connection(), "po_1")
    assert payouts.is_estimated(row) is is_estimate
    assert payout_allocation.has_members(row) is not is_estimate
