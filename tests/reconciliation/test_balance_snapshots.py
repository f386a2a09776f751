"""What the treasury's pages read instead of the whole ledger: sums up to a mark, and what was posted since. Together
they are always what the postings say."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select, text

from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import (
    BalanceSnapshot,
    BalanceTransaction,
    BankAccount,
    Entry,
    Fund,
    OpenItemSnapshot,
    Payment,
    Posting,
)
from donations.reconciliation import balance_snapshots, balances, dashboard, to_do
from donations.reconciliation.matches import Said
from donations.reconciliation.to_do import OpenItems
from donations.worker.ledger_checks import mark_balances
from tests.events import a_charge, fresh, hear
from tests.factories import gbp
from tests.reconciliation import a_month
from tests.reconciliation.steps import TODAY, a_line, accepted, match
from tests.reconciliation.waiting_steps import LATER as WEEKS_LATER
from tests.reconciliation.waiting_steps import PLANTED

LATER = timedelta(hours=2)


def posted() -> dict[tuple[int, str, int], int]:
    """Every posting added up, the slow way."""
    fresh()
    sums: dict[tuple[int, str, int], int] = defaultdict(int)
    for row in db.session.execute(select(Posting.fund_id, Posting.currency, Posting.account, Posting.amount_minor)):
        sums[row.fund_id, row.currency, row.account] += row.amount_minor
    return sums


def shown() -> dict[tuple[int, str], dict[str, int]]:
    fresh()
    return {(one.fund_id, one.currency): one.figures for one in balances.of_funds(db.session.connection())}


def calculated() -> dict[tuple[int, str], dict[str, int]]:
    sums = posted()
    suspense = db.session.scalars(select(Fund.id).where(Fund.kind == "suspense")).one()
    return {
        of_fund: {
            name: 0
            if name == "free" and of_fund[0] == suspense
            else sign * sum(sums.get((*of_fund, account), 0) for account in accounts)
            for name, (sign, accounts) in balances.COLUMNS.items()
        }
        for of_fund in {key[:2] for key in sums}
    }


def came_in() -> list[int]:
    fresh()
    return [week.minor for week in dashboard.income_by_week(db.session.connection(), "GBP", TODAY)]


def mark(at: datetime) -> None:
    with snapshot() as conn:
        made = balance_snapshots.calculate(conn, at=at)
    with write_unit() as conn:
        balance_snapshots.keep(conn, made)


def test_with_and_without_marks_the_figures_are_those_of_the_postings(app: Flask, appeals: dict) -> None:
    # given a month of everything, not marked yet
    a_month.happen()
    before, weeks = shown(), came_in()
    assert before == calculated()
    # when all of it is marked, and more is posted
    mark_balances(datetime.now(UTC) + LATER)
    assert (shown(), came_in()) == (before, weeks)
    accepted(12345)
    # then the figures are those of every posting, and would be wrong without those behind the mark
    assert shown() == calculated() != before
    assert sum(came_in()) == sum(weeks) + 12345


def test_at_every_place_of_the_mark_the_figures_are_the_same(app: Flask, appeals: dict) -> None:
    a_month.happen()
    whole, weeks = shown(), came_in()
    ids = db.session.scalars(select(Entry.id).order_by(Entry.id)).all()
    for number in ids:
        mark(datetime.fromtimestamp((number >> 21) / 1000, UTC) + balance_snapshots.MARGIN)
        assert (shown(), came_in()) == (whole, weeks)


def test_what_is_young_is_not_marked(app: Flask, appeals: dict) -> None:
    accepted(5000)
    mark_balances(datetime.now(UTC))
    assert db.session.scalars(select(BalanceSnapshot)).all() == []


def test_a_payment_knows_its_own_movement_and_no_other(app: Flask, appeals: dict) -> None:
    a_month.happen()
    fresh()
    for payment in db.session.scalars(select(Payment)):
        own = select(BalanceTransaction.id).where(
            BalanceTransaction.payment_id == payment.id, BalanceTransaction.reporting_category == "charge"
        )
        assert payment.recorded_transaction_id == db.session.scalar(own)
        assert payment.recorded_transaction_id is not None


def test_the_to_do_list_says_the_same_with_marks_and_without(app: Flask) -> None:
    """What was open when it was marked and was cleared since is off the list; what was opened since is on it."""
    # given a month with open balances of every kind, and a paying-in slip that is short
    a_month.happen()
    for kind in ("refund", "settlement", "withheld", "transit", "slip", "receipt"):
        PLANTED[kind]()

    def listed() -> list[OpenItems]:
        fresh()
        return to_do.open_items(db.session.connection(), WEEKS_LATER)

    without = listed()
    # when they are marked
    mark(datetime.now(UTC) + LATER)
    assert db.session.query(OpenItemSnapshot).count() > 0
    assert listed() == without
    # and one of them is cleared, and another thing comes
    slip = next(one for one in without if one.kind == "slip").oldest[0]
    account = db.session.query(BankAccount).filter_by(name="Slips").one().id
    match(a_line(account, 5000), Said("slip", 5000, target=slip.place))
    PLANTED["unlinked"]()
    hear(a_charge(None, gbp("7.00")))
    after = listed()
    assert "slip" not in [one.kind for one in after]
    assert [one.count for one in after if one.kind == "receipt"] == [2]
    # then it is what it is without the marks
    with write_unit() as conn:
        for table in ("open_item_snapshot", "balance_snapshot", "daily_total_snapshot"):
            conn.execute(text(f"DELETE FROM {table}"))
    assert listed() == after
