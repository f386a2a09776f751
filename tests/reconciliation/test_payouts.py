"""Payouts: booked by the funds of their members, estimated where Stripe names none, reversed when they fail; and the
statement line of each, by the worked examples of docs/ledger.md."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from donations import facts, giving
from donations.database import write_unit
from donations.extensions import db
from donations.facts import BalanceTransaction, Payout
from donations.models import Appeal, Fund
from donations.reconciliation import balance_transactions
from donations.reconciliation.matches import Said
from tests.events import a_charge, a_transaction, fresh, hear, live_lines
from tests.factories import NOON, a_donation, gbp
from tests.reconciliation.steps import a_bank_account, a_line, match, sound


def moved(balance_transaction_id: str, category: str, minor: int, source: str | None) -> BalanceTransaction:
    """A balance transaction that belongs to no charge."""
    return BalanceTransaction(
        id=balance_transaction_id, source_id=source, charge_id=None, type=category, reporting_category=category,
        balance_type="payments", amount_minor=minor, fee_minor=0, net_minor=minor, currency="GBP", exchange_rate=None,
        created_at=NOON, available_on=NOON.date(), description=None,
    )  # fmt: skip


def hear_payout(minor: int, **more: Any) -> None:
    """A payout as its event says it."""
    said: dict[str, Any] = {
        "id": "po_1", "status": "paid", "automatic": True, "reconciliation_status": "completed", "trace_id": None,
        "failure_code": None, "balance_transaction_id": "txn_po", "failure_transaction_id": None, "created_at": NOON,
        "arrival_on": date(2026, 11, 24), "said_at": NOON, **more,
    }  # fmt: skip
    with write_unit() as conn:
        facts.record_payout(conn, Payout(amount_minor=minor, currency="GBP", **said))
        balance_transactions.book_payout(conn, said["id"], at=NOON)


def hear_members(payout_id: str, members: list[str]) -> None:
    with write_unit() as conn:
        facts.record_members(conn, payout_id, members)
        balance_transactions.book_payout(conn, payout_id, at=NOON)


def two_donations_and_a_fee() -> list[str]:
    """100.00 to Ali with 1.70 of fees, 20.00 and 10.00 to two funds with 0.62, and 0.20 that Stripe took. Returns the
    members of a payout of 127.48."""
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        whole = a_donation(appeal, gbp("100.00")).reference
        divided = a_donation(appeal, split={"ali-family": 2000, "sakharovo": 1000}).reference
    for reference, amount, fee, number in ((whole, "100.00", 170, 1), (divided, "30.00", 62, 2)):
        charge = a_charge(reference, gbp(amount))
        hear(charge)
        hear(a_transaction(charge.charge_id, gbp(amount), fee, id=f"txn_{number}"))
    hear(moved("txn_fee", "fee", -20, None))
    return ["txn_1", "txn_2", "txn_fee"]


def in_transit() -> dict[str, int]:
    return _standing(1120)


def at_stripe() -> dict[str, int]:
    return _standing(1100)


def _standing(account: int) -> dict[str, int]:
    fresh()
    sums: dict[str, int] = {}
    for lines in live_lines().values():
        for code, fund, _, minor in lines:
            if code == account:
                sums[fund] = sums.get(fund, 0) + minor
    return {fund: minor for fund, minor in sums.items() if minor}


def general() -> str:
    return db.session.query(Fund.slug).filter(Fund.kind == "general").scalar()


def test_a_payout_is_its_members_whatever_is_heard_first(app: Flask) -> None:
    # given row 6: a payout, its own balance transaction, its members
    members = two_donations_and_a_fee()
    steps: list[Callable[[], None]] = [
        lambda: hear_payout(12748),
        lambda: hear(moved("txn_po", "payout", -12748, "po_1")),
        lambda: hear_members("po_1", members),
    ]
    # when they are heard, the members once the payout is known
    for step in steps:
        step()
    # then what is in transit is each fund's own
    assert in_transit() == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}
    assert at_stripe() == {}
    assert sound() == ()


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_every_order_ends_in_the_same_split(app: Flask, order: tuple[int, ...]) -> None:
    members = two_donations_and_a_fee()
    steps: list[Callable[[], None]] = [
        lambda: hear_payout(12748),
        lambda: hear(moved("txn_po", "payout", -12748, "po_1")),
        lambda: hear_members("po_1", members),
    ]
    for number in order:
        steps[number]()
    hear_members("po_1", members)  # The list is asked for again where the payout was not known yet.
    assert in_transit() == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}


def test_until_its_members_are_known_a_payout_stands_in_suspense(app: Flask) -> None:
    two_donations_and_a_fee()
    hear_payout(12748, reconciliation_status="in_progress")
    hear(moved("txn_po", "payout", -12748, "po_1"))
    assert in_transit() == {"suspense": 12748}


def test_what_the_members_do_not_explain_is_named(app: Flask) -> None:
    # given a payout whose list hides a balance transaction
    members = two_donations_and_a_fee()
    hear_payout(12748)
    hear(moved("txn_po", "payout", -12748, "po_1"))
    hear_members("po_1", members[1:])
    # then the remainder is in suspense, and a check of the ledger reports it
    assert in_transit() == {"ali-family": 1959, "sakharovo": 979, general(): -20, "suspense": 9830}
    assert [finding.invariant for finding in sound()] == ["I5"]


def test_a_payout_that_fails_after_it_was_paid_is_undone(app: Flask) -> None:
    # given a payout that is in the bank
    members, account = two_donations_and_a_fee(), a_bank_account()
    hear_payout(12748)
    hear(moved("txn_po", "payout", -12748, "po_1"))
    hear_members("po_1", members)
    line = a_line(account, 12748)
    match(line, Said("payout", 12748, target="po_1"), rule="exact")
    assert in_transit() == {}
    before = _standing(1000)
    assert before == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}
    # when it comes back, and its members are paid out again
    hear_payout(12748, status="failed", said_at=NOON + timedelta(days=1), failure_transaction_id="txn_back")
    hear(moved("txn_back", "payout_reversal", 12748, "po_1"))
    # then its match is undone, and the money is at Stripe again, by fund
    assert (_standing(1000), in_transit()) == ({}, {})
    assert at_stripe() == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}
    # and the next payout takes them
    hear_payout(12748, id="po_2", balance_transaction_id="txn_po2")
    hear(moved("txn_po2", "payout", -12748, "po_2"))
    hear_members("po_2", members)
    assert in_transit() == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}
    assert at_stripe() == {}
    assert sound() == ()


def test_a_manual_payout_is_laid_over_the_funds_in_proportion(app: Flask) -> None:
    # given 98.30 of Ali's, 19.59 and 9.79 of others' at Stripe, 0.20 owed by the general fund
    two_donations_and_a_fee()
    # when fifty pounds are paid out by hand
    hear_payout(5000, automatic=False, reconciliation_status="not_applicable")
    hear(moved("txn_po", "payout", -5000, "po_1"))
    # then each has its part, to the penny, and what comes later does not change it
    parts = {"ali": 3850, "ali-family": 767, "sakharovo": 383}
    assert in_transit() == parts
    two = a_charge(None, gbp("7.00"))
    hear(two)
    hear(a_transaction(two.charge_id, gbp("7.00"), 20, at=NOON + timedelta(hours=1)))
    hear_payout(5000, automatic=False, reconciliation_status="not_applicable", said_at=NOON + timedelta(hours=1))
    drifted()
    assert in_transit() == parts


def drifted() -> None:
    """What the worker does every few minutes."""
    with write_unit() as conn:
        balance_transactions.book_drifted_payouts(conn, at=NOON)


BY_HAND: dict[str, Any] = {"automatic": False, "reconciliation_status": "not_applicable"}


SOME = random.Random(20261121).sample(list(permutations(range(6))), 8)


@pytest.mark.parametrize("order", [tuple(range(6)), tuple(reversed(range(6))), *SOME], ids=str)
def test_an_estimate_is_the_same_whatever_was_heard_first(app: Flask, order: tuple[int, ...]) -> None:
    # given a donation for each of two funds, and two payouts by hand, the second after one of them was refunded
    hour = timedelta(hours=1)
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        first, second = (a_donation(appeal, split={slug: 10000}).reference for slug in ("ali", "sakharovo"))
    charges = [a_charge(first, gbp("100.00")), a_charge(second, gbp("100.00"))]
    for one in charges:
        hear(one)
    steps: list[Callable[[], None]] = [
        lambda: hear(a_transaction(charges[0].charge_id, gbp("100.00"), 0, id="txn_1")),
        lambda: hear(a_transaction(charges[1].charge_id, gbp("50.00"), 0, id="txn_2", at=NOON + hour)),
        lambda: hear_payout(6000, created_at=NOON + hour / 2, **BY_HAND),
        lambda: hear_payout(4000, id="po_2", balance_transaction_id="txn_po2", created_at=NOON + 2 * hour, **BY_HAND),
        lambda: hear(dataclasses.replace(moved("txn_po", "payout", -6000, "po_1"), created_at=NOON + hour / 2)),
        lambda: hear(dataclasses.replace(moved("txn_po2", "payout", -4000, "po_2"), created_at=NOON + 2 * hour)),
    ]
    # when they are heard in this order, and the worker has looked
    for number in order:
        steps[number]()
    drifted()
    # then the first is all of what was there, the second a part of what was left: 40 and 50
    assert in_transit() == {"ali": 6000 + 1778, "sakharovo": 2222}
    assert at_stripe() == {"ali": 4000 - 1778, "sakharovo": 5000 - 2222}
    drifted()
    assert sound() == ()


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 3, 0, 1), (2, 0, 3, 1)], ids=str)
@pytest.mark.parametrize("category", ["payout", "payout_reversal"])
def test_a_payout_that_takes_another_back_has_its_parts(app: Flask, order: tuple[int, ...], category: str) -> None:
    # given a payout of three funds' money that another payout takes back, whatever Stripe calls its transaction
    members = two_donations_and_a_fee()
    steps: list[Callable[[], None]] = [
        lambda: hear_payout(12748),
        lambda: hear(moved("txn_po", "payout", -12748, "po_1")),
        lambda: hear_payout(-12748, id="po_2", original_id="po_1", balance_transaction_id="txn_po2", **BY_HAND),
        lambda: hear(moved("txn_po2", category, 12748, "po_2")),
    ]
    for number in order:
        steps[number]()
    hear_members("po_1", members)
    # then each fund has its own again, and the bank shows both
    assert at_stripe() == {"ali": 9830, "ali-family": 1959, "sakharovo": 979, general(): -20}
    assert in_transit() == {}
    assert sound() == ()


def test_an_automatic_payout_whose_members_stripe_never_names_is_estimated(app: Flask) -> None:
    two_donations_and_a_fee()
    hear_payout(5000, reconciliation_status="not_applicable")
    hear(moved("txn_po", "payout", -5000, "po_1"))
    drifted()
    assert in_transit() == {"ali": 3850, "ali-family": 767, "sakharovo": 383}


def test_a_payout_to_a_place_where_none_went_before_is_told_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        balance_transactions.alarms, "sound",
        lambda conn, name, kind, about, **when: told.append((about["id"], about["destination"])),
    )  # fmt: skip
    for number, place in enumerate(["ba_1", "ba_1", "ba_2", "ba_1", None]):
        payout = Payout(
            id=f"po_{number}", amount_minor=500, currency="GBP", status="paid", automatic=True,
            reconciliation_status="in_progress", trace_id=None, failure_code=None, balance_transaction_id=None,
            failure_transaction_id=None, created_at=NOON, arrival_on=NOON.date(), said_at=NOON, destination=place,
        )  # fmt: skip
        with write_unit() as conn:
            balance_transactions.record_payout(conn, payout, at=NOON)
    assert told == [("po_2", "ba_2")]


def test_a_decision_about_a_member_moves_its_part_of_the_payout_and_the_bank(app: Flask) -> None:
    # given a payout of one donation, in the bank
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("100.00")).reference
    charge = a_charge(reference, gbp("100.00"))
    hear(charge)
    hear(a_transaction(charge.charge_id, gbp("100.00"), 170, id="txn_1"))
    hear_payout(9830)
    hear(moved("txn_po", "payout", -9830, "po_1"))
    hear_members("po_1", ["txn_1"])
    match(a_line(a_bank_account(), 9830), Said("payout", 9830, target="po_1"))
    assert _standing(1000) == {"ali": 9830}
    # when it turns out to be meant for another fund
    with write_unit() as conn:
        fund = db.session.query(Fund).filter(Fund.slug == "sakharovo").one()
        giving.assign(conn, charge.charge_id, fund, reason="meant so", actor="tara", at=NOON)
    with write_unit() as conn:
        assert balance_transactions.book_drifted_payouts(conn, at=NOON) == 1
    # then the payout and the bank follow it, and nothing is left to do
    assert _standing(1000) == {"sakharovo": 9830}
    assert (in_transit(), at_stripe()) == ({}, {})
    with write_unit() as conn:
        assert balance_transactions.book_drifted_payouts(conn, at=NOON) == 0
    assert sound() == ()
