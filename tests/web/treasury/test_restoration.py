"""The page after a restore: it names what was recovered and what is missing, acts on many at once, and lets held emails
go or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from donations import restoration
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Checkout
from donations.models import Appeal, Classification, Dismissal, Donation, Mail, Organisation, Payment, Restoration
from donations.restoration import Found
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, gbp
from tests.reconciliation.steps import raised, sound
from tests.web.staff.conftest import Browser

PAGE = "/treasury/restoration/"


def lost(amount: str, product: str = "prod_ali") -> str:
    """A payment whose donation a restored database has lost, looked at by the worker. Returns its charge."""
    charge = a_charge(f"reference{amount}", gbp(amount))
    hear(charge)
    checkout = Checkout(f"cs_{amount}", "complete", f"reference{amount}", (product,), "ru", "a@example.org", NOON, NOON)
    with write_unit() as conn:
        restoration.recover(conn, charge.charge_id, Found({"donation": f"reference{amount}"}, checkout), at=NOON)
    fresh()
    return charge.charge_id


@pytest.fixture
def restored(app: Flask) -> tuple[list[str], list[str]]:
    """A restored database that has lost four donations: two are estimated, two unknown. Returns their charges."""
    with write_unit() as conn:
        Appeal.any_by_slug("hands-off-ali").stripe_product_id = "prod_ali"
        restoration.mark_restored(conn, NOON, actor="cli:test", at=NOON + timedelta(hours=1))
    fresh()
    return [lost("10"), lost("11")], [lost("12", "prod_gone"), lost("13", "prod_gone")]


@pytest.fixture
def treasurer(restored: tuple[list[str], list[str]], signed_in) -> Browser:  # type: ignore[no-untyped-def]
    browser: Browser = signed_in("treasurer")
    return browser


def test_the_page_says_what_there_is(treasurer: Browser, restored: tuple[list[str], list[str]]) -> None:
    page = treasurer.get(PAGE).text
    assert "2 payments were recovered with estimated funds." in page
    assert "2 payments could not be recovered." in page
    assert "for an appeal that is not here" in page
    assert "We are still asking Stripe." in page
    assert "bank statements: import them again" in page
    for charge in [*restored[0], *restored[1]]:
        assert f'name="charge" value="{charge}"' in page
    assert "Receipts: 2" in page
    assert {"estimated", "restored", "held_mail", "receipt"} <= _kinds(treasurer)
    # and elsewhere a donation says that its funds are an estimate
    assert "estimated" in treasurer.get(f"/treasury/card-payments/{restored[0][0]}").text.lower()


def test_many_are_assigned_at_once_with_one_reason(treasurer: Browser, restored: tuple[list[str], list[str]]) -> None:
    ticked = [restored[0][0], *restored[1]]
    before = raised()
    sent = {"charge": ticked, "fund": "ali", "reason": "by the sheet", "form_key": "once"}
    assert treasurer.post(f"{PAGE}assign", **sent).status_code == 303
    # the form sent again changes nothing more
    assert treasurer.post(f"{PAGE}assign", **sent).status_code == 303
    fresh()
    assert raised() == before + 2500
    assert db.session.query(Classification).count() == 3
    of_charge = select(Donation).join(Payment, Payment.donation_id == Donation.id)
    for charge in ticked:
        donation = db.session.scalars(of_charge.where(Payment.charge_id == charge)).one()
        assert [one.fund_id for one in donation.allocations] == [donation.appeal.funds[0].id]
        assert not donation.purpose_estimated
    assert not sound()
    page = treasurer.get(PAGE).text
    assert ticked[0] not in page
    assert restored[0][1] in page


def test_estimates_are_confirmed_and_nothing_else_changes(
    treasurer: Browser, restored: tuple[list[str], list[str]]
) -> None:
    before = raised()
    assert treasurer.post(f"{PAGE}confirm", charge=restored[0], form_key="k").status_code == 303
    fresh()
    assert db.session.query(Donation).filter(Donation.purpose_estimated).count() == 0
    assert (raised(), "estimated" in _kinds(treasurer)) == (before, False)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"fund": "ali", "reason": "x"}, "Select at least one payment."),
        ({"charge": "ch_1", "reason": "x"}, "Select the fund."),
        ({"charge": "ch_1", "fund": "ali"}, "Enter the reason."),
        ({"charge": "ch_none", "fund": "ali", "reason": "x"}, ""),
    ],
)
def test_what_is_not_said_whole_changes_nothing(treasurer: Browser, sent: dict[str, str], said: str) -> None:
    answer = treasurer.post(f"{PAGE}assign", **sent)
    assert answer.status_code in (404, 409, 422)
    assert said in answer.text
    assert db.session.query(Classification).count() == 0


def test_where_two_decide_each_waits_for_the_second(treasurer: Browser, restored: tuple[list[str], list[str]]) -> None:
    with write_unit():
        Organisation.get().approvals_required = 2
    treasurer.post(f"{PAGE}assign", charge=restored[1], fund="ali", reason="by the sheet", form_key="once")
    assert [row.state for row in db.session.query(Classification)] == ["requested", "requested"]


def test_held_emails_are_sent_or_dismissed_by_kind(treasurer: Browser) -> None:
    refused = treasurer.post(f"{PAGE}emails", kind="receipt", act="dismiss")
    assert (refused.status_code, "Enter the reason." in refused.text) == (422, True)
    assert treasurer.post(f"{PAGE}emails", act="send").status_code == 422
    assert treasurer.post(f"{PAGE}emails", kind="receipt", act="send").status_code == 303
    fresh()
    assert {one.state for one in db.session.query(Mail).filter_by(kind="receipt")} == {"due"}
    with write_unit():
        db.session.query(Mail).filter_by(kind="receipt").update({"state": "held"})
    assert treasurer.post(f"{PAGE}emails", kind="receipt", act="dismiss", reason="sent by us").status_code == 303
    fresh()
    told = {(one.state, one.recipient_sealed) for one in db.session.query(Mail).filter_by(kind="receipt")}
    assert told == {("parked", None)}
    assert {one.reason for one in db.session.query(Dismissal)} == {"sent by us"}
    assert not {"mail", "held_mail"} & _kinds(treasurer)


def test_what_could_not_be_recovered_is_looked_at_again(treasurer: Browser) -> None:
    assert treasurer.post(f"{PAGE}again").status_code == 303
    found = restoration.lost_payments(db.session.connection(), after=0, most=10)
    assert len(found) == 2


def test_an_auditor_looks_and_changes_nothing(restored: tuple[list[str], list[str]], signed_in) -> None:  # type: ignore[no-untyped-def]
    auditor = signed_in("auditor")
    page = auditor.get(PAGE).text
    assert "Assign selected payments" not in page
    assert auditor.post(f"{PAGE}emails", kind="receipt", act="send").status_code == 403


def test_a_database_that_was_never_restored_says_so(app: Flask, signed_in) -> None:  # type: ignore[no-untyped-def]
    assert "never restored" in signed_in("treasurer").get(PAGE).text


def test_a_restore_that_nobody_marked_is_noticed_by_the_first_donation_that_is_missing(app: Flask) -> None:
    # given a payment that Stripe says is of this installation, and no donation and no restore that explains it
    from donations.models import Fund, Installation

    fund = db.session.scalars(select(Fund).where(Fund.slug == "ali")).one()
    told = {"donation": "r", "installation": Installation.get().opaque_id, "funds": f"{fund.opaque_id}:1000"}
    charge = a_charge("r", gbp("10.00"))
    hear(charge)
    with write_unit() as conn:
        row = restoration.recover(conn, charge.charge_id, Found(told, None), at=NOON)
        assert row.outcome == "exact"
    # then the database is marked before a receipt is numbered
    fresh()
    assert db.session.query(Restoration).count() == 1
    labels = db.session.execute(select(db.metadata.tables["receipt"].c.label)).scalars().all()
    assert [label.startswith("R-") for label in labels] == [False]


def _kinds(browser: Browser) -> set[str]:
    import re

    return set(re.findall(r'href="/treasury/to-do/(\w+)"', browser.get("/treasury/").text))
