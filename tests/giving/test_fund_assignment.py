"""A treasurer's decision: a payment belongs to that fund, and everything follows: entries, totals, counts, receipt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import giving, ledger
from donations.database import write_unit
from donations.errors import NothingToDecide, PostingStopped
from donations.extensions import db
from donations.facts import Charge
from donations.models import (
    Appeal,
    AppealTotal,
    Decision,
    Donation,
    Entry,
    Fund,
    FundTotal,
    Payment,
    PostingStop,
    Receipt,
)
from tests.events import a_charge, a_transaction, balances, fresh, hear, live_lines, rows
from tests.factories import NOON, a_donation, gbp
from tests.ledger.stories import Payment as Told
from tests.ledger.test_every_order import hear as tell

LATER = NOON + timedelta(days=2)
TABLES = ("donation", "allocation", "decision", "payment", "entry", "posting", "receipt", "mail")


def assign(charge_id: str, slug: str, reason: str = "She told us so.") -> None:
    with write_unit() as conn:
        fund = db.session.scalars(select(Fund).where(Fund.slug == slug)).one()
        giving.assign(conn, charge_id, fund, reason=reason, actor="treasurer", at=LATER)


def unreferenced(*, fee: int | None = 50) -> str:
    """A charge of 20.00 that says nothing of a donation of ours."""
    return heard(a_charge(None, gbp("20.00")), fee)


def meant_for(slug: str, *, fee: int | None = 50) -> str:
    """A donation of 20.00 to this appeal's first fund."""
    with write_unit():
        reference = a_donation(Appeal.any_by_slug(slug)).reference
    return heard(a_charge(reference, gbp("20.00")), fee)


def heard(charge: Charge, fee: int | None) -> str:
    hear(charge)
    if fee is not None:
        hear(a_transaction(charge.charge_id, gbp("20.00"), fee))
    return charge.charge_id


def raised() -> dict[str, int]:
    """What is stored per fund, where it is not zero."""
    fresh()
    found = db.session.execute(select(Fund.slug, FundTotal.raised_minor).join(FundTotal, FundTotal.fund_id == Fund.id))
    return {slug: minor for slug, minor in found if minor}


def counted() -> dict[str, int]:
    """How many donations each appeal counts, where any."""
    fresh()
    found = select(Appeal.slug, AppealTotal.donations).join(AppealTotal, AppealTotal.appeal_id == Appeal.id)
    return {slug: count for slug, count in db.session.execute(found) if count}


def donation_of(charge_id: str) -> Donation:
    fresh()
    payment = db.session.scalars(select(Payment).where(Payment.charge_id == charge_id)).one()
    return db.session.get_one(Donation, payment.donation_id)


def all_rows() -> dict[str, int]:
    fresh()
    return {table: rows(table) for table in TABLES}


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), LATER).sound


def whole(slug: str) -> dict[tuple[int, str, str, str | None], int]:
    """The balances of a donation of 20.00 with its fee of 0.50, all in one fund."""
    return {(1100, slug, "GBP", None): 1950, (5000, slug, "GBP", None): 50, (4000, slug, "GBP", None): -2000}


def test_a_charge_without_a_reference_becomes_a_gift(app: Flask) -> None:
    # given a charge with no known fund
    charge_id = unreferenced()
    assert (raised(), counted(), rows("receipt")) == ({}, {}, 0)
    assert (2010, "suspense", "GBP", charge_id) in balances()
    # when the treasurer places it
    assign(charge_id, "sakharovo")
    # then it is raised, counted and receipted, and 2010 is clear
    assert balances() == whole("sakharovo")
    assert (raised(), counted()) == ({"sakharovo": 2000}, {"hands-off-ali": 1})
    donation = donation_of(charge_id)
    assert (donation.state, donation.appeal.slug, donation.amount_minor) == ("paid", "hands-off-ali", 2000)
    assert (donation.email_sealed, donation.name_sealed) == (None, None)
    receipt = db.session.query(Receipt).one()
    assert (receipt.state, receipt.amount_minor, receipt.donation_id) == ("live", 2000, donation.id)
    assert rows("mail") == 0  # no address is known
    assert sound()


def test_what_was_booked_is_reversed_and_booked_anew(app: Flask) -> None:
    charge_id = unreferenced(fee=None)
    assign(charge_id, "ali")
    key = f"charge:{charge_id}:gift"
    assert live_lines()[key] == [(1105, "ali", "GBP", 2000), (4000, "ali", "GBP", -2000)]
    assert db.session.scalar(text("SELECT count(*) FROM entry WHERE reverses IS NOT NULL")) == 1
    assert rows("entry") == 3


def test_the_decision_is_kept_with_its_reason_and_who_made_it(app: Flask) -> None:
    charge_id = unreferenced()
    assign(charge_id, "ali", "Her letter of the 20th names Ali.")
    decision = db.session.query(Decision).one()
    assert (decision.reason, decision.actor) == ("Her letter of the 20th names Ali.", "treasurer")
    assert decision.decided_at == LATER


def test_a_fee_that_comes_after_the_decision_belongs_to_the_fund(app: Flask) -> None:
    charge_id = unreferenced(fee=None)
    assign(charge_id, "ali")
    hear(a_transaction(charge_id, gbp("20.00"), 50))
    assert balances() == whole("ali")
    assert sound()


def test_a_gift_moves_to_another_fund_of_its_appeal(app: Flask) -> None:
    charge_id = meant_for("hands-off-ali")
    key = f"charge:{charge_id}:gift"
    assign(charge_id, "ali-family")
    assert balances() == whole("ali-family")
    assert (raised(), counted()) == ({"ali-family": 2000}, {"hands-off-ali": 1})
    # its entry was reversed, and is live in its next revision
    written = db.session.scalars(select(Entry).where(Entry.idem_key == key).order_by(Entry.revision)).all()
    assert [entry.revision for entry in written] == [1, 2]
    reversal = db.session.scalars(select(Entry).where(Entry.reverses == written[0].id)).one()
    assert reversal.source_id == written[0].source_id
    assert (rows("receipt"), rows("donation")) == (1, 1)
    assert sound()


def test_a_gift_moves_to_another_appeal_with_its_count(app: Flask) -> None:
    charge_id = meant_for("hands-off-ali")
    other = meant_for("hands-off-ali", fee=None)
    assert counted() == {"hands-off-ali": 2}
    assign(charge_id, "kozlov")
    assert raised() == {"ali": 2000, "kozlov": 2000}
    assert counted() == {"hands-off-ali": 1, "campaign-kazakhstan": 1}
    assert donation_of(charge_id).appeal.slug == "campaign-kazakhstan"
    assert donation_of(other).appeal.slug == "hands-off-ali"
    assert balances([charge_id]) == whole("kozlov")
    assert sound()


def test_a_declined_gift_moves_without_being_counted(app: Flask) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    charge = a_charge(reference, gbp("20.00"), status="failed")
    hear(charge)
    assign(charge.charge_id, "kozlov")
    assert (raised(), counted(), balances()) == ({}, {}, {})
    assert sound()


def test_of_two_decisions_the_newest_counts(app: Flask) -> None:
    charge_id = unreferenced()
    for slug in ("ali", "kozlov", "sakharovo"):
        assign(charge_id, slug)
    assert balances() == whole("sakharovo")
    assert (raised(), counted()) == ({"sakharovo": 2000}, {"hands-off-ali": 1})
    assert (rows("decision"), rows("donation"), rows("receipt")) == (3, 1, 1)
    assert sound()


def test_the_same_decision_again_books_nothing(app: Flask) -> None:
    charge_id = unreferenced()
    assign(charge_id, "ali")
    before = all_rows()
    assign(charge_id, "ali")
    assert all_rows() == {**before, "decision": 2}


def test_a_refund_after_a_decision_comes_off_the_decided_fund(app: Flask) -> None:
    with write_unit():
        gift = Told(a_donation(Appeal.any_by_slug("hands-off-ali"), split={"ali": 2000, "sakharovo": 1000}).reference)
    tell([gift.succeeded(), gift.fee()])
    assign(gift.id, "kozlov")
    refund = gift.refund(1000)
    tell([refund, gift.listed("refund", -1000, refund[1]["id"], minutes=11)])
    assert raised() == {"kozlov": 2000}
    assert counted() == {"campaign-kazakhstan": 1}
    assert balances()[4050, "kozlov", "GBP", None] == 1000
    assert {slug for _, slug, _, _ in balances()} == {"kozlov"}
    # and a decision after the refund takes it along
    assign(gift.id, "sakharovo")
    assert (raised(), counted()) == ({"sakharovo": 2000}, {"hands-off-ali": 1})
    assert sound()


def test_an_unknown_charge_is_refused_and_nothing_is_written(app: Flask) -> None:
    before = all_rows()
    with pytest.raises(NothingToDecide):
        assign("ch_unknown", "ali")
    assert all_rows() == before


def test_a_charge_known_only_by_its_refund_is_refused_until_it_is_told(app: Flask) -> None:
    gift = Told("not-ours")
    tell([gift.refund(1000)])
    before = all_rows()
    with pytest.raises(NothingToDecide):
        assign(gift.id, "ali")
    assert all_rows() == before
    tell([gift.succeeded()])
    assign(gift.id, "ali")
    assert raised() == {"ali": 2000}
    assert sound()


@pytest.mark.parametrize("kind", ["suspense", "general"])
def test_a_fund_without_an_appeal_is_refused_and_nothing_is_written(app: Flask, kind: str) -> None:
    charge_id = unreferenced()
    before = all_rows()
    slugs = db.session.scalars(select(Fund.slug).where(Fund.kind == kind, Fund.appeal_id.is_(None))).all()
    for slug in slugs:
        with pytest.raises(NothingToDecide):
            assign(charge_id, slug)
    assert slugs or kind == "general"
    assert all_rows() == before


def test_while_posting_is_stopped_nothing_can_be_decided(app: Flask) -> None:
    charge_id = unreferenced()
    with write_unit():
        db.session.add(PostingStop(id=1, since=NOON, reason="I10"))
    before = all_rows()
    with pytest.raises(PostingStopped):
        assign(charge_id, "ali")
    assert all_rows() == before
