"""What has happened has happened today or before: no form of the treasury takes a later day, but for money that is only
expected. The words that were typed stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from donations.extensions import db
from donations.models import Adjustment, OfflineDonation, PayingInSlip
from tests.reconciliation.steps import a_bank_account, accepted
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import said_beside

pytestmark = pytest.mark.databases("sqlite")
MONEY = {"amount": "250", "currency": "GBP", "form_key": "one"}
IN_HAND = {**MONEY, "purpose": "hands-off-ali/ali", "first_counter": "Ann", "second_counter": "Ben"}
AHEAD = "This day is in the future. Enter today or an earlier day."


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_cash_and_cheques_have_arrived_and_a_transfer_may_be_expected(treasurer: Browser) -> None:
    path = "/treasury/offline-donations/new"
    for method in ("cash", "cheque"):
        answer = treasurer.post(path, **{**IN_HAND, "method": method, "received_on": day(2)})
        assert (answer.status_code, said_beside(answer, "received_on")) == (422, AHEAD)
        assert 'value="250"' in answer.text
    assert db.session.query(OfflineDonation).count() == 0
    assert treasurer.post(path, **{**IN_HAND, "method": "bank", "received_on": day(2)}).status_code == 200
    assert (
        treasurer.post(path, **{**IN_HAND, "method": "cash", "received_on": day(0), "form_key": "two"}).status_code
        == 200
    )
    db.session.rollback()
    assert db.session.query(OfflineDonation).count() == 2


def test_a_slip_was_paid_in_today_or_before(treasurer: Browser) -> None:
    a_bank_account()
    slip = {**MONEY, "gift": [str(accepted(25000))], "account": "1", "count": "1", "number": "1", "on": day(2)}
    answer = treasurer.post("/treasury/paying-in-slips/new", **slip)
    assert (answer.status_code, said_beside(answer, "on")) == (422, AHEAD)
    assert db.session.query(PayingInSlip).count() == 0


def test_an_adjustment_is_of_today_or_before(treasurer: Browser) -> None:
    a_bank_account()
    opening = {**MONEY, "kind": "opening", "fund": "ali", "account": "1", "reason": "start", "authority": "committee"}
    answer = treasurer.post("/treasury/adjustments/new", **{**opening, "on": day(2)})
    assert (answer.status_code, said_beside(answer, "on")) == (422, AHEAD)
    assert db.session.query(Adjustment).count() == 0
