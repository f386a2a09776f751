"""The books converge on what the facts call for: posted once, corrected by reversal, in whatever order word arrives."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import inbox, ledger, stripe_gateway
from donations.bookkeeping import Line, Wanted
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Movement
from donations.models import Appeal, Donation, Entry, Fund, Receipt
from donations.money import Money
from donations.worker import stripe_sync
from tests import events
from tests.events import a_charge, a_movement, balances, fresh, hear, live_lines
from tests.factories import NOON, a_donation, eur, gbp

TODAY = date(2026, 11, 21)
Converge = Callable[..., list[ledger.Posted]]


@pytest.fixture
def ali(app: Flask) -> int:
    return db.session.scalars(select(Fund.id).where(Fund.slug == "ali")).one()


@pytest.fixture
def converge(app: Flask) -> Converge:
    """Makes the books of one source what is wanted; gives the lines that were posted."""

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
    # when a gift of October becomes known in November
    october = NOON.replace(month=10, day=15)
    posted = converge(gift(ali, at=october), closed_until=date(2026, 10, 31))
    # then it counts on the first of November, and its own day is kept beside
    assert {one.entry_date for one in posted} == {date(2026, 11, 1)}
    entry = db.session.scalars(select(Entry)).one()
    assert (entry.entry_date, entry.fact_date) == (date(2026, 11, 1), date(2026, 10, 15))


def test_a_correction_of_a_closed_period_is_entered_after_it(converge: Converge, ali: int) -> None:
    # given a gift of October, entered in October, which is closed then
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
    # given a gift of September, entered in September, which is open still
    september = NOON.replace(month=9, day=15)
    converge(gift(ali, at=september))
    # when its content changes in November
    posted = converge(gift(ali, 2500, at=september))
    # then September holds it once: the reversal is not left to another month
    assert {one.entry_date for one in posted} == {date(2026, 9, 15)}


def test_a_gift_counts_on_the_organisations_own_day(app: Flask, appeals: dict[str, Appeal]) -> None:
    # given a gift at half past eleven in the evening by UTC, on the last day of the quarter, in summer time
    late = NOON.replace(month=6, day=30, hour=23, minute=30)
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("fighting-fund")).reference
    hear(a_charge(reference, gbp("20.00"), at=late))
    # then in London it is July already
    entry = db.session.scalars(select(Entry)).one()
    assert entry.entry_date == date(2026, 7, 1)


def test_a_balance_transaction_in_another_currency_moves_the_gift_there(appeals: dict[str, Appeal]) -> None:
    # given a gift of 100 euros, booked in euros, since the organisation settles in them
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
    hear(a_movement(charge.charge_id, gbp("85.00"), 150))
    # then only pounds are left, and the books are sound
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
    hear(a_movement(charge.charge_id, gbp("78.40"), 290, exchange_rate="0.784"))
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
    hear(a_movement(charge.charge_id, gbp("20.00"), 50))
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


class Story:
    """One donation and everything that will be heard of it, each fact twice: as the same event, or as another."""

    SPLIT: ClassVar = {"ali": 1800, "ali-family": 600, "sakharovo": 600}

    def __init__(self) -> None:
        with write_unit():
            donation = a_donation(Appeal.any_by_slug("hands-off-ali"), split=self.SPLIT)
            self.session_id = events.an_attempt(donation).session_id
            self.donation_id, self.reference = donation.id, donation.reference
        charge = events.charge(self.reference, 3000)
        self.charge_id, self.bt_id = charge["id"], events.new_id("txn")
        updated = {**charge, "balance_transaction": self.bt_id}
        self.movement = a_movement(self.charge_id, gbp("30.00"), 62, id=self.bt_id)
        session = events.session(self.reference, id=self.session_id)
        self.facts: list[tuple[str, Any]] = [
            ("charge.succeeded", events.event("charge.succeeded", charge)),
            ("charge.updated", events.event("charge.updated", updated)),
            ("listed", self.movement),
            ("checkout.session.completed", events.event("checkout.session.completed", session)),
        ]

    def hear(self, order: tuple[int, ...], *, renamed: bool) -> None:
        """Hear the facts by number; the second time as another event about the same thing, if `renamed`."""
        heard: set[int] = set()
        for number in order:
            _, fact = self.facts[number]
            if isinstance(fact, Movement):
                stripe_sync.book_movement(fact, NOON)
            else:
                said = {**fact, "id": events.new_id("evt")} if renamed and number in heard else fact
                told = stripe_gateway.parse_event(events.as_text(said))
                assert inbox.receive(told, events.as_text(said).encode(), at=NOON) in ("handled", "duplicate")
            heard.add(number)

    def outcome(self) -> dict[str, Any]:
        """Everything that must be the same whatever the order was, without the names that differ between stories."""
        fresh()
        own = {
            (*key[:3], "the charge" if key[3] == self.charge_id else key[3]): minor
            for key, minor in balances([self.charge_id]).items()
        }
        donation = db.session.get_one(Donation, self.donation_id)
        receipts = db.session.scalars(select(Receipt).where(Receipt.donation_id == self.donation_id)).all()
        mails = db.session.execute(
            text("SELECT count(*) FROM mail m JOIN receipt r ON r.id = m.receipt_id WHERE r.donation_id = :donation"),
            {"donation": self.donation_id},
        ).scalar_one()
        lines = live_lines(donation)
        return {
            "balances": own,
            "entries": sorted(line for entry in lines.values() for line in entry),
            "state": donation.state,
            "counted": donation.counted_in is not None,
            "attempt": donation.attempts[0].state,
            "receipts": [(receipt.state, receipt.amount_minor, receipt.currency) for receipt in receipts],
            "mails": mails,
        }


def stored_total() -> tuple[dict[str, int], int]:
    funds = db.session.execute(text("SELECT f.slug, t.raised_minor FROM fund_total t JOIN fund f ON f.id = t.fund_id"))
    return {slug: int(minor) for slug, minor in funds}, int(
        db.session.execute(text("SELECT coalesce(sum(donations), 0) FROM appeal_total")).scalar_one()
    )


EXPECTED = {
    "balances": {
        (1100, "ali", "GBP", None): 1763,
        (5000, "ali", "GBP", None): 37,
        (4000, "ali", "GBP", None): -1800,
        (1100, "ali-family", "GBP", None): 587,
        (5000, "ali-family", "GBP", None): 13,
        (4000, "ali-family", "GBP", None): -600,
        (1100, "sakharovo", "GBP", None): 588,
        (5000, "sakharovo", "GBP", None): 12,
        (4000, "sakharovo", "GBP", None): -600,
    },
    "state": "paid",
    "counted": True,
    "attempt": "complete",
    "receipts": [("live", 3000, "GBP")],
    "mails": 1,
}


def orders(proving: bool) -> list[tuple[int, ...]]:
    """All orders of the four facts, each doubled in several ways; when proving, all 2,520 orders of the eight words."""
    if proving:
        return sorted(set(permutations((0, 0, 1, 1, 2, 2, 3, 3))))
    dice = random.Random(20261121)
    shuffled = [tuple(dice.sample((0, 0, 1, 1, 2, 2, 3, 3), 8)) for _ in range(24)]
    return [order * 2 for order in permutations(range(4))] + shuffled


@pytest.mark.parametrize("renamed", [False, True], ids=["the same events again", "as other events"])
def test_every_order_and_repetition_of_the_same_facts_ends_the_same(app: Flask, proving: bool, renamed: bool) -> None:
    for told, order in enumerate(orders(proving), start=1):
        # given a donation, when its facts are heard in this order
        story = Story()
        story.hear(order, renamed=renamed)
        # then it ends as always, and so does the total
        outcome = story.outcome()
        assert {name: outcome[name] for name in EXPECTED} == EXPECTED, order
        assert len(outcome["entries"]) == 6 + 9, order
        funds, gifts = stored_total()
        assert funds == {slug: minor * told for slug, minor in Story.SPLIT.items()}, order
        assert gifts == told, order
    report = ledger.check(db.session.connection(), NOON)
    assert report.findings == ()
    assert report.open_items == ()
