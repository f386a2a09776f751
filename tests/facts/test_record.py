"""The mirrors go forward only: what is known stays, what was empty is filled in, and a later, poorer or repeated report
changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from donations import facts
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, BalanceTransaction, Donation, Payment
from donations.money import Money
from tests.events import a_charge, a_transaction, fresh, hear, new_id
from tests.factories import NOON, a_donation, gbp

LATER = NOON + timedelta(days=1)


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def payment(charge_id: str) -> Payment:
    fresh()
    return db.session.query(Payment).filter_by(charge_id=charge_id).one()


def seen(charge_id: str) -> dict[str, Any]:
    row = payment(charge_id)
    return {column.name: getattr(row, column.name) for column in Payment.__table__.columns if column.name != "id"}


def test_a_later_and_poorer_word_changes_nothing_that_is_known(reference: str) -> None:
    # given everything about a charge
    charge = a_charge(reference, gbp("20.00"), balance_transaction_id="txn_1")
    hear(charge)
    before = seen(charge.charge_id)
    # when an older report of it arrives, which knows less and has it pending
    poorer = replace(
        charge, status="pending", intent_id=None, reference=None, method=None, balance_transaction_id=None,
        charged_at=LATER, amount=gbp("19.00"),
    )  # fmt: skip
    hear(poorer, at=LATER)
    # then nothing has changed
    assert seen(charge.charge_id) == before
    fresh()
    assert Donation.by_reference(reference).state == "paid"


def test_words_about_one_charge_complete_each_other_in_any_order(app: Flask) -> None:
    told = []
    for order in permutations(range(3)):
        with write_unit():
            reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
        charge = a_charge(reference, gbp("20.00"), charge_id=new_id("ch"), intent_id="pi_1")
        words = [
            replace(charge, status="pending", method=None),
            replace(charge, intent_id=None),
            replace(charge, balance_transaction_id="txn_1"),
        ]
        for number in order:
            hear(words[number])
        row = seen(charge.charge_id)
        assert row.pop("donation_id") is not None
        del row["charge_id"], row["reference"]
        told.append(row)
    assert all(row == told[0] for row in told)
    assert (told[0]["intent_id"], told[0]["method"], told[0]["balance_transaction_id"]) == ("pi_1", "card", "txn_1")
    assert (told[0]["succeeded_at"], told[0]["failed_at"]) == (NOON, None)


def test_a_root_that_was_made_for_its_balance_transaction_is_filled_in_by_its_charge(reference: str) -> None:
    charge = a_charge(reference, gbp("20.00"))
    hear(a_transaction(charge.charge_id, gbp("20.00"), 50))
    empty = payment(charge.charge_id)
    assert (empty.amount_minor, empty.donation_id, empty.succeeded_at) == (None, None, None)
    hear(charge, at=LATER)
    full = payment(charge.charge_id)
    assert (full.amount_minor, full.succeeded_at, full.first_seen_at) == (2000, NOON, NOON)
    assert full.donation_id is not None


def test_a_balance_transaction_does_not_change(reference: str) -> None:
    charge = a_charge(reference, gbp("20.00"))
    transaction = a_transaction(charge.charge_id, gbp("20.00"), 50, id="txn_1")
    hear(transaction)
    hear(replace(transaction, fee_minor=60, net_minor=1940, charge_id=None, source_id=None))
    fresh()
    kept = db.session.get_one(BalanceTransaction, "txn_1")
    assert (kept.fee_minor, kept.net_minor, kept.source_id) == (50, 1950, charge.charge_id)
    assert kept.payment_id == payment(charge.charge_id).id


def test_a_balance_transaction_of_no_charge_has_no_root_and_is_booked_by_itself(app: Flask) -> None:
    hear(a_transaction(None, Money(-650, "GBP"), 0, id="txn_fee", type="stripe_fee", reporting_category="fee"))
    fresh()
    assert db.session.get_one(BalanceTransaction, "txn_fee").payment_id is None
    assert db.session.execute(text("SELECT idem_key FROM entry")).scalars().all() == ["bt:txn_fee"]


def test_a_root_knows_whether_it_was_made_just_now(app: Flask) -> None:
    with write_unit() as conn:
        assert facts.lock_root(conn, "ch_1", at=NOON).is_new
        again = facts.lock_root(conn, "ch_1", at=LATER)
        assert not again.is_new
        assert again.row.first_seen_at == NOON
