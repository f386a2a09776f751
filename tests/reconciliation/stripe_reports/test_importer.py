"""Reports made of the sandbox's own balance transactions: once imported, the ledger is the same as after listing
Stripe's API."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection

from donations import facts, stripe_gateway
from donations.database import write_unit
from donations.errors import ReportDiffers
from donations.extensions import db
from donations.facts import BalanceTransaction, Payout
from donations.reconciliation import balance_transactions, stripe_reports
from donations.reconciliation.stripe_reports import Taken
from tests.events import fresh, rows
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.stripe_reports.report_files import activity, payouts, reconciliation
from tests.worker.steps import begun, sound

Balances = dict[tuple[Any, ...], int]
ZONE = ZoneInfo("Europe/London")


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


class Listed:
    """What Stripe's API would list of what happened."""

    def __init__(self, now: datetime) -> None:
        since = now - timedelta(days=1)
        self.transactions = sorted(
            stripe_gateway.transactions_since(since), key=lambda each: (each.created_at, each.id)
        )
        self.payouts: dict[str, Payout] = {each.id: each for each in stripe_gateway.payouts_since(since)}
        automatic = [each for each in self.payouts.values() if each.automatic and each.amount_minor > 0]
        self.members = {each.id: stripe_gateway.members_of(each.id) for each in automatic}

    def of(self, payout_id: str) -> list[BalanceTransaction]:
        return [each for each in self.transactions if each.id in self.members[payout_id]]


@pytest.fixture
def listed(app: Flask, at_stripe: Stripe, now: datetime) -> Listed:
    """Three donations, a refund of one, a fee of Stripe's, a payout of what there was, and a donation after it. The app
    received the webhooks of the donations, and has listed nothing."""
    charges = []
    for fee in (62, 75, 80):
        at_stripe.order("fees/next", fee=fee)
        _, session_id = begun(at=now)
        charges.append(at_stripe.pay(session_id, "pm_card_bypassPending")["charge"])
    at_stripe.api("POST", "/v1/refunds", {"charge": charges[0], "amount": 500})
    at_stripe.order("movements", kind="stripe_fee", amount=20)
    at_stripe.order("payouts", to="paid", reconcile=True)
    _, session_id = begun(at=now)
    at_stripe.pay(session_id)
    heard = {event["type"] for event in at_stripe.events() if not event["type"].startswith("payout.")}
    assert set(at_stripe.bring(app.test_client(), *heard)) == {200}
    return Listed(now)


def import_report(report: bytes, now: datetime, **more: Any) -> Taken:
    with write_unit() as conn:
        return stripe_reports.import_report(conn, stripe_reports.read(report, zone=ZONE, **more), at=now)


def standing(conn: Connection) -> Balances:
    """Every balance that is not zero, by account, fund, currency and thing cleared."""
    found = conn.execute(
        text(
            "SELECT account, fund_id, currency, clear_ref, sum(amount_minor) FROM posting"
            " GROUP BY account, fund_id, currency, clear_ref HAVING sum(amount_minor) <> 0"
        )
    )
    return {tuple(row[:4]): int(row[4]) for row in found}


class _TakenBack(Exception):
    """Nothing of this is to stay."""


def by_the_api(listed: Listed, now: datetime) -> Balances:
    """The balances after listing Stripe's API, which is then rolled back."""
    found: Balances = {}
    with suppress(_TakenBack), write_unit() as conn:
        for moved in listed.transactions:
            balance_transactions.book_transaction(conn, moved, at=now)
        for payout in listed.payouts.values():
            facts.record_payout(conn, payout)
            if payout.id in listed.members:
                facts.record_members(conn, payout.id, listed.members[payout.id])
            balance_transactions.book_payout(conn, payout.id, at=now)
        found.update(standing(conn))
        raise _TakenBack
    return found


def now_standing() -> Balances:
    fresh()
    return standing(db.session.connection())


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_reports_in_any_order_come_to_what_the_api_says(
    app: Flask, listed: Listed, now: datetime, order: tuple[int, ...]
) -> None:
    # given what the API would have brought
    expected = by_the_api(listed, now)
    assert now_standing() != expected
    payout_id = next(iter(listed.members))
    reports = (
        activity(listed.transactions),
        reconciliation(listed.of(payout_id), payout_id),
        payouts(listed.transactions, listed.payouts),
    )
    # when the three reports are imported instead
    last = [import_report(reports[number], now) for number in order][-1]
    # then the ledger is the same
    assert now_standing() == expected
    assert (last.incomplete, last.unknown) == ((), ())
    assert rows("balance_transaction") == len(listed.transactions)
    assert sound()


def test_a_report_twice_changes_nothing(app: Flask, listed: Listed, now: datetime) -> None:
    payout_id = next(iter(listed.members))
    reports = (
        activity(listed.transactions),
        payouts(listed.transactions, listed.payouts),
        reconciliation(listed.of(payout_id), payout_id),
    )
    for report in reports:
        import_report(report, now)
    before, entries = now_standing(), rows("entry")
    again = [import_report(report, now + timedelta(days=1)) for report in reports]
    assert [each.transactions for each in again] == [0, 0, 0]
    assert (now_standing(), rows("entry")) == (before, entries)


def test_what_the_api_listed_before_is_known(app: Flask, listed: Listed, now: datetime) -> None:
    told = [each for each in listed.transactions if not each.reporting_category.startswith("payout")]
    with write_unit() as conn:
        for moved in told[:4]:
            balance_transactions.book_transaction(conn, moved, at=now)
    taken = import_report(activity(listed.transactions), now)
    assert (taken.known, taken.transactions) == (4, len(told) - 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount_minor": 1999, "fee_minor": 0, "net_minor": 1999}, "amount 19.99 GBP. Our records say: amount 20 GBP"),
        ({"reporting_category": "topup"}, "reporting_category topup. Our records say: reporting_category charge"),
    ],
)
def test_a_movement_that_is_known_otherwise_is_refused_with_its_line(
    app: Flask, listed: Listed, now: datetime, change: dict[str, Any], said: str
) -> None:
    # given a balance transaction that the ledger has
    first = next(each for each in listed.transactions if each.reporting_category == "charge")
    with write_unit() as conn:
        balance_transactions.book_transaction(conn, first, at=now)
    before = (now_standing(), rows("balance_transaction"))
    # when a report says something else of it, in its third line
    others = [each for each in listed.transactions if each.reporting_category == "charge" and each != first]
    report = activity([others[0], replace(first, **change), others[1]])
    with pytest.raises(ReportDiffers, match=said) as refused:
        import_report(report, now)
    # then nothing of the report is imported
    assert refused.value.facts["line"] == 3
    assert (now_standing(), rows("balance_transaction")) == before


def test_a_payout_known_with_another_amount_is_refused(app: Flask, listed: Listed, now: datetime) -> None:
    payout = next(iter(listed.payouts.values()))
    with write_unit() as conn:
        facts.record_payout(conn, replace(payout, amount_minor=payout.amount_minor + 1))
    with pytest.raises(ReportDiffers, match=payout.id):
        import_report(payouts(listed.transactions, listed.payouts), now)
    assert rows("balance_transaction") == 0


def test_a_report_of_a_part_does_not_list_a_payout(app: Flask, listed: Listed, now: datetime) -> None:
    payout_id = next(iter(listed.members))
    import_report(payouts(listed.transactions, listed.payouts), now)
    taken = import_report(reconciliation(listed.of(payout_id)[1:], payout_id), now)
    assert taken.incomplete == (payout_id,)
    assert import_report(reconciliation(listed.of(payout_id), payout_id), now).incomplete == ()


def test_a_payout_of_which_nothing_else_is_known_is_named(app: Flask, listed: Listed, now: datetime) -> None:
    payout_id = next(iter(listed.members))
    assert import_report(reconciliation(listed.of(payout_id), payout_id), now).unknown == (payout_id,)


def test_a_member_of_another_payout_is_refused_until_that_one_came_back(
    app: Flask, listed: Listed, now: datetime
) -> None:
    payout_id = next(iter(listed.members))
    import_report(payouts(listed.transactions, listed.payouts), now)
    import_report(reconciliation(listed.of(payout_id), payout_id), now)
    with pytest.raises(ReportDiffers, match="po_other"):
        import_report(reconciliation(listed.of(payout_id), "po_other"), now)
    # and once it came back, its members are the next one's
    came_back = replace(listed.payouts[payout_id], status="failed", said_at=now + timedelta(days=2))
    with write_unit() as conn:
        facts.record_payout(conn, came_back)
    assert import_report(reconciliation(listed.of(payout_id), "po_other"), now).unknown == ("po_other",)
    # and an old report of the first changes nothing
    import_report(reconciliation(listed.of(payout_id), payout_id), now)
    fresh()
    assert db.session.execute(text("SELECT count(*) FROM balance_transaction WHERE payout_id = 'po_other'")).scalar()


def test_a_manual_payout_is_estimated(app: Flask, listed: Listed, at_stripe: Stripe, now: datetime) -> None:
    import_report(activity(listed.transactions), now)
    import_report(payouts(listed.transactions, listed.payouts), now, manual_payouts=True)
    fresh()
    assert rows("payout_share") > 0
