"""What an appeal has raised, by its one public definition: in step with the ledger, by period, beside other
currencies, and hidden where amounts are hidden."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from donations import totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealTotal
from donations.money import Money
from donations.periods import NO_PERIOD
from tests.events import a_charge, a_transaction, fresh, hear
from tests.factories import NOON, a_donation, eur, gbp
from tests.totals.steps import change, public, receive, sound


def test_a_total_is_everything_received_before_fees(app: Flask) -> None:
    # given nothing yet
    before = public("hands-off-ali")
    assert (before.raised, before.donations, before.percent) == (gbp("0"), 0, 0)
    # when two donations arrive, and the fee of one
    receive("hands-off-ali", gbp("100.00"))
    charge_id = receive("hands-off-ali", gbp("30.00"), split={"ali": 1800, "ali-family": 600, "sakharovo": 600})
    hear(a_transaction(charge_id, gbp("30.00"), 62))
    # then the fee is not taken off
    after = public("hands-off-ali")
    assert (after.raised, after.donations) == (gbp("130.00"), 2)
    assert after.funds == (("ali", gbp("118.00")), ("ali-family", gbp("6.00")), ("sakharovo", gbp("6.00")))
    assert after.goal == gbp("12000")
    assert (after.slug, after.state, after.currency) == ("hands-off-ali", "open", "GBP")
    assert sound()


def test_what_has_not_been_received_is_not_in_the_total(app: Flask) -> None:
    with write_unit():
        a_donation(Appeal.any_by_slug("hands-off-ali"))  # begun, and nothing heard of
        refused = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
        pending = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    hear(a_charge(refused, gbp("20.00"), status="failed"))
    hear(a_charge(pending, gbp("20.00"), status="pending"))
    hear(a_charge(None, gbp("20.00")))  # another's
    assert (public("hands-off-ali").raised, public("hands-off-ali").donations) == (gbp("0"), 0)
    assert sound()


def test_the_total_of_one_appeal_is_not_moved_by_another(app: Flask) -> None:
    receive("hands-off-ali", gbp("20.00"))
    assert public("karaganda-four").raised == eur("0")
    assert public("fighting-fund").raised == gbp("0")


def test_the_fees_that_the_general_fund_bears_do_not_touch_its_total(app: Flask) -> None:
    charge_id = receive("hands-off-ali", gbp("20.00"), fee_bearer="general")
    hear(a_transaction(charge_id, gbp("20.00"), 50))
    assert public("fighting-fund").raised == gbp("0")
    assert sound()


def test_money_settled_in_another_currency_stands_beside_the_total(app: Flask) -> None:
    receive("hands-off-ali", gbp("20.00"))
    receive("hands-off-ali", eur("15.00"))
    charge_id = receive("hands-off-ali", Money(10000, "USD"))
    # Dollars are not settled in: nothing is known of their worth yet, so they are not counted either.
    known = public("hands-off-ali")
    assert (known.raised, known.also, known.donations) == (gbp("20.00"), (eur("15.00"),), 2)
    hear(a_transaction(charge_id, gbp("78.40"), 290))
    known = public("hands-off-ali")
    assert (known.raised, known.also, known.donations) == (gbp("98.40"), (eur("15.00"),), 3)
    assert sound()


def test_nothing_stands_beside_the_total_once_stripe_has_settled_otherwise(app: Flask) -> None:
    charge_id = receive("hands-off-ali", eur("15.00"))
    assert public("hands-off-ali").also == (eur("15.00"),)
    hear(a_transaction(charge_id, gbp("12.75"), 40))
    known = public("hands-off-ali")
    assert (known.raised, known.also, known.donations) == (gbp("12.75"), (), 1)
    assert sound()


@pytest.mark.parametrize(
    ("minor", "percent"),
    [(1, 0), (11999, 0), (12000, 1), (1199999, 99), (1200000, 100), (1812000, 151), (2400000, 200)],
)
@pytest.mark.databases("sqlite")
def test_the_percentage_is_floored_and_goes_past_a_hundred(app: Flask, minor: int, percent: int) -> None:
    receive("hands-off-ali", Money(minor, "GBP"))  # of a goal of 12,000.00
    assert public("hands-off-ali").percent == percent


def test_without_a_goal_there_is_no_percentage(app: Flask) -> None:
    change("hands-off-ali", goal_minor=None)
    receive("hands-off-ali", gbp("20.00"))
    assert (public("hands-off-ali").percent, public("hands-off-ali").goal) == (None, None)


LONDON = [
    # the moment by UTC, the first day of the quarter it belongs to in London
    (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), date(2026, 10, 1)),
    (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    (datetime(2027, 3, 31, 22, 59, 59, tzinfo=UTC), date(2027, 1, 1)),  # summer time began on 28 March
    (datetime(2027, 3, 31, 23, 0, tzinfo=UTC), date(2027, 4, 1)),
    (datetime(2027, 6, 30, 22, 59, 59, tzinfo=UTC), date(2027, 4, 1)),
    (datetime(2027, 6, 30, 23, 0, tzinfo=UTC), date(2027, 7, 1)),
    (datetime(2027, 9, 30, 23, 0, tzinfo=UTC), date(2027, 10, 1)),
    (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2028, 1, 1)),
]


@pytest.mark.parametrize(("moment", "quarter"), LONDON)
def test_a_quarter_begins_at_midnight_where_the_organisation_is(app: Flask, moment: datetime, quarter: date) -> None:
    # given a donation at this moment
    receive("fighting-fund", gbp("20.00"), at=moment)
    # then it is in the total of its own quarter
    known = public("fighting-fund", moment)
    assert (known.raised, known.donations, known.period_start) == (gbp("20.00"), 1, quarter)
    # and in no other
    for other in (moment - timedelta(days=93), moment + timedelta(days=93)):
        assert public("fighting-fund", other).raised == gbp("0")
    assert sound()


def test_a_new_quarter_begins_with_nothing_and_a_version_of_its_own(app: Flask) -> None:
    last, first = datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    receive("fighting-fund", gbp("20.00"), at=last)
    old, new = public("fighting-fund", last), public("fighting-fund", first)
    assert (old.raised, old.period_end) == (gbp("20.00"), date(2026, 12, 31))
    assert (new.raised, new.donations, new.period_end) == (gbp("0"), 0, date(2027, 3, 31))
    assert new.version != old.version
    assert new.as_of == datetime(2027, 1, 1, tzinfo=UTC) > old.as_of


def test_an_appeal_without_a_period_counts_for_ever(app: Flask) -> None:
    receive("hands-off-ali", gbp("20.00"), at=datetime(2026, 11, 30, tzinfo=UTC))
    receive("hands-off-ali", gbp("20.00"), at=datetime(2029, 2, 1, tzinfo=UTC))
    known = public("hands-off-ali", datetime(2029, 2, 2, tzinfo=UTC))
    assert (known.raised, known.period_start, known.period_end) == (gbp("40.00"), None, None)


@pytest.mark.parametrize("visibility", ["amounts_hidden", "holding_page", "dark"])
def test_where_amounts_are_hidden_no_figure_is_left(app: Flask, visibility: str) -> None:
    receive("hands-off-ali", gbp("20.00"))
    receive("hands-off-ali", eur("15.00"))
    change("hands-off-ali", visibility=visibility)
    hidden = public("hands-off-ali")
    assert not hidden.amounts_shown
    assert (hidden.raised, hidden.goal, hidden.percent, hidden.donations) == (None, None, None, None)
    assert (hidden.also, hidden.funds) == ((), ())


def test_every_change_of_the_total_raises_its_version(app: Flask) -> None:
    versions = [public("hands-off-ali").version]
    for minute in range(3):
        receive("hands-off-ali", gbp("1.00"), at=NOON + timedelta(minutes=minute))
        versions.append(public("hands-off-ali").version)
    assert len(set(versions)) == 4
    assert public("hands-off-ali").as_of == NOON + timedelta(minutes=2)
    with write_unit():
        totals.touch(Appeal.any_by_slug("hands-off-ali"), at=NOON + timedelta(minutes=5))
    assert public("hands-off-ali").version not in versions
    assert public("hands-off-ali").as_of == NOON + timedelta(minutes=5)
    assert public("hands-off-ali").raised == gbp("3.00")


def test_what_does_not_change_the_total_leaves_its_version(app: Flask) -> None:
    charge_id = receive("hands-off-ali", gbp("20.00"))
    version = public("hands-off-ali").version
    hear(a_transaction(charge_id, gbp("20.00"), 50), at=NOON + timedelta(hours=1))
    with write_unit():
        refused = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    hear(a_charge(refused, gbp("20.00"), status="failed"))
    assert public("hands-off-ali").version == version


def test_the_time_of_a_version_never_goes_back_even_when_a_clock_does(app: Flask) -> None:
    receive("hands-off-ali", gbp("1.00"), at=NOON)
    first = public("hands-off-ali").version
    receive("hands-off-ali", gbp("1.00"), at=NOON - timedelta(hours=1))
    assert public("hands-off-ali").as_of == NOON
    assert public("hands-off-ali").version != first
    with write_unit():
        totals.touch(Appeal.any_by_slug("hands-off-ali"), at=NOON - timedelta(hours=2))
    assert public("hands-off-ali").as_of == NOON


def test_the_stored_count_is_one_for_each_gift_however_often_it_is_heard_of(app: Flask) -> None:
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        reference, key = a_donation(appeal).reference, (appeal.id, NO_PERIOD)
        version = db.session.get_one(AppealTotal, key).version
    charge = a_charge(reference, gbp("20.00"))
    for _ in range(3):
        hear(charge)
    fresh()
    stored = db.session.get_one(AppealTotal, key)
    assert (stored.donations, stored.version) == (1, version + 1)
