"""Every page of the treasury is shown to who may see it, says what is not there, and keeps to the rules of pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from donations.extensions import db
from donations.models import AuditRecord
from donations.reconciliation.to_do import KINDS
from tests.events import fresh
from tests.reconciliation.steps import TODAY, a_bank_account, a_gift, a_line, accepted
from tests.reconciliation.test_classification import an_unknown_transaction, classify
from tests.reconciliation.test_payment_requests import adjust, ask_for, two_must_approve
from tests.reconciliation.test_payouts import two_donations_and_a_fee
from tests.web.staff.conftest import Browser

PAGES = (
    "/treasury/",
    "/treasury/card-payments",
    "/treasury/card-payments?find=R-999999",
    "/treasury/receipts/R-000001",
    "/treasury/appeals/hands-off-ali/ending",
    "/treasury/payouts",
    "/treasury/bank-accounts",
    "/treasury/bank-accounts/1",
    "/treasury/statement-lines",
    "/treasury/offline-donations",
    "/treasury/offline-donations?state=expected",
    "/treasury/paying-in-slips",
    "/treasury/branch-returns",
    "/treasury/branch-returns?state=accepted",
    "/treasury/payment-requests",
    "/treasury/payment-requests/1",
    "/treasury/adjustments",
    "/treasury/adjustments/1",
    "/treasury/disputes",
    "/treasury/periods",
    "/treasury/funds/ali",
    "/treasury/posting-stop",
    "/treasury/statement-lines?state=unidentified",
    "/treasury/statement-lines?state=matched",
    "/treasury/offline-donations?state=arrived",
    "/treasury/restoration/",
    "/treasury/personal-data",
    "/treasury/balance-transactions",
    "/treasury/classifications/1",
    *(f"/treasury/to-do/{kind}" for kind in KINDS),
)
FORMS = (
    "/treasury/offline-donations/new?method=cash",
    "/treasury/offline-donations/new?method=cheque",
    "/treasury/offline-donations/new?method=bank&purpose=hands-off-ali&on=2026-11-20",
    "/treasury/offline-donations/new?method=nonsense&on=2026-99-99",
    "/treasury/paying-in-slips/new",
    "/treasury/payment-requests/new",
    "/treasury/personal-data/person",
    *(f"/treasury/adjustments/new?kind={kind}" for kind in ("transfer", "opening", "write_off", "kept", "nonsense")),
)
UNKNOWN = (
    "/treasury/bank-accounts/99",
    f"/treasury/bank-accounts/{10**30}",
    "/treasury/statement-lines/99",
    f"/treasury/statement-lines/{10**30}",
    f"/treasury/paying-in-slips/{10**30}",
    f"/treasury/payment-requests/{10**30}",
    "/treasury/payment-requests/99/evidence",
    "/treasury/payment-requests/99/payee",
    f"/treasury/adjustments/{10**30}",
    f"/treasury/periods/{10**30}",
    "/treasury/posting-stop/0123456789/reissue",
    "/treasury/periods/99/statement.pdf",
    "/treasury/payouts/po_none",
    "/treasury/receipts/R-999999",
    "/treasury/funds/none",
    "/treasury/to-do/none",
    "/treasury/balance-transactions/txn_none",
    "/treasury/card-payments/ch_none/assign",
    f"/treasury/classifications/{10**30}",
)


def some_of_everything() -> None:
    """A fund with money, a bank account with a line, donations in each state, a payment asked for."""
    two_must_approve()
    two_donations_and_a_fee()
    account = a_bank_account()
    accepted(80000)
    a_gift(2500)
    a_gift(3000, "bank")
    a_line(account, 3000, on=TODAY - timedelta(days=2))
    adjust("opening", 50000, bank_account_id=account)
    ask_for(50000)
    classify(an_unknown_transaction())


@pytest.mark.parametrize("role", ["treasurer", "auditor", "admin"])
def test_every_page_opens(signed_in: Callable[..., Browser], role: str) -> None:
    some_of_everything()
    browser = signed_in(role)
    for path in PAGES:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"\sstyle=|<script>|\son\w+=", answer.text), path
        assert answer.text.count("<h1") == 1, path
        if role == "auditor":
            buttons = re.findall(r'<form method="post" action="([^"]+)"', answer.text)
            assert set(buttons) <= {"/staff/sign-out"}, path


def test_every_form_opens_to_a_treasurer_and_to_nobody_else(signed_in: Callable[..., Browser]) -> None:
    some_of_everything()
    browser, auditor = signed_in("treasurer"), signed_in("auditor")
    for path in FORMS:
        text = browser.get(path)
        assert text.status_code == 200, path
        assert 'name="csrf_token"' in text.text
        assert auditor.get(path).status_code == 403, path


def test_every_page_stands_in_russian_too(treasurer: Browser) -> None:
    some_of_everything()
    for path in (*PAGES, *FORMS):
        answer = treasurer.get(f"/ru{path}")
        assert answer.status_code == 200, path
        assert '<html lang="ru"' in answer.text


@pytest.mark.databases("sqlite")
def test_looking_writes_nothing(treasurer: Browser) -> None:
    """Every page and every form, asked for by GET: no table has another row or other content afterwards."""
    some_of_everything()
    treasurer.get("/treasury/")  # The caches are filled, and the session is seen.
    for path in (*PAGES, *FORMS, "/treasury/periods/new?ends_on=2026-10-31", "/treasury/exports?since=2026-11-01"):
        before = content()
        treasurer.get(path)
        assert content() == before, path


def content() -> dict[str, int]:
    """A number for what each table holds, but for when a session was seen last."""
    fresh()
    return {
        table.name: hash(tuple(sorted(repr(row) for row in db.session.execute(table.select()))))
        for table in db.metadata.sorted_tables
        if table.name != "staff_session"
    }


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.databases("sqlite")
def test_what_nobody_knows_is_not_there(treasurer: Browser, path: str) -> None:
    assert treasurer.get(path).status_code == 404


@pytest.mark.databases("sqlite")
def test_a_form_without_its_token_does_nothing(app: Flask, treasurer: Browser) -> None:
    before = db.session.query(AuditRecord).count()
    assert treasurer.post("/treasury/bank-accounts", csrf=False, name="Current", currency="GBP").status_code == 400
    db.session.rollback()
    assert db.session.query(AuditRecord).count() == before
