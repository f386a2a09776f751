"""A discreet total changes only at its ticks, is rounded, and says nothing of who is few."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from donations import totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Organisation, PublishedTotal
from donations.money import Money
from tests.factories import NOON, eur, gbp
from tests.totals.steps import change, public, publish, receive, receive_in_three, sound

SECRET = "campaign-kazakhstan"  # it is discreet


def test_a_discreet_total_changes_only_when_it_is_published(app: Flask) -> None:
    # given a snapshot
    publish(SECRET, NOON)
    before = public(SECRET)
    # when donations arrive
    for minute in (1, 2, 3):
        receive(SECRET, gbp("50.00"), at=NOON + timedelta(minutes=minute))
    receive_in_three(SECRET, eur("50.00"), at=NOON + timedelta(minutes=4))
    # then nothing that is public has changed, neither figures nor version nor time
    assert public(SECRET, NOON + timedelta(minutes=14)) == before
    # until the tick
    publish(SECRET, NOON + timedelta(minutes=15))
    after = public(SECRET, NOON + timedelta(minutes=15))
    assert (after.raised, after.also) == (gbp("150.00"), (eur("50.00"),))
    assert after.as_of == NOON + timedelta(minutes=15)
    assert after.version != before.version
    assert sound()


def test_a_discreet_total_shows_nothing_before_it_was_first_published(app: Flask) -> None:
    receive(SECRET, gbp("50.00"))
    known = public(SECRET)
    assert (known.raised, known.also, known.donations, known.percent) == (gbp("0"), (), None, 0)
    assert {raised for _, raised in known.funds} == {gbp("0")}


@pytest.mark.parametrize(
    ("minor", "shown", "part"),
    [
        (499, "0", "0"),
        (500, "5.00", "0"),
        (4999, "45.00", "0"),
        (5000, "50.00", "50.00"),
        (123456, "1230.00", "1200.00"),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_discreet_total_is_rounded_down_to_five_units_and_its_parts_to_fifty(
    app: Flask, minor: int, shown: str, part: str
) -> None:
    receive_in_three(SECRET, Money(minor, "GBP"))
    publish(SECRET)
    known = public(SECRET)
    assert known.raised == gbp(shown)
    assert dict(known.funds)["kozlov"] == gbp(part)
    assert known.percent == known.raised.minor * 100 // 900000


def test_a_discreet_rounding_is_five_whole_units_in_any_currency(app: Flask) -> None:
    change(SECRET, currency="JPY")
    with write_unit():
        Organisation.get().settlement_currencies = ["JPY", "KWD"]
    receive_in_three(SECRET, Money(1234, "JPY"))
    receive_in_three(SECRET, Money(12340, "KWD"))
    publish(SECRET)
    known = public(SECRET)
    assert (known.raised, known.also) == (Money(1230, "JPY"), (Money(10000, "KWD"),))


def test_a_discreet_appeal_does_not_say_how_many_gave_while_they_are_few(app: Flask) -> None:
    for count in range(1, 17):
        receive(SECRET, gbp("1.00"))
        publish(SECRET)
        assert public(SECRET).donations == (None if count < 12 else 10 if count < 15 else 15)


def test_a_tick_without_a_gift_changes_no_figure(app: Flask) -> None:
    receive_in_three(SECRET, gbp("50.00"))
    publish(SECRET, NOON)
    before = public(SECRET)
    assert before.raised == gbp("50.00")
    publish(SECRET, NOON + timedelta(minutes=15))
    after = public(SECRET)
    assert replace(after, version="", as_of=NOON) == replace(before, version="", as_of=NOON)


def test_a_change_of_a_discreet_appeal_shows_at_once_and_gives_no_figure_away(app: Flask) -> None:
    publish(SECRET, NOON)
    before = public(SECRET)
    receive(SECRET, gbp("50.00"))
    with write_unit():
        appeal = Appeal.any_by_slug(SECRET)
        appeal.state = "paused"
        totals.touch(appeal, at=NOON + timedelta(minutes=1))
    after = public(SECRET)
    assert after.version != before.version
    assert replace(after, version=before.version, state="open") == before


def test_the_time_of_a_published_total_never_goes_back(app: Flask) -> None:
    publish(SECRET, NOON)
    first = public(SECRET)
    receive_in_three(SECRET, gbp("50.00"))
    publish(SECRET, NOON - timedelta(hours=1))
    second = public(SECRET)
    assert second.as_of == NOON
    assert second.raised == gbp("50.00")
    assert second.version != first.version
    assert (
        db.session.get_one(PublishedTotal, Appeal.any_by_slug(SECRET).id).version == 3
    )  # The first was made when it was loaded.


def test_a_discreet_total_of_last_quarter_is_not_shown_for_this_one(app: Flask) -> None:
    change(SECRET, period="quarter")
    last, first = datetime(2026, 12, 31, 23, 50, tzinfo=UTC), datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    publish(SECRET, last - timedelta(hours=1))
    receive_in_three(SECRET, gbp("50.00"), at=last)
    publish(SECRET, last)
    assert public(SECRET, last).raised == gbp("50.00")
    assert public(SECRET, first).raised == gbp("0")
    assert public(SECRET, first).as_of == last
    # and the first donations of the new one wait for each other, too
    for count in (1, 2, 3):
        assert public(SECRET, first).raised == gbp("0")
        receive(SECRET, gbp("20.00"), at=first)
        publish(SECRET, first + timedelta(minutes=15 * count))
    assert public(SECRET, first).raised == gbp("60.00")


def test_an_appeal_that_becomes_discreet_shows_nothing_new_before_its_tick(app: Flask) -> None:
    receive_in_three("hands-off-ali", gbp("20.00"))
    change("hands-off-ali", discreet=True)
    assert public("hands-off-ali").raised == gbp("0")
    publish("hands-off-ali")
    receive("hands-off-ali", gbp("100.00"))
    assert public("hands-off-ali").raised == gbp("20.00")


def test_a_change_before_the_first_tick_shows_at_once(app: Flask) -> None:
    # given a discreet appeal as it was loaded, a donation, and no tick yet
    before = public(SECRET)
    receive(SECRET, gbp("50.00"))
    # when its state changes
    with write_unit():
        appeal = Appeal.any_by_slug(SECRET)
        appeal.state = "paused"
        totals.touch(appeal, at=NOON)
    # then a client with the old version is told, and nothing of the donation
    after = public(SECRET)
    assert after.version != before.version
    assert replace(after, version=before.version, state="open") == before


def test_an_appeal_made_discreet_keeps_the_figures_that_were_public(app: Flask) -> None:
    receive("hands-off-ali", gbp("23.00"))
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        appeal.discreet = True
        totals.touch(appeal, at=NOON)
    receive("hands-off-ali", gbp("100.00"))
    assert public("hands-off-ali").raised == gbp("20.00")


def figures() -> tuple[object, ...]:
    known = public(SECRET)
    return known.raised, known.donations, known.also, known.funds, known.percent


@pytest.mark.parametrize("amount", [gbp("85.00"), eur("85.00"), gbp("9000.00")])
def test_a_figure_waits_until_three_donations_to_what_it_is_of_have_come(app: Flask, amount: Money) -> None:
    """A donor who gives one of them and looks before and after learns of no other single one its amount or its fund."""
    fund = {"split": {"kozlov": amount.minor}}
    receive_in_three(SECRET, gbp("300.00"))
    publish(SECRET)
    before = figures()
    # one donation, two donations: nothing moves, at however many ticks
    for number in (1, 2):
        receive(SECRET, amount, **fund)
        for tick in range(3):
            publish(SECRET, NOON + timedelta(minutes=15 * (3 * number + tick)))
            assert figures() == before
    # a third one, to another fund: the whole moves, the fund's part does not
    receive(SECRET, gbp("85.00"), split={"kuramshin": 8500})
    publish(SECRET, NOON + timedelta(hours=5))
    moved = public(SECRET)
    of_two = amount.minor * 2 if amount.currency == "GBP" else 0
    assert moved.raised == Money((30000 + of_two + 8500) // 500 * 500, "GBP")
    assert (moved.funds, moved.also) == (before[3], ())
    # and it does with the third that is for the fund, or in the currency
    receive(SECRET, amount, **fund)
    publish(SECRET, NOON + timedelta(hours=6))
    after = public(SECRET)
    if amount.currency == "GBP":
        assert dict(after.funds)["kozlov"] > dict(moved.funds)["kozlov"]
        assert dict(after.funds)["kuramshin"] == dict(moved.funds)["kuramshin"]
    else:
        assert after.also == (eur("255.00"),)


def test_a_snapshot_of_a_version_that_did_not_count_is_gone_on_with(app: Flask) -> None:
    receive_in_three(SECRET, gbp("300.00"))
    publish(SECRET)
    with write_unit():
        row = db.session.get_one(PublishedTotal, Appeal.any_by_slug(SECRET).id)
        row.figures = {name: value for name, value in row.figures.items() if name != "came"}
    before = figures()
    receive(SECRET, gbp("100.00"))
    publish(SECRET, NOON + timedelta(minutes=15))
    assert figures() == before
