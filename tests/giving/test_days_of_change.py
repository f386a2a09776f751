"""A change counts on the day it happened, not on the day its thing was begun: a bank debit that succeeds or fails days
later. The result of a period that is over stays as it was published; what comes late is counted in the open period."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from donations import inbox, ledger, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealTotal, Donation, Entry, FundTotal, Payment, Posting, Receipt
from donations.periods import first_open_day, is_final
from tests import events
from tests.events import fresh
from tests.factories import a_donation, gbp

SLUG = "fighting-fund"  # counts by quarter
Q3, Q4 = date(2026, 7, 1), date(2026, 10, 1)


def moment(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def a_debit(app: Flask, begun: datetime) -> tuple[dict[str, Any], int]:
    """A bank debit of £11.00 that was begun then, as Stripe's JSON has it; with its donation."""
    with write_unit():
        donation = a_donation(Appeal.any_by_slug(SLUG), gbp("11.00"), at=begun)
        reference, donation_id = donation.reference, donation.id
    method = {"type": "bacs_debit", "bacs_debit": {"last4": "2345"}}
    seconds = int(begun.timestamp())
    return events.charge(reference, 1100, created=seconds, payment_method_details=method), donation_id


def tell(kind: str, charge: dict[str, Any], when: datetime, heard: datetime | None = None) -> None:
    """An event of Stripe's about the charge at that moment; heard at once unless told otherwise."""
    status = {"charge.pending": "pending", "charge.failed": "failed"}.get(kind, charge["status"])
    told = events.as_text(events.event(kind, {**charge, "status": status}, created=int(when.timestamp())))
    assert inbox.receive(stripe_gateway.parse_event(told), told.encode(), at=heard or when) == "handled"


def days() -> dict[str, date]:
    """The day of each entry that touches the public total, by its kind."""
    fresh()
    rows = db.session.execute(
        select(Entry.kind, Entry.entry_date)
        .join(Posting, Posting.entry_id == Entry.id)
        .where(Posting.account.in_((4000, 4070)), Entry.reverses.is_(None))
    )
    return dict(rows.all())


def raised() -> dict[date, int]:
    return dict(db.session.execute(select(FundTotal.period_start, FundTotal.raised_minor)).all())


def counted() -> dict[date, int]:
    of_appeal = AppealTotal.appeal_id == select(Appeal.id).where(Appeal.slug == SLUG).scalar_subquery()
    return dict(db.session.execute(select(AppealTotal.period_start, AppealTotal.donations).where(of_appeal)).all())


def sound(at: datetime) -> bool:
    fresh()
    return ledger.check(db.session.connection(), at).sound


def received_on() -> str:
    return str(json.loads(db.session.scalars(select(Receipt)).one().payload)["received_on"])


def test_a_debit_counts_in_the_quarter_in_which_it_succeeded(app: Flask) -> None:
    # given a debit begun on 29 September
    charge, _ = a_debit(app, moment(9, 29))
    tell("charge.pending", charge, moment(9, 29))
    # when it succeeds on 6 October
    tell("charge.succeeded", charge, moment(10, 6))
    # then it was received in October
    assert (days(), raised()) == ({"gift": date(2026, 10, 6)}, {Q4: 1100})
    assert (counted(), received_on()) == ({Q4: 1}, "2026-10-06")
    assert sound(moment(10, 6))


def test_a_debit_that_fails_in_the_next_quarter_leaves_the_last_ones_result(app: Flask) -> None:
    charge, donation_id = a_debit(app, moment(9, 24))
    tell("charge.succeeded", charge, moment(9, 28))
    # when it fails on 9 October
    tell("charge.failed", charge, moment(10, 9))
    # then the loss is October's; the published third quarter is unchanged, with its count
    assert days() == {"gift": date(2026, 9, 28), "gift failed": date(2026, 10, 9)}
    assert raised() == {Q3: 1100, Q4: -1100}
    assert counted()[Q3] == 1
    assert db.session.get_one(Donation, donation_id).state == "failed"
    assert sound(moment(10, 9))


def test_a_debit_that_fails_in_its_own_quarter_is_not_counted_in_it(app: Flask) -> None:
    charge, _ = a_debit(app, moment(10, 5))
    tell("charge.succeeded", charge, moment(10, 8))
    tell("charge.failed", charge, moment(10, 20))
    assert (raised(), counted()) == ({Q4: 0}, {Q4: 0})
    assert sound(moment(10, 20))


@pytest.mark.parametrize(("heard", "day"), [((10, 3), date(2026, 9, 28)), ((10, 20), Q4)])
def test_what_is_heard_after_a_result_is_final_is_dated_in_the_open_period(
    app: Flask, heard: tuple[int, int], day: date
) -> None:
    # given a debit that succeeded on 28 September, of which we hear only in October
    charge, _ = a_debit(app, moment(9, 24))
    tell("charge.succeeded", charge, moment(9, 28), heard=moment(*heard))
    # then within a week of the quarter's end it is September's, after that the first of October's; its own day is kept
    assert days() == {"gift": day}
    assert db.session.scalars(select(Entry.fact_date)).all() == [date(2026, 9, 28)]
    assert raised() == {Q3 if day < Q4 else Q4: 1100}
    assert sound(moment(*heard))


def test_a_correction_of_a_final_quarter_is_made_in_the_open_one(app: Flask) -> None:
    # given a donation of August, and what its card was refunded in August too, heard of in November
    charge, _ = a_debit(app, moment(8, 3))
    tell("charge.succeeded", charge, moment(8, 5))
    refund = {
        "id": "re_late", "object": "refund", "charge": charge["id"], "amount": 400, "currency": "gbp",
        "status": "succeeded", "created": int(moment(8, 20).timestamp()), "balance_transaction": None,
    }  # fmt: skip
    told = events.as_text(events.event("refund.created", refund, created=int(moment(8, 20).timestamp())))
    assert inbox.receive(stripe_gateway.parse_event(told), told.encode(), at=moment(11, 12)) == "handled"
    # then August's quarter is unchanged
    assert raised() == {Q3: 1100, Q4: -400}
    assert sound(moment(11, 12))


WORDS = (
    ("charge.pending", moment(10, 1)),
    ("charge.succeeded", moment(10, 6)),
    ("charge.updated", moment(10, 7)),
    ("charge.failed", moment(10, 9)),
)


def test_the_days_are_the_same_in_every_order(app: Flask) -> None:
    found = set()
    for order in permutations(WORDS):
        charge, donation_id = a_debit(app, moment(10, 1))
        for kind, when in order:
            tell(kind, charge, when, heard=moment(10, 10))
        fresh()
        row = db.session.scalars(select(Payment).where(Payment.donation_id == donation_id)).one()
        found.add((row.charged_at, row.succeeded_at, row.failed_at))
    assert found == {(moment(10, 1), moment(10, 6), moment(10, 9))}


@pytest.mark.parametrize(("method", "day"), [("card", 1), ("bacs_debit", 7), ("a_way_of_tomorrow", 7)])
def test_without_the_word_of_the_change_the_first_word_after_it_counts(app: Flask, method: str, day: int) -> None:
    # given a charge of 1 October of which nothing was heard until something else changed on the 7th
    charge, donation_id = a_debit(app, moment(10, 1))
    tell("charge.updated", {**charge, "payment_method_details": {"type": method}}, moment(10, 7))
    fresh()
    row = db.session.scalars(select(Payment).where(Payment.donation_id == donation_id)).one()
    # then a card was received when it was charged, a debit no later than when we heard
    assert row.succeeded_at == moment(10, day)


def test_a_result_is_final_a_week_after_its_period(app: Flask) -> None:
    assert first_open_day("quarter", date(2026, 10, 7)) == Q3
    assert first_open_day("quarter", date(2026, 10, 8)) == Q4
    assert (is_final("quarter", Q3, date(2026, 10, 8)), is_final(None, Q3, date(2030, 1, 1))) == (True, False)
    assert first_open_day("year", date(2027, 1, 8) - timedelta(days=1)) == date(2026, 1, 1)
