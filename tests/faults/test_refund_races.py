"""Refunds asked for at the same moment: one form clicked eight times is one attempt, and eight forms together ask for
no more than the donation was."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from donations import giving
from donations.database import write_unit
from donations.errors import RefundTooLarge
from donations.extensions import db
from donations.giving.refunds import Asked
from donations.models import Appeal, RefundAttempt
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp
from tests.faults.test_races import THREADS, at_once


def a_paid_donation() -> str:
    with write_unit():
        reference = a_donation(Appeal.by_slug("hands-off-ali"), gbp("20.00")).reference
    charge = a_charge(reference, gbp("20.00"))
    hear(charge)
    return charge.charge_id


def asked(charge_id: str, form_key: str, amount: str) -> int | None:
    """The number of the attempt, or None if it was too much."""
    wanted = Asked(form_key, gbp(amount), "duplicate", "")
    try:
        with write_unit() as conn:
            return giving.refunds.ask(conn, charge_id, wanted, actor="staff:1", at=NOON).id
    except RefundTooLarge:
        return None


def attempts() -> list[int]:
    fresh()
    return list(db.session.scalars(select(RefundAttempt.amount_minor)))


def test_one_form_clicked_by_many_at_once_is_one_attempt(app: Flask) -> None:
    charge_id = a_paid_donation()
    numbers = at_once(app, [lambda: asked(charge_id, "form", "20")] * THREADS)
    assert (len(set(numbers)), attempts()) == (1, [2000])


def test_many_forms_at_once_ask_for_no_more_than_the_gift(app: Flask) -> None:
    charge_id = a_paid_donation()
    works = [lambda number=number: asked(charge_id, f"form {number}", "6") for number in range(THREADS)]
    numbers = at_once(app, works)
    assert (sum(one is not None for one in numbers), attempts()) == (3, [600, 600, 600])
