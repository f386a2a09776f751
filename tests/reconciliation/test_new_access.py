"""No one approves with an account to which they gave access themselves: each kind of approval is tried by an account
that its requester has invited, granted a role or reset within the last seven days, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from donations import approvals, audit, giving
from donations.appeals import updates
from donations.approvals import GIVES_ACCESS
from donations.database import write_unit
from donations.errors import AccessTooNew, NeedsAnotherToPublish
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Correction, Organisation, PaymentRequest
from donations.reconciliation import adjustments, posting_stop
from tests.appeals import test_drafts
from tests.factories import NOON
from tests.house import ROOT
from tests.reconciliation import test_classification, test_payment_requests, test_period_close
from tests.reconciliation.steps import a_gift, approvals_are, banked
from tests.reconciliation.waiting_steps import a_correction, a_rule_to_approve
from tests.test_approvals import decide as decide_rule

ONE, OTHER, THIRD = "tara", "theo", "ola"
Refused = (AccessTooNew, NeedsAnotherToPublish)


def gave(one: str, other: str, act: str = "staff.invited", at: datetime = NOON) -> None:
    with write_unit() as conn:
        audit.record(conn, one, act, other, at=at)


def rule() -> None:
    a_rule_to_approve()
    with write_unit():  # the step before asks as Ada
        asked = approvals.waiting()
        assert asked is not None
        asked.requested_by = ONE
    decide_rule(1, actor=OTHER)


def payment() -> None:
    banked(80000)
    test_payment_requests.approve(test_payment_requests.ask_for(500, actor=ONE), OTHER)


def payment_approved_by_two() -> None:
    banked(80000)
    approvals_are(2)
    number = test_payment_requests.ask_for(500, actor=THIRD)
    test_payment_requests.approve(number, ONE)
    assert db.session.get_one(PaymentRequest, number).state == "requested"
    test_payment_requests.approve(number, OTHER)


def transfer() -> None:
    approvals_are(2)
    account = banked(80000)
    told = {"bank_account_id": account, "other_fund_id": test_payment_requests.fund("sakharovo").id}
    number, state = test_payment_requests.adjust("transfer", 500, actor=ONE, **told)
    assert state == "requested"
    with write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor=OTHER, at=NOON)


def assignment() -> None:
    approvals_are(2)
    row = test_classification.classify(test_classification.an_unknown_transaction(), actor=ONE)
    test_classification.decide(row.id, actor=OTHER)


def correction() -> None:
    a_correction()
    with write_unit() as conn:
        posting_stop.decide(conn, db.session.query(Correction).one().id, yes=True, actor=OTHER, at=NOON)


def close() -> None:
    approvals_are(2)
    period = test_period_close.a_period()
    assert not test_period_close.sign(period, ONE)
    test_period_close.sign(period, OTHER)


def cash() -> None:
    number = a_gift(500)
    with write_unit() as conn:
        giving.offline_donations.accept(conn, number, actor=OTHER, at=NOON)


def update() -> None:
    with write_unit():
        Organisation.get().publish_needs_second = True
        told = {"en": "He is out"}
        updates.write(Appeal.any_by_slug("hands-off-ali"), told, told, form_key="k", by=ONE)
    with write_unit():
        updates.post(db.session.query(AppealUpdate).one(), by=OTHER, at=NOON)


def appeal() -> None:
    test_drafts.ask_for_two()
    draft = test_drafts.write("hands-off-ali", NOON, by=ONE, title={"en": "Free Ali"})
    test_drafts.publish(draft, NOON, by=OTHER)


KINDS = (rule, payment, payment_approved_by_two, transfer, assignment, correction, close, cash, update, appeal)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_approval_by_an_account_that_the_other_gave_access(
    app: Flask, kind: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving.offline_donations, "needs_another", lambda: True)
    late = timedelta(days=14) if kind is close else timedelta()  # a period is signed when it is over
    gave(ONE, OTHER, at=NOON + late - timedelta(days=6))
    with pytest.raises(Refused):
        kind()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not correction], ids=lambda kind: kind.__name__)
@pytest.mark.databases("sqlite")
def test_after_seven_days_they_are_two_people(
    app: Flask, kind: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving.offline_donations, "needs_another", lambda: True)
    gave(ONE, OTHER, at=NOON - timedelta(days=8))
    gave(ONE, "somebody else")
    kind()


@pytest.mark.parametrize("act", GIVES_ACCESS)
@pytest.mark.parametrize(("one", "other"), [(ONE, OTHER), (OTHER, ONE)])
@pytest.mark.databases("sqlite")
def test_whoever_of_both_asks_first_and_however_access_was_given(app: Flask, act: str, one: str, other: str) -> None:
    gave(one, other, act, NOON - timedelta(days=6))
    with pytest.raises(AccessTooNew):
        approvals.check_second(ONE, by=OTHER, at=NOON)


def test_no_other_code_compares_who_asked_with_who_approves() -> None:
    """Elsewhere only whom it is about is refused, who asked for nothing: the payee, and who is to get a role."""
    raising = {
        str(path.relative_to(ROOT / "donations")): len(re.findall(r"raise NeedsAnother\(", path.read_text("utf-8")))
        for path in (ROOT / "donations").rglob("*.py")
    }
    assert {name: times for name, times in raising.items() if times} == {
        "approvals.py": 1, "reconciliation/payment_requests.py": 1, "staff/changes.py": 1,
    }  # fmt: skip
