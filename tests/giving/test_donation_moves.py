"""A donation that was meant for another fund moves whole: allocation, terms, entries, count, and, once it can no longer
be undone, a receipt that names its fund, or none where the appeal names none."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from donations import giving, ledger, receipts
from donations.database import write_unit
from donations.errors import NothingToDecide, NotToBeCorrected
from donations.extensions import db
from donations.giving import NewDonation
from donations.models import Appeal, Donation, Fund, Mail, Payment, Receipt, ReceiptChange
from donations.reconciliation import donation_moves
from donations.worker.receipts import change_receipts
from tests.events import a_charge, fresh, hear, live_lines
from tests.factories import NOON, gbp
from tests.ledger.stories import Payment as Told
from tests.ledger.test_every_order import hear as tell
from tests.reconciliation.steps import a_gift

DUE = NOON + receipts.UNDO_WITHIN


def name_funds(*slugs: str) -> None:
    with write_unit():
        for slug in slugs:
            Appeal.any_by_slug(slug).names_on_receipt = True


def fund(slug: str) -> Fund:
    return db.session.scalars(select(Fund).where(Fund.slug == slug)).one()


def begun(slug: str = "ali") -> str:
    """A donation of 20.00 to a fund, not paid yet. Returns its reference."""
    with write_unit():
        gift = NewDonation(
            amount=gbp("20.00"), interval="once", fund=fund(slug), name="Maya", email="maya@example.org", message="",
            display="secret", language="en", nonce="a-nonce",
        )  # fmt: skip
        appeal = fund(slug).appeal
        assert appeal is not None
        return giving.begin(appeal, gift, NOON).reference


def paid(slug: str = "ali") -> str:
    reference = begun(slug)
    hear(a_charge(reference, gbp("20.00")))
    return reference


def move(number: str, slug: str, *, hours: int = 0) -> None:
    with write_unit() as conn:
        at = NOON + timedelta(hours=hours)
        donation_moves.move(conn, number, fund(slug), reason="Her letter.", actor="tara", at=at)


def frozen(number: int) -> dict[str, Any]:
    """What the first, the second … receipt says."""
    fresh()
    issued = db.session.scalars(select(Receipt).order_by(*receipts.IN_ORDER)).all()
    said: dict[str, Any] = json.loads(issued[number - 1].payload)
    return said


def states() -> list[str]:
    fresh()
    return list(db.session.scalars(select(Receipt.state).order_by(Receipt.number)))


def waits() -> bool:
    fresh()
    return db.session.query(ReceiptChange).count() == 1


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), NOON).sound


def test_allocation_terms_and_entries_follow_at_once_and_the_receipt_in_two_hours(app: Flask) -> None:
    name_funds("hands-off-ali")
    reference = paid()
    move(reference, "ali-family")
    fresh()
    donation = Donation.by_reference(reference)
    assert [(one.fund_id, one.amount_minor) for one in donation.allocations] == [(fund("ali-family").id, 2000)]
    assert donation.terms["fund_names"] == ["Ali's family"]
    assert {slug for lines in live_lines().values() for _, slug, _, _ in lines} == {"ali-family"}
    assert (states(), waits(), sound()) == (["live"], True, True)
    change_receipts(DUE - timedelta(seconds=1))
    assert states() == ["live"]
    change_receipts(DUE)
    assert (states(), waits(), sound()) == (["replaced", "live"], False, True)
    assert (frozen(2)["fund_names"], frozen(2)["replaces"]) == (["Ali's family"], "R-000001")
    assert receipts.cause_of_end(receipts.by_label("R-000001")) == "moved"


def test_a_receipt_names_no_fund_where_the_new_appeal_names_none(app: Flask) -> None:
    name_funds("hands-off-ali")
    move(paid(), "kozlov")
    change_receipts(DUE)
    assert (frozen(2)["appeal_title"], frozen(2)["fund_names"], frozen(2)["restriction"]) == ("", [], "")


def test_a_receipt_that_names_nothing_before_and_after_is_left_alone_and_nothing_waits(app: Flask) -> None:
    move(paid(), "kozlov")
    assert not waits()
    change_receipts(DUE)
    assert states() == ["live"]


def test_a_donation_that_is_moved_back_in_time_keeps_its_receipt(app: Flask) -> None:
    name_funds("hands-off-ali")
    reference = paid()
    move(reference, "sakharovo")
    move(reference, "ali", hours=1)
    assert not waits()
    change_receipts(DUE + timedelta(hours=2))
    assert (states(), db.session.query(Mail).count(), sound()) == (["live"], 1, True)


def test_a_move_to_the_fund_it_is_for_already_keeps_the_words_it_was_given_with(app: Flask) -> None:
    name_funds("hands-off-ali")
    reference = paid()
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").surplus = {"en": "Other words."}
    move(reference, "ali")
    fresh()
    assert Donation.by_reference(reference).terms["restriction"].startswith("If Ali is freed")


def test_a_refund_after_a_move_is_receipted_for_the_new_fund(app: Flask) -> None:
    name_funds("hands-off-ali")
    payment = Told(begun())
    payment.charge["amount"] = payment.charge["amount_captured"] = 2000
    tell([payment.succeeded()])
    move(payment.id, "ali-family")
    tell([payment.refund(500)])
    assert (frozen(2)["amount_minor"], frozen(2)["fund_names"]) == (1500, ["Ali's family"])
    # and when the two hours are over there is nothing left to say
    change_receipts(DUE)
    assert (states(), waits(), sound()) == (["replaced", "live"], False, True)


def joint(reference: str) -> str:
    """A donation that several charges are counted for, as they were before a second one was held for a person."""
    with write_unit():
        Donation.by_reference(reference).joint_until = NOON
    return reference


def test_all_payments_of_a_donation_move_with_it(app: Flask) -> None:
    reference = joint(paid())
    hear(a_charge(reference, gbp("20.00")))
    first = db.session.scalars(select(Payment.charge_id).order_by(Payment.id)).first()
    assert first is not None
    move(first, "kozlov")
    assert {slug for lines in live_lines().values() for _, slug, _, _ in lines} == {"kozlov"}
    assert sound()


@pytest.mark.parametrize("number", ["r-000001", "R-000001"])
def test_a_donation_is_moved_by_the_number_of_its_receipt(app: Flask, number: str) -> None:
    reference = paid()
    move(number, "kozlov")
    fresh()
    assert Donation.by_reference(reference).appeal.slug == "campaign-kazakhstan"


def test_what_is_not_there_or_was_cancelled_does_not_move(app: Flask) -> None:
    with pytest.raises(NothingToDecide):
        move("R-999999", "ali")
    gift = a_gift(1000)
    with write_unit() as conn:
        giving.offline_donations.cancel(conn, gift, actor="tara", at=NOON)
    with pytest.raises(NotToBeCorrected), write_unit() as conn:
        donation_moves.move_offline(conn, gift, fund("kozlov"), at=NOON)


def test_the_day_on_a_receipt_is_the_day_of_the_first_money_whichever_payment_changes_it(app: Flask) -> None:
    reference = joint(begun())
    first = a_charge(reference, gbp("20.00"), at=NOON - timedelta(days=3))
    second = a_charge(reference, gbp("20.00"))
    for charge in (second, first):  # heard of in the wrong order
        hear(charge)
    assert (frozen(1)["received_on"], frozen(2)["received_on"]) == ("2026-11-21", "2026-11-18")
    hear(a_charge(reference, gbp("20.00"), charge_id=second.charge_id, status="failed"))
    assert frozen(3)["received_on"] == "2026-11-18"
