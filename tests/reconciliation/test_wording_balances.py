"""The donations under each wording: counts and sums as the ledger has them, whatever became of the donations; and the
funds that a wording names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import select

from donations.appeals import wordings
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealWording, Fund
from donations.money import Money
from donations.reconciliation import appeal_wind_down, wording_balances
from donations.reconciliation.matches import Said
from tests.events import fresh
from tests.factories import NOON, gbp
from tests.reconciliation.a_month import a_gift as by_card
from tests.reconciliation.a_month import lost, refunded
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, banked, match, raised

ALI = "hands-off-ali"


def change(surplus: str, slug: str = ALI) -> None:
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        appeal.surplus = {"en": surplus}
        # From the day before on: what tests give is given at noon of one day.
        wordings.record(appeal, by="staff:1", at=NOON, source="page")


def given(slug: str = "ali") -> list[tuple[int, int, list[str]]]:
    """(version, donations, what remains) of a fund."""
    fresh()
    fund_id = db.session.scalars(select(Fund.id).where(Fund.slug == slug)).one()
    found = wording_balances.of_funds(db.session.connection(), [fund_id])[fund_id]
    return [(one.wording.number, one.donations, [str(money) for money in one.sums]) for one in found]


def test_each_wording_has_its_donations_and_what_remains_of_them(app: Flask) -> None:
    # given donations of every kind under one wording, some of them refunded or lost
    whole = by_card({"ali": 10000}, fee=170)
    by_card({"ali": 1234}, fee=41, currency="EUR")
    refunded(whole, gbp("40.00"))
    lost(by_card({"ali": 2000, "ali-family": 1000}, fee=62))
    accepted(25000)
    # and others under the next
    change("It goes to the lawyers.")
    by_card({"ali": 3000}, fee=50)
    gone = by_card({"ali": 500}, fee=20)
    refunded(gone, gbp("5.00"))
    gift, account = a_gift(700, "bank"), a_bank_account()
    match(a_line(account, 700), Said("offline_gift", 700, target=str(gift)))
    # then each sum is what came, less what went back; what is wholly gone is not counted; currencies stay apart
    assert given() == [(1, 3, ["12.34 EUR", "310 GBP"]), (2, 2, ["37 GBP"])]


def test_the_sums_of_all_wordings_are_what_was_raised(app: Flask) -> None:
    by_card({"ali": 10000, "sakharovo": 500}, fee=170)
    change("It goes to the lawyers.")
    by_card({"ali": 900, "ali-family": 100}, fee=17)
    accepted(2500, fund=None)
    banked(9999)  # An opening balance was given under no wording that we know.
    minor = 0
    for slug in ("ali", "ali-family", "sakharovo"):
        for _number, _count, sums in given(slug):
            minor += sum(int(float(one.removesuffix(" GBP")) * 100 + 0.5) for one in sums)
    assert minor == raised()


def test_what_can_be_moved_is_laid_over_the_wordings_by_what_was_given(app: Flask) -> None:
    by_card({"ali": 3000}, fee=0)
    change("It goes to the lawyers.")
    by_card({"ali": 1000}, fee=0)
    banked(1001)
    rest = appeal_wind_down.of_appeal(db.session.connection(), Appeal.any_by_slug(ALI))[0]
    assert rest.shares(1001, "GBP") == [751, 250]
    assert rest.shares(1001, "EUR") == [0, 0]
    assert sum(Money(one, "GBP").minor for one in rest.shares(1001, "GBP")) == 1001


NAMES: list[tuple[str, Sequence[str]]] = [
    ("If Ali is freed, what is left goes to the others held at Sakharovo.", ["sakharovo"]),
    ("What is left goes to Vladimir Kozlov and to Aron Atabek.", ["kozlov", "atabek"]),
    ("Остаток пойдёт другим задержанным в Сахарово.", ["sakharovo"]),
    ("What is left goes to the fighting fund.", ["general"]),
    ("What one of the three does not need goes to the other two, then to the campaign.", []),
    ("What Ali Feruz does not need is used for similar purposes.", ["ali"]),
    ("", []),
]


@pytest.mark.parametrize(("surplus", "named"), NAMES, ids=[words[:20] for words, _ in NAMES])
def test_the_funds_that_a_wording_names_are_found_and_no_others(app: Flask, surplus: str, named: Sequence[str]) -> None:
    wording = AppealWording(surplus={"en": surplus} if surplus else {}, funds=[])
    every = db.session.scalars(select(Fund).order_by(Fund.id)).all()
    assert sorted(fund.slug for fund in wording_balances.named_in(wording, every)) == sorted(named)
