"""Whatever makes a donation keeps the wording in force with it: by card, by hand, by bank, from a branch, a stray."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from donations import giving
from donations.appeals import wordings
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import Appeal, Area, Donation, Fund
from donations.reconciliation import matching
from tests import house
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, gbp
from tests.reconciliation.steps import TODAY, a_bank_account, a_gift, a_line

BEFORE, CHANGED = NOON - timedelta(days=2), NOON - timedelta(days=1)
MAKERS = {
    "giving.new_donation._new", "giving.fund_assignment._adopt", "giving.offline_donations._new_donation",
    "restoration.recovery._donation",
}  # fmt: skip


def change(slug: str) -> None:
    """A new wording, valid from CHANGED on."""
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        appeal.surplus = {"en": "It goes to the lawyers."}
        wordings.record(appeal, by="staff:1", at=CHANGED, source="page")


def by_form() -> None:
    with write_unit():
        appeal = Appeal.by_slug("hands-off-ali")
        gift = giving.NewDonation(
            amount=gbp("20.00"), interval="once", fund=None, name="", email="", message="", display="secret",
            language="en", nonce="n",
        )  # fmt: skip
        giving.begin(appeal, gift, at=NOON)


def by_statement_line() -> None:
    line = a_line(a_bank_account(), 2000)
    with write_unit() as conn:
        fund = db.session.scalars(select(Fund.id).where(Fund.slug == "ali")).one()
        matching.record_as_donation(conn, line, f"fund:{fund}", "Maya", actor="tara", at=NOON)


def by_branch() -> None:
    told = branch_returns.SubmittedReturn(
        "cheque", BEFORE.date(), TODAY, {"collection": 2000}, branch_returns.Words("Ann"), "en", nonce="n"
    )
    with write_unit():
        number = branch_returns.submit(_london(), told, at=NOON).id
    with write_unit() as conn:
        branch_returns.accept(conn, number, actor="tara", name="Tara", at=NOON)


def a_stray() -> None:
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    assign(charge.charge_id, "ali")


def a_moved_one() -> None:
    """Made for one appeal, and moved to another, which had its new wording by then."""
    change("karaganda-four")
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    assign(charge.charge_id, "karaganda-defence")
    assign(charge.charge_id, "ali")


def assign(charge_id: str, slug: str) -> None:
    with write_unit() as conn:
        fund = db.session.scalars(select(Fund).where(Fund.slug == slug)).one()
        giving.assign(conn, charge_id, fund, reason="She told us.", actor="treasurer", at=NOON)


def _london() -> Area:
    return db.session.scalars(select(Area).where(Area.name == "London")).one()


CREATORS: dict[str, Callable[[], object]] = {
    "the form": by_form,
    "cash": lambda: a_gift(2000),
    "a transfer that is expected": lambda: a_gift(2000, "bank"),
    "a bank line that nobody expected": by_statement_line,
    "a branch return": by_branch,
    "a stray that was adopted": a_stray,
    "a donation that was moved": a_moved_one,
}


@pytest.mark.parametrize("creator", CREATORS)
def test_whatever_makes_a_donation_keeps_the_wording_in_force(app: Flask, creator: str) -> None:
    # given an appeal whose wording was changed yesterday
    slug = "fighting-fund" if creator == "a branch return" else "hands-off-ali"
    change(slug)
    # when a donation is made today
    CREATORS[creator]()
    # then it carries the new one
    fresh()
    donation = db.session.scalars(select(Donation)).one()
    assert donation.wording is not None
    assert (donation.wording.appeal_id, donation.wording.number) == (donation.appeal_id, 2)
    assert donation.appeal.slug == slug
    # and its receipt's terms name nothing that they did not name before
    assert donation.terms.get("restriction", "") in ("", donation.appeal.surplus["en"])


def test_what_was_received_before_the_change_keeps_the_earlier_wording(app: Flask) -> None:
    # given a charge and cash of the day before the change, entered afterwards
    charge = a_charge(None, gbp("20.00"), at=BEFORE)
    hear(charge)
    change("hands-off-ali")
    assign(charge.charge_id, "ali")
    gift = giving.NewDonation(
        amount=gbp("5.00"), interval="once", fund=None, name="", email="", message="", display="secret",
        language="en", nonce="n",
    )  # fmt: skip
    with write_unit():
        offline_details = giving.offline_donations.OfflineDetails("cheque", BEFORE.date())
        giving.offline_donations.record(Appeal.by_slug("hands-off-ali"), gift, offline_details, actor="tara", at=NOON)
    # then both keep the wording of their own day
    fresh()
    assert [one.wording and one.wording.number for one in db.session.scalars(select(Donation))] == [1, 1]


def test_no_donation_is_made_anywhere_else() -> None:
    """A new maker of donations must be added here and to CREATORS."""
    found = set()
    for module in house.modules():
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef) and _makes_one(function):
                found.add(f"{module.name.removeprefix('donations.')}.{function.name}")
    assert found == MAKERS


def _makes_one(function: ast.FunctionDef) -> bool:
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(getattr(call.func, "id", getattr(call.func, "attr", "")) == "Donation" for call in calls)
