"""R4 on refunds, decisions and receipts that waited: whichever call to the database fails, in whatever way, after the
next try all is as if nothing had failed, with one receipt and one mail."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from donations import facts, giving
from donations.database import write_unit
from donations.extensions import db
from donations.giving.refunds import Asked
from donations.models import Appeal, Fund, Mail, Receipt, ReceiptChange, RefundAttempt
from donations.reconciliation import donation_moves
from donations.reconciliation.matches import Said
from donations.worker.receipts import change_receipts
from tests.events import a_charge, fresh, hear, live_lines
from tests.factories import NOON, a_donation, gbp
from tests.faults.failures import Faults
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, match, raised, sound
from tests.reconciliation.test_receipt_changes import DUE, undo

pytestmark = pytest.mark.parametrize("kind", Faults.KINDS)
Act = Callable[[], None]


def fund(slug: str) -> Fund:
    return db.session.scalars(select(Fund).where(Fund.slug == slug)).one()


def paid(*, is_ours: bool = True) -> str:
    """A charge of 20.00 that succeeded; to Ali, or without a reference of ours."""
    reference = None
    if is_ours:
        with write_unit():
            reference = a_donation(Appeal.by_slug("hands-off-ali"), split={"ali": 2000}).reference
    charge = a_charge(reference, gbp("20.00"))
    hear(charge)
    return charge.charge_id


# Each prepares what it is about and gives the act, which may be done again from wherever it had come.


def a_refund(number: int) -> Act:
    charge_id = paid()

    def act() -> None:
        with write_unit() as conn:
            wanted = Asked(f"form {number}", gbp("5.00"), "duplicate", "")
            attempt = giving.refunds.ask(conn, charge_id, wanted, actor="staff:1", at=NOON)
            attempt_id, reference = attempt.id, attempt.reference
        with write_unit() as conn:
            if giving.refunds.begin_try(conn, attempt_id, at=NOON) is None:
                return
        # What Stripe says: the same refund, however often it is asked for by this reference.
        made = facts.Refund(f"re_{reference}", charge_id, gbp("5.00"), "succeeded", NOON, reference=reference)
        with write_unit() as conn:
            giving.refunds.apply_refund(conn, made, at=NOON)

    return act


def a_charge_given_to_a_fund(number: int) -> Act:
    charge_id = paid(is_ours=False)
    return lambda: _move(charge_id, "ali")


def a_donation_moved(number: int) -> Act:
    charge_id = paid()
    return lambda: _move(charge_id, "kozlov")


def an_offline_donation_moved(number: int) -> Act:
    gift = accepted(2000)

    def act() -> None:
        with write_unit() as conn:
            donation_moves.move_offline(conn, gift, fund("kozlov"), at=NOON)

    return act


def a_receipt_that_waited(number: int) -> Act:
    gift, line = a_gift(3000, "bank"), a_line(1, 3000)
    match(line, Said("offline_gift", 3000, target=str(gift)))
    undo(line)
    return lambda: change_receipts(DUE)


def _move(charge_id: str, slug: str) -> None:
    with write_unit() as conn:
        donation_moves.move(conn, charge_id, fund(slug), reason="a letter", actor="tara", at=NOON)


STORIES = (a_refund, a_charge_given_to_a_fund, a_donation_moved, an_offline_donation_moved, a_receipt_that_waited)


def standing() -> Counter[Any]:
    """All that may change: the ledger by account and fund, totals, receipts, mails, attempts, what waits."""
    fresh()
    found: Counter[Any] = Counter()
    for lines in live_lines().values():
        for account, slug, _, minor in lines:
            found[account, slug] += minor
    found["raised"] = raised() + raised("campaign-kazakhstan")
    for state, minor in db.session.execute(select(Receipt.state, Receipt.amount_minor)):
        found[state, minor] += 1
    found.update(db.session.scalars(select(Mail.kind)).all())
    found.update(db.session.scalars(select(RefundAttempt.state)).all())
    found["waits"] = len(db.session.scalars(select(ReceiptChange.donation_id)).all())
    return found


def gained(before: Counter[Any]) -> dict[Any, int]:
    after = standing()
    return {key: after[key] - before[key] for key in after.keys() | before.keys() if after[key] != before[key]}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_whichever_call_fails_the_next_try_makes_it_good(
    failing_app: Flask, faults: Faults, kind: str, story: Callable[[int], Act]
) -> None:
    # given what it comes to when nothing fails
    a_bank_account()
    act, before = story(0), standing()
    act()
    wanted = gained(before)
    assert wanted
    for fatal in itertools.count(1):
        # when one call fails, and it is tried again
        act, before = story(fatal), standing()
        faults.arm(fatal, kind)
        with suppress(SQLAlchemyError, sqlite3.Error, psycopg.Error):
            act()
        faults.disarm()
        db.session.remove()
        act()
        # then all is as it was then
        assert gained(before) == wanted, f"call {fatal}"
        if not faults.struck:
            break
    assert (fatal > 6, sound()) == (True, ())
