"""Whatever lines and donations there are, in whatever order: no donation is two lines, a tie stays unmatched, and the
ledger stays sound, also when two run at once."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from donations import references
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import Match
from donations.reconciliation import matching
from donations.reconciliation.matching.decisions import AHEAD, ENOUGH, decide
from donations.reconciliation.matching.items import Decision, Items, Line, OpenDonation, OpenPayingInSlip, OpenPayout
from donations.reconciliation.matching.names import words_of
from tests.events import fresh
from tests.factories import NOON
from tests.reconciliation.matching_steps import a_payout, expected, run, said
from tests.reconciliation.steps import a_bank_account, raised, sound

DAY = date(2026, 11, 20)
APPEALS = {number: references.code_of_appeal_id(number) for number in (1, 2)}
NAMES = ("Maya Example", "Ben Example", "Maya Other", "")
AMOUNTS = (1000, 2000)
_days = st.integers(-60, 60).map(lambda days: DAY + timedelta(days=days))
_payers = st.sampled_from([None, b"one", b"two"])
_texts = st.lists(
    st.sampled_from([*APPEALS.values(), *(references.code_of_offline_donation(number) for number in range(1, 4)),
                     "STRIPE", "104", "TRACE77", f"{APPEALS[1][:3]} {APPEALS[1][3:]}"]),
    max_size=2,
).map(" ".join)  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> Items:
    known = {*APPEALS.values(), *(references.code_of_offline_donation(number) for number in range(1, 7))}
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        text, name = draw(_texts), draw(st.sampled_from(NAMES))
        lines.append(Line(
            number, 1, draw(_days), draw(st.sampled_from(AMOUNTS)), "GBP", draw(_payers), name, words_of(name),
            words_of(text), text.lower(), tuple(references.find(text, known)), frozenset(), frozenset(),
            draw(st.booleans()) and draw(st.booleans()),
        ))  # fmt: skip
    donations = [
        OpenDonation(
            number, draw(st.sampled_from(AMOUNTS)), "GBP", 1, frozenset({11}),
            (references.code_of_offline_donation(number), *draw(st.sampled_from([(), (APPEALS[1],)]))),
            draw(_payers), None, words_of(draw(st.sampled_from(NAMES))), draw(_days),
        )
        for number in range(1, draw(st.integers(0, 6)) + 1)
    ]  # fmt: skip
    payouts = [
        OpenPayout(f"po_{number}", draw(st.sampled_from(AMOUNTS)), "GBP", draw(_days),
                   draw(st.sampled_from(["", "trace77"])))
        for number in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    slips = [OpenPayingInSlip(1, 1, 2000, "GBP", "104", draw(_days))] if draw(st.booleans()) else []
    return Items(
        tuple(lines), tuple(donations), tuple(slips), payouts=tuple(payouts),
        appeal_funds={1: frozenset({11}), 2: frozenset({21})},
    )  # fmt: skip


def decided(decisions: list[Decision]) -> dict[int, Any]:
    return {one.line.id: (one.certain, one.proposed) for one in decisions}


@given(items(), st.randoms(use_true_random=False))
def test_no_order_of_lines_or_things_matters(all_: Items, chance: random.Random) -> None:
    def shuffled(some: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(some, len(some)))

    other = Items(
        shuffled(all_.lines), shuffled(all_.donations), all_.slips, payouts=shuffled(all_.payouts),
        appeal_funds=all_.appeal_funds,
    )  # fmt: skip
    assert decided(decide(all_)) == decided(decide(other))


@given(items())
def test_what_is_certain_is_one_thing_has_a_reference_and_was_not_answered_before(all_: Items) -> None:
    certain = [(one.line, one.certain) for one in decide(all_) if one.certain is not None]
    taken = Counter(one.key for _, one in certain if one.kind != "unidentified")
    assert not [key for key, times in taken.items() if times > 1]
    for line, one in certain:
        assert not line.touched
        assert one.minor == line.minor
        assert one.referenced
        assert one.score >= ENOUGH


@given(items())
def test_two_lines_alike_are_never_certain_to_be_one_thing(all_: Items) -> None:
    # given each line twice
    twins = tuple(line._replace(id=line.id + 100) for line in all_.lines)
    doubled = Items(
        all_.lines + twins, all_.donations, all_.slips, payouts=all_.payouts, appeal_funds=all_.appeal_funds
    )
    # then an item that only one can be stays unmatched, unless there are others of its kind to choose from
    for one in decide(doubled):
        if one.certain is not None and one.certain.kind != "unidentified":
            pytest.fail(f"{one.certain} is certain, and {AHEAD} ahead of a line just like it")


def test_of_two_lines_that_name_stripe_and_a_gift_neither_is_the_gift_by_rule() -> None:
    # given two lines alike that carry an appeal's code beside Stripe's name, a payout and a donation of that sum
    text, found = f"{APPEALS[1]} stripe", tuple(references.find(APPEALS[1], set(APPEALS.values())))
    said_of = (DAY, 1000, "GBP", None, NAMES[0], words_of(NAMES[0]), words_of(text), text.lower(), found)
    lines = tuple(Line(number, 1, *said_of, frozenset(), frozenset(), False) for number in (1, 2))
    codes = (references.code_of_offline_donation(1), APPEALS[1])
    gift = OpenDonation(1, 1000, "GBP", 1, frozenset({11}), codes, None, None, words_of(NAMES[0]), DAY)
    payout = OpenPayout("po_1", 1000, "GBP", DAY, "")
    # then the payout may be either, so the donation is none by rule
    decisions = decide(Items(lines, (gift,), (), payouts=(payout,), appeal_funds={1: frozenset({11})}))
    assert [one.certain for one in decisions] == [None, None]


_accounts = count(1)
_OFFLINE_DONATIONS = st.lists(st.tuples(st.sampled_from(AMOUNTS), st.sampled_from(NAMES), st.booleans()), max_size=4)
_LINES = st.lists(st.tuples(st.sampled_from(AMOUNTS), st.sampled_from(NAMES), st.integers(-2, 4)), max_size=5)


@settings(max_examples=12)
@given(donations=_OFFLINE_DONATIONS, lines=_LINES, payouts=st.lists(st.sampled_from(AMOUNTS), max_size=2))
def test_no_gift_is_two_lines_and_the_books_stay_sound(app: Flask, donations: Any, lines: Any, payouts: Any) -> None:
    # given donations, payouts, and lines that carry the code of one, of the appeal, Stripe's name, or nothing
    account = a_bank_account(f"Account {next(_accounts)}")
    ids = [expected(minor, name=name, code=APPEALS[1] if coded else "") for minor, name, coded in donations]
    for at, minor in enumerate(payouts):
        a_payout(f"po_{account}_{at}", minor)
    texts = {-1: APPEALS[1], -2: "STRIPE"}
    for minor, name, which in lines:
        code = references.code_of_offline_donation(ids[which]) if 0 <= which < len(ids) else ""
        said(account, minor, texts.get(which, code), name=name, payer=name)
    # when the rules run, and once more with what the first run taught of the payers
    run()
    run()
    # then a further run changes nothing
    again = run()
    assert (again.confirmed, again.proposed) == (0, 0)
    fresh()
    confirmed = db.session.execute(select(Match.kind, Match.target).where(Match.state == "confirmed")).all()
    assert len(confirmed) == len(set(confirmed))
    assert sound() == ()


def test_two_who_run_at_once_match_each_line_once(app: Flask) -> None:
    # given lines for donations, and lines that are new donations
    account = a_bank_account()
    for _ in range(4):
        said(account, 2000, references.code_of_offline_donation(expected(2000)))
        said(account, 1000, APPEALS[1])
        said(account, 1500, name="Maya Example")
    expected(1500, name="Maya Example")
    fresh()

    def at_once(_: int) -> int:
        with app.app_context():
            try:
                return matching.run(write_unit, snapshot, at=NOON).confirmed
            finally:
                db.session.remove()

    # when two run at the same time, and one more after them
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(at_once, range(2)))
    assert sum(done) + run().confirmed == 8
    # then each is booked once, and proposed once
    fresh()
    per_line = select(func.count()).where(Match.state.in_(("confirmed", "proposed"))).group_by(Match.statement_line_id)
    assert db.session.scalars(per_line).all() == [1] * 12
    assert raised() == 4 * 2000 + 4 * 1000
    assert sound() == ()
