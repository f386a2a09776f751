"""The first page of the treasury: what is open by kind and age, every fund down to its postings, income by week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from donations.database import write_unit
from donations.extensions import db
from donations.models import Dispute, Payment, StripeEvent
from donations.reconciliation import dashboard, to_do
from donations.web.treasury import chart
from donations.web.treasury.dashboard_cache import MAX_SECONDS, MIN_SECONDS, Shelf
from tests.events import a_charge, hear
from tests.factories import NOON, a_donation, gbp
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, accepted
from tests.reconciliation.test_payouts import hear_payout
from tests.web.staff.conftest import Browser

PARTIALS = ("/treasury/_open-items", "/treasury/_funds", "/treasury/_income")


def parked(event_id: str = "evt_poison") -> None:
    with write_unit():
        db.session.add(
            StripeEvent(
                id=event_id,
                type="charge.succeeded",
                created_at=NOON,
                received_at=NOON,
                state="parked",
                payload_sealed=b"sealed",
            )
        )


def disputed(appeals: dict) -> None:
    with write_unit():
        reference = a_donation(appeals["hands-off-ali"], gbp("100.00")).reference
    charge = a_charge(reference, gbp("100.00"))
    hear(charge)
    with write_unit():
        payment = db.session.query(Payment).filter(Payment.charge_id == charge.charge_id).one()
        db.session.add(
            Dispute(id="dp_1", payment_id=payment.id, amount_minor=10000, currency="GBP", status="needs_response",
                    reason="fraudulent", due_by=NOON + timedelta(days=9), created_at=NOON, said_at=NOON)
        )  # fmt: skip


def test_what_is_open_stands_by_kind_with_its_age(app: Flask, appeals: dict) -> None:
    # given one of each
    a_line(a_bank_account(), 3000, on=TODAY - timedelta(days=3))
    hear_payout(5000)
    parked()
    disputed(appeals)
    # when it is looked at some days later
    found = to_do.open_items(db.session.connection(), NOON + timedelta(days=7))
    # then each kind is in its place, with the deadline first
    assert [(group.kind, group.count) for group in found] == [
        ("dispute", 1), ("event", 1), ("payout", 1), ("line", 1), ("gift", 1), ("mail", 1),
    ]  # fmt: skip
    assert found[0].oldest[0].due_by == NOON + timedelta(days=9)
    assert found[2].oldest[0].ref == "po_1"
    assert found[3].oldest[0].since == TODAY - timedelta(days=3)


def test_of_many_the_oldest_are_shown_and_all_are_counted(app: Flask) -> None:
    account = a_bank_account()
    for ago in range(7):
        a_line(account, 100 + ago, on=TODAY - timedelta(days=ago))
    (lines,) = to_do.open_items(db.session.connection(), NOON)
    assert (lines.count, len(lines.oldest)) == (7, to_do.SHOWN)
    assert [item.since for item in lines.oldest] == sorted(item.since for item in lines.oldest)
    assert lines.oldest[0].since == TODAY - timedelta(days=6)


def test_a_young_charge_and_a_payout_on_its_way_are_not_open(app: Flask, appeals: dict) -> None:
    with write_unit():
        reference = a_donation(appeals["hands-off-ali"], gbp("100.00")).reference
    hear(a_charge(reference, gbp("100.00")))
    hear_payout(5000)
    assert to_do.open_items(db.session.connection(), NOON + timedelta(minutes=30)) == []


@pytest.mark.parametrize("path", ["/treasury/", *PARTIALS])
def test_page_and_partials_show_the_same(treasurer: Browser, path: str) -> None:
    accepted(25000)
    answer = treasurer.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    if path != PARTIALS[0]:
        assert "£250" in answer.text
    assert ("<html" in answer.text) == (path == "/treasury/")


def test_a_parked_event_is_replayed_once_more(treasurer: Browser) -> None:
    parked()
    assert "evt_poison" in treasurer.get("/treasury/").text
    answer = treasurer.post("/treasury/to-do/event/retry", ref="evt_poison")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/treasury/"), answer.text[-600:]
    assert db.session.get_one(StripeEvent, "evt_poison").state == "due"
    assert "event.replayed" in [row.act for row in audit_rows()]


def test_an_event_that_is_not_there_cannot_be_replayed(treasurer: Browser) -> None:
    before = len(audit_rows())
    assert treasurer.post("/treasury/to-do/event/retry", ref="evt_unknown").status_code == 409
    assert len(audit_rows()) == before


def test_an_auditor_sees_everything_and_no_button(auditor: Browser) -> None:
    parked()
    text = auditor.get("/treasury/").text
    assert "evt_poison" in text
    assert "/retry" not in text
    assert auditor.post("/treasury/to-do/event/retry", ref="evt_poison").status_code == 403


@pytest.mark.parametrize("path", ["/treasury/", "/treasury/funds/ali", *PARTIALS])
def test_an_organiser_sees_no_money(signed_in: Callable[..., Browser], path: str) -> None:
    assert signed_in("organiser").get(path).status_code == 403


def test_every_figure_of_a_fund_leads_to_its_postings(treasurer: Browser) -> None:
    accepted(25000)
    assert "/treasury/funds/ali?" in treasurer.get("/treasury/").text
    text = treasurer.get("/treasury/funds/ali?account=4010&currency=GBP").text
    assert "4010 Cash, cheque and bank donations" in text
    assert "-£250" in text or "£-250" in text
    assert treasurer.get("/treasury/funds/nobody").status_code == 404
    assert treasurer.get("/treasury/funds/ali?account=x&currency=nonsense&before=9.x").status_code == 200


def test_postings_are_paged_without_losing_one(app: Flask) -> None:
    for _ in range(30):
        accepted(100)
    conn, fund = db.session.connection(), accepted_fund()
    first = dashboard.postings(conn, fund, "GBP", [])
    cut = first[dashboard.PAGE_LENGTH - 1]
    rest = dashboard.postings(conn, fund, "GBP", [], (cut.entry_id, cut.line))
    assert len(first) == dashboard.PAGE_LENGTH + 1
    shown = [(row.entry_id, row.line) for row in [*first[: dashboard.PAGE_LENGTH], *rest]]
    assert len(shown) == len(set(shown)) == 60


def test_income_stands_by_week_from_monday(app: Flask) -> None:
    accepted(25000)
    weeks = dashboard.income_by_week(db.session.connection(), "GBP", TODAY)
    assert len(weeks) == dashboard.WEEKS
    assert (weeks[-1].starts_on, weeks[-1].offline_minor) == (date(2026, 11, 16), 25000)
    assert sum(week.minor for week in weeks) == 25000


def test_the_chart_keeps_to_its_frame_whatever_came() -> None:
    weeks = [dashboard.Week(TODAY + timedelta(weeks=number), 700 * number - 900, 50) for number in range(5)]
    drawn = chart.drawn(weeks, "GBP")
    assert all(bar.y >= 0 and bar.y + bar.height <= chart.HEIGHT + 1 for bar in drawn.bars)
    assert [bar.kind for bar in drawn.bars[:2]] == ["back", "back"]
    assert chart.drawn([], "GBP").bars == ()


def test_what_was_reckoned_is_kept_until_something_is_posted() -> None:
    moment = [0.0]
    shelf, made = Shelf(clock=lambda: moment[0]), iter("abcd")
    assert shelf.fetch("k", 1, lambda: next(made)) == "a"
    moment[0] = MIN_SECONDS + 1
    assert shelf.fetch("k", 1, lambda: next(made)) == "a"
    assert shelf.fetch("k", 2, lambda: next(made)) == "b"
    moment[0] += MAX_SECONDS + 1
    assert shelf.fetch("k", 2, lambda: next(made)) == "c"


def accepted_fund() -> int:
    from donations.models import Fund

    return db.session.query(Fund.id).filter(Fund.slug == "ali").scalar()


def audit_rows() -> list:
    from donations.models import AuditRecord

    db.session.rollback()
    return db.session.query(AuditRecord).all()


def test_while_cards_are_tested_the_first_page_says_so(app: Flask, treasurer: Browser, appeals: dict) -> None:
    assert "Stolen cards are being tested" not in treasurer.get("/treasury/").text
    now = datetime.now(UTC)
    for _ in range(9):
        with write_unit():
            donation = a_donation(appeals["hands-off-ali"], at=now)
        hear(a_charge(donation.reference, donation.amount, status="failed", at=now), at=now)
    for path in ("/treasury/", "/treasury/_open-items"):
        assert "9 of the last 9 card payments were declined" in treasurer.get(path).text
