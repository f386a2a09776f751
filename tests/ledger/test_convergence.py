"""The ledger converges on what the facts call for: posted once, corrected by reversal, dated where that is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import ledger
from donations.bookkeeping import Line, Wanted
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Entry, Fund
from donations.money import Money
from tests.events import a_charge, a_transaction, balances, hear, live_lines
from tests.factories import NOON, a_donation, eur, gbp

TODAY = date(2026, 11, 21)


Converge = Callable[..., list[ledger.Posted]]


@pytest.fixture
def ali(app: Flask) -> int:
    return db.session.scalars(select(Fund.id).where(Fund.slug == "ali")).one()


@pytest.fixture
def converge(app: Flask) -> Converge:
    """Converges the entries of one source on what is wanted; gives the lines that were posted."""

    def make(*wanted: Wanted, closed_until: date | None = None, at: Any = NOON) -> list[ledger.Posted]:
        with write_unit() as conn:
            return ledger.converge(
                conn, ("payment", 1), wanted, at=at, day_of=lambda moment: moment.date(), closed_until=closed_until
            )

    return make


def gift(fund_id: int, minor: int = 2000, *, at: Any = NOON, key: str = "charge:ch_1:gift") -> Wanted:
    lines = (Line(1105, fund_id, "GBP", minor, "ch_1"), Line(4000, fund_id, "GBP", -minor))
    return Wanted(key, "gift", at, lines)


def entries() -> list[tuple[str, int, bool, date]]:
    """Each entry as written, in order: key, revision, whether it reverses another, its date."""
    written = db.session.scalars(select(Entry).order_by(Entry.posted_at, Entry.id)).all()
    return sorted((entry.idem_key, entry.revision, entry.reverses is not None, entry.entry_date) for entry in written)


KEY, REVERSED = "charge:ch_1:gift", "charge:ch_1:gift:reversed"


def test_what_is_missing_is_posted(converge: Converge, ali: int) -> None:
    posted = converge(gift(ali))
    assert [(one.line.account, one.line.minor, one.entry_date) for one in posted] == [
        (1105, 2000, TODAY),
        (4000, -2000, TODAY),
    ]
    assert entries() == [(KEY, 1, False, TODAY)]
    assert live_lines() == {KEY: [(1105, "ali", "GBP", 2000), (4000, "ali", "GBP", -2000)]}


def test_the_same_again_posts_nothing(converge: Converge, ali: int) -> None:
    converge(gift(ali))
    assert converge(gift(ali)) == []
    # Dates are not content, nor is the order of the lines.
    again = gift(ali, at=NOON + timedelta(days=1))
    assert converge(Wanted(KEY, "gift", again.happened_at, again.lines[::-1])) == []
    assert entries() == [(KEY, 1, False, TODAY)]


def test_what_has_changed_is_reversed_and_posted_anew(converge: Converge, ali: int) -> None:
    converge(gift(ali, 2000))
    posted = converge(gift(ali, 2500))
    assert [one.line.minor for one in posted] == [-2000, 2000, 2500, -2500]
    assert entries() == [(KEY, 1, False, TODAY), (KEY, 2, False, TODAY), (REVERSED, 1, True, TODAY)]
    assert live_lines() == {KEY: [(1105, "ali", "GBP", 2500), (4000, "ali", "GBP", -2500)]}


def test_another_thing_to_clear_is_another_content(converge: Converge, ali: int) -> None:
    converge(gift(ali))
    lines = (Line(1105, ali, "GBP", 2000, "ch_2"), Line(4000, ali, "GBP", -2000))
    assert len(converge(Wanted(KEY, "gift", NOON, lines))) == 4


def test_what_is_no_longer_called_for_is_reversed(converge: Converge, ali: int) -> None:
    converge(gift(ali))
    assert [one.line.minor for one in converge()] == [-2000, 2000]
    assert live_lines() == {}
    assert converge() == []
    assert entries() == [(KEY, 1, False, TODAY), (REVERSED, 1, True, TODAY)]


def test_what_is_called_for_again_is_the_next_revision(converge: Converge, ali: int) -> None:
    converge(gift(ali))
    converge()
    converge(gift(ali))
    assert entries() == [(KEY, 1, False, TODAY), (KEY, 2, False, TODAY), (REVERSED, 1, True, TODAY)]
    converge()
    assert entries()[-1] == (REVERSED, 2, True, TODAY)
    assert live_lines() == {}


def test_the_entries_of_another_source_are_let_alone(converge: Converge, ali: int) -> None:
    converge(gift(ali))
    with write_unit() as conn:
        ledger.converge(conn, ("payment", 2), (), at=NOON, day_of=lambda moment: moment.date(), closed_until=None)
    assert entries() == [(KEY, 1, False, TODAY)]


def test_a_fact_of_a_closed_period_is_entered_on_the_first_open_day_and_keeps_its_own(
    converge: Converge, ali: int
) -> None:
    # given October, closed
    with write_unit() as conn:
        conn.execute(
            text("INSERT INTO period (starts_on, ends_on, state) VALUES ('2026-10-01', '2026-10-31', 'closed')")
        )
    # when a donation of October becomes known in November
    october = NOON.replace(month=10, day=15)
    posted = converge(gift(ali, at=october), closed_until=date(2026, 10, 31))
    # then it counts on the first of November, and its own day is kept beside
    assert {one.entry_date for one in posted} == {date(2026, 11, 1)}
    entry = db.session.scalars(select(Entry)).one()
    assert (entry.entry_date, entry.fact_date) == (date(2026, 11, 1), date(2026, 10, 15))


def test_a_correction_of_a_closed_period_is_entered_after_it(converge: Converge, ali: int) -> None:
    # given a donation of October, entered in October, which is closed then
    october = NOON.replace(month=10, day=15)
    converge(gift(ali, at=october))
    with write_unit() as conn:
        conn.execute(
            text("INSERT INTO period (starts_on, ends_on, state) VALUES ('2026-10-01', '2026-10-31', 'closed')")
        )
    # when its amount is corrected
    posted = converge(gift(ali, 2500, at=october), closed_until=date(2026, 10, 31))
    # then October stays as it was
    assert {one.entry_date for one in posted} == {date(2026, 11, 1)}


def test_a_correction_counts_on_the_day_of_what_it_corrects_while_that_is_open(converge: Converge, ali: int) -> None:
    # given a donation of September, entered in September, which is open still
    september = NOON.replace(month=9, day=15)
    converge(gift(ali, at=september))
    # when its content changes in November
    posted = converge(gift(ali, 2500, at=september))
    # then September holds it once: the reversal is not left to another month
    assert {one.entry_date for one in posted} == {date(2026, 9, 15)}


def test_a_gift_counts_on_the_organisations_own_day(app: Flask, appeals: dict[str, Appeal]) -> None:
    # given a donation at half past eleven in the evening by UTC, on the last day of the quarter, in summer time
    late = NOON.replace(month=6, day=30, hour=23, minute=30)
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("fighting-fund")).reference
    hear(a_charge(reference, gbp("20.00"), at=late), at=late)
    # then in London it is July already
    entry = db.session.scalars(select(Entry)).one()
    assert entry.entry_date == date(2026, 7, 1)


def test_a_balance_transaction_in_another_currency_moves_the_gift_there(appeals: dict[str, Appeal]) -> None:
    # given a donation of 100 euros, booked in euros, since the organisation settles in them
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("karaganda-four"), eur("100.00"))
        reference = donation.reference
    charge = a_charge(reference, eur("100.00"))
    hear(charge)
    assert balances() == {
        (1105, "karaganda-defence", "EUR", charge.charge_id): 10000,
        (4000, "karaganda-defence", "EUR", None): -10000,
    }
    # when Stripe settles it in pounds all the same
    hear(a_transaction(charge.charge_id, gbp("85.00"), 150))
    # then only pounds are left, and the ledger is sound
    assert balances() == {
        (1100, "karaganda-defence", "GBP", None): 8350,
        (5000, "karaganda-defence", "GBP", None): 150,
        (4000, "karaganda-defence", "GBP", None): -8500,
    }
    assert ledger.check(db.session.connection(), NOON).findings == ()


def test_a_gift_in_dollars_is_booked_when_its_balance_transaction_is_known(appeals: dict[str, Appeal]) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), Money(10000, "USD")).reference
    charge = a_charge(reference, Money(10000, "USD"))
    hear(charge)
    assert balances() == {}
    hear(a_transaction(charge.charge_id, gbp("78.40"), 290, exchange_rate="0.784"))
    assert balances() == {
        (1100, "ali", "GBP", None): 7550,
        (5000, "ali", "GBP", None): 290,
        (4000, "ali", "GBP", None): -7840,
    }
    report = ledger.check(db.session.connection(), NOON)
    assert report.findings == ()


def test_a_charge_whose_reference_is_learnt_late_moves_from_suspense_to_its_fund(appeals: dict[str, Appeal]) -> None:
    # given a balance transaction of a charge of which nothing else is known
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    charge = a_charge(reference, gbp("20.00"))
    hear(a_transaction(charge.charge_id, gbp("20.00"), 50))
    assert balances() == {
        (1100, "suspense", "GBP", None): 1950,
        (5000, "suspense", "GBP", None): 50,
        (1105, "suspense", "GBP", charge.charge_id): -2000,
    }
    # when the charge itself is heard of
    hear(charge)
    # then suspense holds nothing more
    assert balances() == {
        (1100, "ali", "GBP", None): 1950,
        (5000, "ali", "GBP", None): 50,
        (4000, "ali", "GBP", None): -2000,
    }
