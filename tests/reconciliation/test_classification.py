"""A person decides what no rule can: Stripe transactions of an unknown kind, payments without a reference. The
decision is a fact that the ledger converges on, now, later and after a period was closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from donations.bookkeeping import CLEARING, OF_AN_UNKNOWN_TRANSACTION, PUBLIC_ACCOUNTS
from donations.database import write_unit
from donations.errors import (
    AlreadyDone,
    DecisionWaiting,
    MatchedBefore,
    NeedsAnother,
    NothingToDecide,
    NotUnclassified,
    SentBefore,
)
from donations.extensions import db
from donations.facts import BalanceTransaction
from donations.models import Classification, Entry, Fund
from donations.models.base import new_id
from donations.money import Money
from donations.reconciliation import balance_transactions, classification, matches, period_close
from donations.reconciliation.classification import Asked
from tests.events import a_charge, a_transaction, fresh, hear, live_lines
from tests.factories import NOON, gbp
from tests.reconciliation.steps import a_bank_account, a_line, accepted, match, raised, sound
from tests.reconciliation.test_payment_requests import two_must_approve

UNKNOWN = "moonlight_settlement"


def fund_id(slug: str) -> int:
    return int(db.session.scalars(select(Fund.id).where(Fund.slug == slug)).one())


def an_unknown_transaction(minor: int = -600, fee: int = 0, **more: Any) -> str:
    """A Stripe transaction of an unknown kind, posted. Returns its id."""
    return booked(
        a_transaction(more.get("charge_id"), Money(minor, "GBP"), fee, type=UNKNOWN, reporting_category=UNKNOWN)
    )


def booked(transaction: BalanceTransaction) -> str:
    with write_unit() as conn:
        balance_transactions.book_transaction(conn, transaction, at=NOON)
    return transaction.id


def classify(balance_transaction_id: str, account: int = 5020, slug: str = "general", **more: Any) -> Classification:
    told = {"form_key": str(new_id()), "reason": "Stripe wrote what it is", "actor": "tara"} | more
    actor, key, reason = told.pop("actor"), told.pop("form_key"), told.pop("reason")
    with write_unit() as conn:
        asked = Asked(key, fund_id(slug), reason, balance_transaction_id=balance_transaction_id, account=account)
        return classification.ask(conn, asked, actor=actor, at=NOON)


def decide(number: int, *, yes: bool = True, actor: str = "theo") -> None:
    with write_unit() as conn:
        classification.decide(conn, number, yes=yes, actor=actor, at=NOON)


def lines_of(balance_transaction_id: str) -> list[tuple[int, str, str, int]]:
    fresh()
    return sorted(live_lines().get(f"bt:{balance_transaction_id}", ()))


def test_an_unknown_movement_becomes_what_a_treasurer_says_and_can_become_something_else(app: Flask) -> None:
    # given a transaction of an unknown kind, with a fee
    transaction = an_unknown_transaction(-600, fee=20)
    before = lines_of(transaction)
    assert (2990, "suspense", "GBP", 600) in before
    # when a treasurer says that it is a fee of the general fund
    classify(transaction)
    # then its entry, under the same key, says so, and Stripe's balance is what it was
    now = lines_of(transaction)
    assert now == [(1100, "general", "GBP", -620), (5020, "general", "GBP", 620)]
    assert sum(minor for account, *_, minor in before if account == 1100) == -620
    # and when it is reported again, nothing changes; reported differently, it converges once more
    count = db.session.query(Entry).count()
    with write_unit() as conn:
        balance_transactions.book_again(conn, transaction, at=NOON)
    assert db.session.query(Entry).count() == count
    classify(transaction, 1110, "ali")
    assert (1110, "ali", "GBP", 600) in lines_of(transaction)
    states = db.session.scalars(select(Classification.state).order_by(Classification.id)).all()
    assert list(states) == ["replaced", "made"]
    assert sound() == ()


def test_one_that_hangs_on_a_payment_can_be_named_too(app: Flask) -> None:
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    transaction = an_unknown_transaction(-50, charge_id=charge.charge_id)
    assert (2990, "suspense", "GBP", 50) in lines_of(transaction)
    classify(transaction)
    assert lines_of(transaction) == [(1100, "general", "GBP", -50), (5020, "general", "GBP", 50)]
    hear(charge)
    assert lines_of(transaction) == [(1100, "general", "GBP", -50), (5020, "general", "GBP", 50)]


def test_in_a_closed_period_the_decision_is_entered_on_the_first_open_day(app: Flask) -> None:
    # given one that was named in November, and November closed
    transaction = an_unknown_transaction()
    classify(transaction)
    later = NOON + timedelta(days=14)
    with write_unit() as conn:
        period = period_close.prepare(date(2026, 11, 30))
        assert period_close.sign(conn, period, actor="tara", at=later, accepted="looked at")
    # when it is named otherwise in December
    classify(transaction, 5010)
    # then November is as it was signed
    dates = db.session.scalars(select(Entry.entry_date).where(Entry.idem_key == f"bt:{transaction}")).all()
    assert str(max(dates)) == "2026-12-01"
    assert sound() == ()


def test_a_second_person_decides_where_the_organisation_has_two(app: Flask) -> None:
    two_must_approve()
    transaction = an_unknown_transaction()
    row = classify(transaction).id
    assert (2990, "suspense", "GBP", 600) in lines_of(transaction)
    with pytest.raises(NeedsAnother):
        decide(row, actor="tara")
    with pytest.raises(DecisionWaiting):
        classify(transaction, 5010)
    decide(row)
    assert (5020, "general", "GBP", 600) in lines_of(transaction)
    with pytest.raises(AlreadyDone):
        decide(row)
    # and one that is refused changes nothing, and lets another be asked for
    second = classify(transaction, 5010).id
    decide(second, yes=False)
    assert (5020, "general", "GBP", 600) in lines_of(transaction)
    decide(classify(transaction, 5010).id)
    assert (5010, "general", "GBP", 600) in lines_of(transaction)


@pytest.mark.parametrize("account", [1000, 2010, 2990, 4000, 4010, 5900])
def test_it_may_not_become_just_anything(app: Flask, account: int) -> None:
    transaction = an_unknown_transaction()
    with pytest.raises(NotUnclassified):
        classify(transaction, account)
    assert (2990, "suspense", "GBP", 600) in lines_of(transaction)


def test_what_an_unknown_movement_may_become_is_never_in_the_public_total() -> None:
    assert not set(OF_AN_UNKNOWN_TRANSACTION) & PUBLIC_ACCOUNTS
    # and of the accounts on which something waits only the one with its own item there
    assert set(OF_AN_UNKNOWN_TRANSACTION) & CLEARING == {1040}


def test_what_is_known_by_its_kind_and_what_is_not_there_cannot_be_named(app: Flask) -> None:
    known = booked(a_transaction(None, Money(-650, "GBP"), 0, reporting_category="fee"))
    for name in (known, "txn_none"):
        with pytest.raises(NotUnclassified):
            classify(name)
    with pytest.raises(NothingToDecide):
        classify(an_unknown_transaction(), slug="suspense")


def test_the_same_form_names_it_once(app: Flask) -> None:
    transaction = an_unknown_transaction()
    first = classify(transaction, form_key="k").id
    assert classify(transaction, form_key="k").id == first
    with pytest.raises(SentBefore):
        classify(transaction, 5010, form_key="k")


def test_a_transfer_is_found_at_the_bank_and_then_stands_until_the_match_is_undone(app: Flask) -> None:
    # given one that a treasurer says went to our own account
    transaction = an_unknown_transaction(-600)
    classify(transaction, 1040)
    # when its line is matched to it
    line = a_line(a_bank_account(), 600)
    match(line, matches.Said("own_account", 600, target=transaction))
    # then nothing is in transit, fund by fund
    fresh()
    moved: dict[str, int] = {}
    for lines in live_lines().values():
        for account, slug, _, minor in lines:
            if account == 1040:
                moved[slug] = moved.get(slug, 0) + minor
    assert set(moved.values()) == {0}
    # and it cannot become something else under that match
    with pytest.raises(MatchedBefore):
        classify(transaction)
    with write_unit() as conn:
        matches.undo(conn, line, actor="tara", at=NOON)
    classify(transaction)
    assert sound() == ()


def test_a_payment_without_a_reference_is_assigned_with_a_second_person(app: Flask) -> None:
    # given unidentified money, where two people approve
    two_must_approve()
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    told = ("form 1", fund_id("ali"), "a reader's own letter")
    with write_unit() as conn:
        row = classification.ask(conn, Asked(*told, charge_id=charge.charge_id), actor="tara", at=NOON).id
    assert raised() == 0
    # when the second one agrees
    decide(row)
    # then it is counted
    assert raised() == 2000
    assert sound() == ()


def test_a_payment_is_not_assigned_to_a_fund_without_an_appeal_or_where_it_is_unknown(app: Flask) -> None:
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    accepted(100)
    for name, slug in ((charge.charge_id, "suspense"), ("ch_none", "ali")):
        with pytest.raises(NothingToDecide), write_unit() as conn:
            classification.ask(conn, Asked("k", fund_id(slug), "x", charge_id=name), actor="tara", at=NOON)
