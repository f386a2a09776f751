"""Receipts and payments of each fund: what stands in which column, and that it always adds up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from donations.database import snapshot
from donations.reconciliation import balances, fund_statement
from donations.reconciliation.fund_statement import FundStatement
from tests.events import fresh
from tests.factories import gbp
from tests.reconciliation.a_month import LAST_MONTH, adjust, fund_id, general, happen
from tests.reconciliation.steps import TODAY, a_bank_account

BEGUN = LAST_MONTH.date()


def stated(since: date, until: date = TODAY) -> dict[tuple[int, str], FundStatement]:
    fresh()
    with snapshot() as conn:
        return {(each.fund_id, each.currency): each for each in fund_statement.of_period(conn, since, until)}


def moved(statement: FundStatement) -> dict[str, int]:
    return {name: minor for name, minor in statement.flows.items() if minor}


def held(statement: FundStatement) -> dict[str, int]:
    return {name: minor for name, minor in statement.places.items() if minor}


def test_each_thing_stands_in_its_column(app: Flask) -> None:
    happen()
    found = stated(TODAY)
    # Ali's fund, which had 598.30
    ali = found[fund_id("ali"), "GBP"]
    assert (ali.opening, ali.closing, ali.committed) == (59830, 47830, 5000)
    assert moved(ali) == {"offline": 25000, "refunds": -4000, "disbursed": -30000, "transfers_out": -3000}
    assert held(ali) == {"at_stripe": 5830, "in_hand": 25000, "in_bank": 17000}
    # the fund whose gift was lost in a dispute keeps the fee
    family = found[fund_id("ali-family"), "GBP"]
    assert (family.opening, moved(family)) == (0, {"online": 2000, "chargebacks": -2000, "fees": -41})
    # the general fund has what was moved to it, less the dispute's fee
    assert moved(found[general(), "GBP"]) == {"fees": -2000, "transfers_in": 3000}
    assert moved(found[fund_id("ali"), "EUR"]) == {"online": 1234, "fees": -41}


def test_what_the_books_began_with_was_there_before(app: Flask) -> None:
    happen()
    first = stated(BEGUN)[fund_id("ali"), "GBP"]
    assert (first.opening, first.flows["online"], first.closing) == (50000, 10000, 47830)


def test_a_period_ends_where_the_next_begins(app: Flask) -> None:
    happen()
    ends = stated(BEGUN, TODAY - timedelta(days=1))
    begins = stated(TODAY)
    for place, statement in ends.items():
        assert begins[place].opening == statement.closing


def test_it_says_of_each_place_what_the_dashboard_says(app: Flask) -> None:
    happen()
    found = stated(BEGUN)
    with snapshot() as conn:
        shown = {(each.fund_id, each.currency): each.figures for each in balances.of_funds(conn)}
    names = ("at_stripe", "in_transit", "in_hand", "in_bank", "in_question")
    for place, statement in found.items():
        assert {name: statement.places[name] for name in names} == {name: shown[place][name] for name in names}
        assert statement.committed == shown[place]["committed"]


def test_transfers_between_funds_come_to_nothing(app: Flask) -> None:
    happen()
    back = {"kind": "transfer", "fund_id": general(), "other_fund_id": fund_id("ali"), "on": TODAY}
    adjust("part of it back", gbp("0.01"), **back, bank_account_id=1)
    found = stated(TODAY).values()
    assert sum(each.flows["transfers_in"] + each.flows["transfers_out"] for each in found) == 0
    assert stated(TODAY)[fund_id("ali"), "GBP"].flows["transfers_in"] == 1


@pytest.mark.parametrize("days", [-400, 400])
def test_where_nothing_was_there_is_nothing(app: Flask, days: int) -> None:
    a_bank_account()
    assert stated(TODAY + timedelta(days=days), TODAY + timedelta(days=days)) == {}
