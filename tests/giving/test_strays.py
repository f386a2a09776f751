"""Charges that carry a donation's reference and are not its payment: in another currency, or beside a charge that has
paid. They are held for a person; donation, receipt and total stay as they were, in whatever order we hear of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import select

from donations import facts, giving, ledger
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Charge, Stray
from donations.models import Appeal, Donation, Fund, FundTotal, Mail, Receipt, StrayPayment
from donations.money import Money
from tests.events import a_charge, a_transaction, balances, fresh, hear, live_lines
from tests.factories import NOON, a_donation, eur, gbp
from tests.fixtures.settings import environ_for

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    return {**environ_for(database_url), "ALERT_EMAIL": "treasurer@example.org"}


@pytest.fixture
def reference(app: Flask) -> str:
    """A donation of £20.00 that is not paid yet."""
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def state(reference: str) -> tuple[str, list[tuple[str, str, int, str]]]:
    """The donation's state, and its receipts by number."""
    fresh()
    donation = Donation.by_reference(reference)
    found = db.session.scalars(select(Receipt).where(Receipt.donation_id == donation.id).order_by(Receipt.number))
    return donation.state, [(one.label, one.state, one.amount_minor, one.currency) for one in found]


def raised() -> int:
    return sum(db.session.scalars(select(FundTotal.raised_minor)).all())


def held() -> list[str]:
    fresh()
    return sorted(db.session.scalars(select(StrayPayment.reason)))


def unidentified() -> dict[str, int]:
    """What is owed an explanation, by charge."""
    return {key[3] or "": minor for key, minor in balances().items() if key[0] == 2010}


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), LATER).sound


PAID = ("paid", [("R-000001", "live", 2000, "GBP")])


def test_a_charge_in_another_currency_is_held_and_leaves_the_receipt_alone(reference: str) -> None:
    # given a donation of £20.00 that was paid
    hear(a_charge(reference, gbp("20.00")))
    # when a charge over €50.00 carries its reference too
    stranger = a_charge(reference, eur("50.00"), at=LATER)
    hear(stranger, at=LATER)
    # then nothing of the donation has changed, and the money waits for a person
    assert state(reference) == PAID
    assert (raised(), held(), unidentified()) == (2000, ["other_currency"], {stranger.charge_id: -5000})
    assert sound()
    # and the treasurers are told once, however often it is heard of
    hear(stranger, at=LATER)
    alarms = db.session.scalars(select(Mail).where(Mail.dedupe_key.like("alarm:stray charge%"))).all()
    assert len(alarms) == 1


def test_a_second_charge_beside_a_paid_one_is_held_too(reference: str) -> None:
    hear(a_charge(reference, gbp("20.00")))
    second = a_charge(reference, gbp("20.00"), at=LATER)
    hear(second, at=LATER)
    assert state(reference) == PAID
    assert (raised(), held(), unidentified()) == (2000, ["paid_already"], {second.charge_id: -2000})
    assert sound()


@pytest.mark.parametrize("amounts", [(2000, 2000, 700), (2000, 3000, 2000)])
def test_which_charge_pays_does_not_depend_on_the_order_in_which_they_are_heard(
    app: Flask, amounts: tuple[int, int, int]
) -> None:
    ends = set()
    for order in permutations(range(4)):
        # given three charges with one reference, an hour apart, and one in dollars, heard in this order
        with write_unit():
            reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
        charges = [
            a_charge(reference, Money(minor, "GBP"), at=NOON + place * timedelta(hours=1))
            for place, minor in enumerate(amounts)
        ]
        charges.append(a_charge(reference, Money(4000, "EUR"), at=NOON - timedelta(hours=1)))
        before = raised()
        for place in order:
            hear(charges[place], at=LATER)
        # then the first pays, and the others wait
        named = {one.charge_id: place for place, one in enumerate(charges)}
        kept = {named[ref]: minor for ref, minor in unidentified().items() if ref in named}
        live = [one[2:] for one in state(reference)[1] if one[1] == "live"]
        ends.add((raised() - before, tuple(sorted(kept.items())), state(reference)[0], *live))
    waiting = ((1, -amounts[1]), (2, -amounts[2]), (3, -4000))
    assert ends == {(amounts[0], waiting, "paid", (amounts[0], "GBP"))}
    assert sound()


def test_a_charge_that_pays_after_a_debit_had_failed_is_the_payment(reference: str) -> None:
    debit = a_charge(reference, gbp("20.00"), method="bacs_debit")
    hear(debit)
    hear(a_charge(reference, gbp("20.00"), method="bacs_debit", status="failed", charge_id=debit.charge_id))
    hear(a_charge(reference, gbp("20.00"), at=LATER), at=LATER)
    assert (state(reference)[0], raised(), held()) == ("paid", 2000, [])
    assert sound()


def test_a_stray_alone_does_not_pay_for_the_donation(reference: str) -> None:
    hear(a_charge(reference, eur("50.00")))
    assert state(reference) == ("pending", [])
    assert held() == ["other_currency"]
    # and the right charge still does
    hear(a_charge(reference, gbp("20.00"), at=LATER), at=LATER)
    assert (state(reference), held()) == (PAID, ["other_currency"])
    assert sound()


def _assigned(charge: Charge) -> None:
    with write_unit() as conn:
        fund = db.session.scalars(select(Fund).where(Fund.slug == "kozlov")).one()
        giving.assign(conn, charge.charge_id, fund, reason="The donor paid twice.", actor="treasurer", at=LATER)


def _refunded(charge: Charge) -> None:
    refund = facts.Refund("re_stray", charge.charge_id, charge.amount, "succeeded", LATER)
    with write_unit() as conn:
        giving.refunds.apply_refund(conn, refund, at=LATER)


@pytest.mark.parametrize(("way_out", "more"), [(_assigned, 2000), (_refunded, 0)])
def test_a_stray_has_two_ways_out_and_neither_touches_the_donation(
    reference: str, way_out: Callable[[Charge], None], more: int
) -> None:
    hear(a_charge(reference, gbp("20.00")))
    second = a_charge(reference, gbp("20.00"), at=LATER)
    hear(second, at=LATER)
    # when a treasurer decides
    way_out(second)
    # then the money is explained, the donation and its receipt are as before
    assert (state(reference), unidentified(), raised()) == (PAID, {}, 2000 + more)
    assert sound()
    # and what is heard of it later changes nothing
    hear(second, at=LATER)
    hear(a_transaction(second.charge_id, gbp("20.00"), 50, at=LATER), at=LATER)
    assert (state(reference), unidentified(), raised()) == (PAID, {}, 2000 + more)
    assert sound()


def test_what_was_counted_together_before_stays_so(reference: str) -> None:
    # given a donation that two charges were counted for, by the rule of an earlier version
    with write_unit():
        Donation.by_reference(reference).joint_until = NOON
    for at in (NOON - timedelta(minutes=5), NOON):
        hear(a_charge(reference, gbp("20.00"), at=at), at=at)
    before = live_lines()
    assert (raised(), held()) == (4000, [])
    # when it is looked at again, and a third charge comes
    hear(a_charge(reference, gbp("20.00"), at=LATER), at=LATER)
    # then the first two stay, the third is held
    assert (raised(), held(), state(reference)[1][-1]) == (4000, ["paid_already"], ("R-000002", "live", 4000, "GBP"))
    assert {key: lines for key, lines in live_lines().items() if key in before} == before
    assert sound()


def charge(
    number: int, minute: int, *, currency: str = "GBP", failed: bool = False, account: str | None = None
) -> object:
    moment = NOON + timedelta(minutes=minute)

    class Row:
        id, charge_id = number, f"ch_{number}"
        succeeded_at, first_seen_at = moment, moment
        failed_at: datetime | None = moment if failed else None
        reference, for_account = "its own", account

    Row.currency = currency  # type: ignore[attr-defined]
    return Row


@pytest.mark.parametrize(
    ("charges", "expected"),
    [
        ([charge(1, 0)], {}),
        ([charge(1, 5), charge(2, 0)], {1: Stray.PAID_ALREADY}),
        ([charge(1, 0, failed=True), charge(2, 5)], {}),
        ([charge(1, 0), charge(2, 5, failed=True)], {}),
        ([charge(1, 0, currency="EUR"), charge(2, 5)], {1: Stray.OTHER_CURRENCY}),
        ([charge(2, 0), charge(1, 0)], {2: Stray.PAID_ALREADY}),
        ([charge(1, 0, account="acct_another"), charge(2, 5)], {1: Stray.OTHER_ACCOUNT}),
    ],
)
def test_the_rule_itself(charges: list[object], expected: dict[int, Stray]) -> None:
    class Of:
        reference, currency, joint_until = "its own", "GBP", None

    assert facts.stray_payments.find(Of, charges) == expected


def test_what_another_account_takes_is_no_donation_until_a_person_says_so(reference: str) -> None:
    # given a charge with the reference of a donation, whose money Stripe passes on to another account
    taken = a_charge(reference, gbp("20.00"), for_account="acct_another")
    hear(taken)
    hear(a_transaction(taken.charge_id, gbp("20.00"), 50))
    # then it waits for a person, and the donation is not paid
    assert (state(reference), held(), raised()) == (("pending", []), ["other_account"], 0)
    assert unidentified() == {taken.charge_id: -2000}
    # when a person says that it is ours after all, then it stays so, whatever is heard of it again
    with write_unit() as conn:
        fund = db.session.query(Fund).filter_by(slug="ali").one()
        giving.assign(conn, taken.charge_id, fund, reason="our own shop's account", actor="1", at=LATER)
    hear(taken)
    assert (state(reference), held(), raised()) == (("pending", []), [], 2000)
    assert ledger.check(db.session.connection(), NOON).findings == ()
