"""Receipts and payments of each fund: the columns, and that they always add up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from donations.database import snapshot
from donations.reconciliation import balances, fund_statement
from donations.reconciliation.fund_statement import FundStatement
from donations.reconciliation.matches import Said
from tests.events import a_charge, fresh, hear
from tests.factories import gbp
from tests.reconciliation.a_month import LAST_MONTH, adjust, fund_id, general, happen
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, match
from tests.reconciliation.test_classification import an_unknown_transaction

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
    # the fund whose donation was lost in a dispute keeps the fee
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
    names = ("at_stripe", "in_transit", "in_hand", "in_bank", "in_dispute")
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


def test_unidentified_money_is_not_free_and_stands_in_the_statement_of_funds(app: Flask) -> None:
    # given an unidentified line, and a card payment without a reference
    line = a_line(a_bank_account(), 3333)
    match(line, Said("unidentified", 3333))
    hear(a_charge(None, gbp("12.00")))
    # then it is in an account, and owed to its future owner
    suspense = fund_id("suspense")
    shown = stated(TODAY)[suspense, "GBP"]
    assert (shown.opening, shown.closing, moved(shown)) == (0, 0, {})
    assert held(shown) == {"at_stripe": 1200, "in_bank": 3333, "owed": -4533}
    # and none of it is available, whether it came by card, by bank or by an unclassified transaction
    an_unknown_transaction(-600)
    with snapshot() as conn:
        (found,) = balances.of_funds(conn, [suspense])
        assert (found.figures["free"], balances.free(conn, suspense, "GBP")) == (0, 0)
        assert found.figures["in_bank"] == 3333
    # and a later statement, before which it came and after which it lies there still, has it too
    later = stated(TODAY + timedelta(days=40), TODAY + timedelta(days=70))
    assert held(later[suspense, "GBP"])["owed"] == -4533 + 600


@pytest.mark.parametrize("days", [-400, 400])
def test_where_nothing_was_there_is_nothing(app: Flask, days: int) -> None:
    a_bank_account()
    assert stated(TODAY + timedelta(days=days), TODAY + timedelta(days=days)) == {}
