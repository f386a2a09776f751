"""R4 on what treasurers do: whichever call to the database fails, in whatever way, each act was done whole or not at
all, and after the next try all is as if nothing had failed."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from donations import giving
from donations.database import write_unit
from donations.errors import AlreadyDone
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import Appeal, BankAccount, Fund, OfflineDonation
from donations.money import Money
from donations.reconciliation import adjustments, matches, matching, paying_in_slips, payment_requests
from donations.reconciliation.matches import Said
from tests.events import fresh, live_lines
from tests.factories import NOON
from tests.faults.failures import Faults
from tests.reconciliation.steps import TODAY, a_gift, a_line, accepted, banked, match, raised, sound

pytestmark = pytest.mark.parametrize("kind", Faults.KINDS)


def fund() -> Fund:
    return db.session.scalars(select(Fund).where(Fund.slug == "ali")).one()


# Each prepares what it is about, with a number that no other try has, and gives the act.


def a_donation_recorded_and_accepted(number: int) -> Callable[[], None]:
    def act() -> None:
        with write_unit() as conn:
            appeal = Appeal.any_by_slug("hands-off-ali")
            gift = giving.NewDonation(
                amount=Money(3000, "GBP"), interval="once", fund=fund(), name="Maya", email="maya@example.org",
                message="", display="secret", language="en", nonce=f"try {number}",
            )  # fmt: skip
            told = OfflineDetails("cash", TODAY, counted_by=("Ann", "Ben"))
            row = giving.offline_donations.record(appeal, gift, told, actor="tara", at=NOON)
            giving.offline_donations.accept(conn, row.id, actor="theo", at=NOON)

    return act


def a_match(number: int) -> Callable[[], None]:
    gift, line = a_gift(3000, "bank"), a_line(1, 3000)
    said = Said("offline_gift", 3000, target=str(gift))
    return lambda: _in_a_unit(lambda conn: matches.confirm(conn, line, [said], rule="by hand", actor="tara", at=NOON))


def a_match_taken_back(number: int) -> Callable[[], None]:
    gift, line = a_gift(3000, "bank"), a_line(1, 3000)
    match(line, Said("offline_gift", 3000, target=str(gift)))
    return lambda: _in_a_unit(lambda conn: matches.undo(conn, line, actor="tara", at=NOON))


def a_donation_from_its_line(number: int) -> Callable[[], None]:
    line = a_line(1, 3000)
    target = f"fund:{fund().id}"
    return lambda: _in_a_unit(
        lambda conn: matching.record_as_donation(conn, line, target, "Maya", actor="tara", at=NOON)
    )


def a_slip(number: int) -> Callable[[], None]:
    gift = accepted(3000)

    def act(conn: Any) -> None:
        bank = db.session.get_one(BankAccount, 1)
        amount = Money(3000, "GBP")
        paying_in_slips.pay_in(conn, bank, [gift], amount, count=1, on=TODAY, number="", actor="tara", at=NOON)

    return lambda: _in_a_unit(act)


def a_payment_approved_and_sent(number: int) -> Callable[[], None]:
    with write_unit() as conn:
        asked = payment_requests.Asked(f"payment {number}", Money(100, "GBP"), "lawyer", "Maya Example")
        wanted = payment_requests.request(conn, fund(), asked, actor="tara", at=NOON).id

    def act(conn: Any) -> None:
        payment_requests.approve(conn, wanted, actor="theo", staff_id=None, at=NOON)
        payment_requests.send(conn, wanted, at=NOON)

    return lambda: _in_a_unit(act)


def a_transfer(number: int) -> Callable[[], None]:
    def act(conn: Any) -> None:
        other = db.session.scalars(select(Fund.id).where(Fund.slug == "sakharovo")).one()
        asked = adjustments.Asked(
            f"transfer {number}", "transfer", fund().id, Money(100, "GBP"), TODAY, "agreed", "committee",
            other_fund_id=other, bank_account_id=1,
        )  # fmt: skip
        adjustments.ask(conn, asked, actor="tara", at=NOON)

    return lambda: _in_a_unit(act)


def _in_a_unit(act: Callable[[Any], Any]) -> None:
    with write_unit() as conn:
        act(conn)


STORIES = (a_donation_recorded_and_accepted, a_match, a_match_taken_back, a_donation_from_its_line, a_slip,
           a_payment_approved_and_sent, a_transfer)  # fmt: skip


def standing() -> tuple[Any, ...]:
    """The state of the accounts: sums by account and fund, the public total, donations by state."""
    fresh()
    sums: dict[tuple[int, str], int] = {}
    for lines in live_lines().values():
        for account, slug, _, minor in lines:
            sums[account, slug] = sums.get((account, slug), 0) + minor
    states = sorted(db.session.scalars(select(OfflineDonation.state)))
    return sums, raised(), {state: states.count(state) for state in states}


def gained(before: tuple[Any, ...], after: tuple[Any, ...]) -> dict[Any, int]:
    """What an act has changed."""
    changes = {"raised": after[1] - before[1]}
    for old, new in ((before[0], after[0]), (before[2], after[2])):
        changes |= {key: new.get(key, 0) - old.get(key, 0) for key in old.keys() | new.keys()}
    return {key: change for key, change in changes.items() if change}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_whichever_call_fails_the_act_was_whole_or_not_at_all_and_the_next_try_makes_it_good(
    failing_app: Flask, faults: Faults, kind: str, story: Callable[[int], Callable[[], None]]
) -> None:
    # given what it comes to when nothing fails
    banked(90000)
    accepted(90000)
    act, before = story(0), standing()
    act()
    wanted = gained(before, standing())
    assert wanted
    for fatal in itertools.count(1):
        # when one call fails
        act, before = story(fatal), standing()
        faults.arm(fatal, kind)
        with suppress(SQLAlchemyError, sqlite3.Error, psycopg.Error):
            act()
        faults.disarm()
        # then it was done or not, and nothing of it by halves
        was_done = gained(before, standing())
        assert was_done in ({}, wanted), f"call {fatal}"
        with suppress(AlreadyDone):  # The next try reports that it was done and only the answer lost.
            act()
        assert gained(before, standing()) == wanted, f"call {fatal}"
        if not faults.struck:
            break
    assert (fatal > 6, sound()) == (True, ())
