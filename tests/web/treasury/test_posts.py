"""Every form of the treasury sent by a person without the right: nothing is written, whatever it holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from donations.database import write_unit
from donations.extensions import db
from donations.models import Classification, OfflineDonation, StatementLine
from donations.reconciliation import period_close
from tests.events import a_charge, hear
from tests.factories import gbp
from tests.reconciliation.steps import TODAY
from tests.reconciliation.test_classification import an_unknown_transaction
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept
from tests.web.treasury.test_dashboard import parked
from tests.web.treasury.test_every_page import some_of_everything

Sent = dict[str, tuple[str, dict[str, Any]]]
FRESH = (
    "copy",
    "decide",
    "adjust",
    "agree",
    "begin",
    "sign",
    "cure",
    "approve cure",
    "process",
    "resume",
    "classify",
    "assign",
    "settle",
    "assign many",
    "confirm",
    "emails",
)
MANY = "9" * 5000
ROWLESS = (
    "/treasury/bank-accounts/{}",
    "/treasury/statement-lines/{}",
    "/treasury/payment-requests/{}",
    "/treasury/adjustments/{}",
    "/treasury/periods/{}",
    "/treasury/classifications/{}",
)


def _set_up() -> tuple[str, str]:
    """Something of every kind. Returns a balance transaction of an unknown kind and a charge without a donation."""
    some_of_everything()
    parked()
    with write_unit():
        period_close.prepare(TODAY)
    unknown, stray = an_unknown_transaction(), a_charge(None, gbp("7.00"))
    hear(stray)
    return unknown, stray.charge_id


@pytest.fixture
def posts(app: Flask) -> Sent:
    """Each form of the treasury, filled in so that it would act."""
    unknown, stray = _set_up()
    waiting_decision, line = db.session.query(Classification).one().id, db.session.query(StatementLine).one().id
    waiting = db.session.query(OfflineDonation).filter(OfflineDonation.state == "recorded").one().id
    accepted = db.session.query(OfflineDonation).filter(OfflineDonation.state == "accepted").one().id
    day, money = TODAY.isoformat(), {"amount": "10", "currency": "GBP", "form_key": "k"}
    why = {"reason": "agreed", "authority": "committee", "on": day, "account": "1", "fund": "ali"}
    return {
        "retry": ("/treasury/to-do/event/retry", {"ref": "evt_poison"}),
        "dismiss": ("/treasury/to-do/event/dismiss", {"ref": "evt_poison", "reason": "known"}),
        "classify": (f"/treasury/balance-transactions/{unknown}", {**why, "account": "5020", "form_key": "k"}),
        "assign": (f"/treasury/card-payments/{stray}/assign", {**why, "form_key": "l"}),
        "settle": (f"/treasury/classifications/{waiting_decision}", {"act": "approve"}),
        "account": ("/treasury/bank-accounts", {"name": "Savings", "currency": "GBP"}),
        "rules": ("/treasury/statement-lines", {}),
        "match": (f"/treasury/statement-lines/{line}", {"act": "match", "otherwise": "unidentified"}),
        "take": (f"/treasury/statement-lines/{line}", {"act": "gift", "purpose": "hands-off-ali"}),
        "accept": ("/treasury/offline-donations", {"gift": str(waiting), "act": "accept"}),
        "record": (
            "/treasury/offline-donations/new",
            {**money, "method": "cheque", "purpose": "fighting-fund", "received_on": day},
        ),
        "slip": (
            "/treasury/paying-in-slips/new",
            {**money, "amount": "800", "gift": str(accepted), "account": "1", "count": "1", "on": day},
        ),
        "ask": ("/treasury/payment-requests/new", {**money, "fund": "ali", "purpose": "lawyer", "payee": "Maya"}),
        "decide": ("/treasury/payment-requests/1", {"act": "approve"}),
        "adjust": ("/treasury/adjustments/new", {**money, **why, "kind": "opening"}),
        "agree": ("/treasury/adjustments/1", {"act": "approve"}),
        "copy": ("/treasury/receipts/R-000001/copy", {}),
        "begin": ("/treasury/periods/new", {"ends_on": (TODAY + timedelta(days=1)).isoformat(), "act": "sign"}),
        "sign": ("/treasury/periods/1", {"act": "sign"}),
        "cure": ("/treasury/posting-stop/0123456789/recalculate", {"form_key": "k", "reason": "agreed"}),
        "approve cure": ("/treasury/posting-stop/cures/1", {"act": "approve"}),
        "process": ("/treasury/posting-stop/events/evt_poison", {"reason": "agreed"}),
        **_after_a_stop_or_restore(stray, why),
    }


def _after_a_stop_or_restore(charge_id: str, why: dict[str, str]) -> Sent:
    return {
        "resume": ("/treasury/posting-stop/resume", {}),
        "assign many": ("/treasury/restoration/assign", {**why, "charge": charge_id, "form_key": "m"}),
        "confirm": ("/treasury/restoration/confirm", {"charge": charge_id}),
        "emails": ("/treasury/restoration/emails", {"kind": "receipt", "act": "send"}),
        "again": ("/treasury/restoration/again", {}),
    }


def a_file() -> tuple[io.BytesIO, str]:
    return io.BytesIO(b"Date;Name;Transaction ID;Amount\n13.11.2026;Maya;1;10,00\n"), "a.csv"


def test_who_has_not_signed_in_writes_nothing(app: Flask, posts: Sent) -> None:
    before, browser = kept(), Browser(app)
    for path, typed in [*posts.values(), ("/treasury/bank-accounts/1", {"file": a_file()})]:
        answer = browser.post(path, **typed)
        assert answer.headers.get("Location", "").startswith("/staff/sign-in"), path
    assert kept() == before


@pytest.mark.parametrize("role", ["auditor", "organiser"])
def test_the_wrong_role_writes_nothing(signed_in: Callable[..., Browser], posts: Sent, role: str) -> None:
    browser = signed_in(role)
    before = kept()
    for path, typed in [*posts.values(), ("/treasury/bank-accounts/1", {"file": a_file()})]:
        assert browser.post(path, **typed).status_code == 403, path
    assert kept() == before


def test_an_admin_approves_and_does_nothing_else(signed_in: Callable[..., Browser], posts: Sent) -> None:
    browser = signed_in("admin")
    before = kept()
    for name, (path, typed) in posts.items():
        if name not in ("decide", "agree", "begin", "sign", "approve cure", "settle"):
            assert browser.post(path, **typed).status_code == 403, name
    assert kept() == before


def test_a_form_without_its_token_writes_nothing(treasurer: Browser, posts: Sent) -> None:
    before = kept()
    for path, typed in posts.values():
        assert treasurer.post(path, csrf=False, **typed).status_code == 400, path
    assert kept() == before


def test_no_other_method_is_taken(treasurer: Browser, posts: Sent) -> None:
    before = kept()
    for path, typed in posts.values():
        for method in ("put", "patch", "delete"):
            answer = getattr(treasurer.client, method)(path, data={**typed, "csrf_token": treasurer.csrf})
            assert answer.status_code == 405, (method, path)
    assert treasurer.get("/treasury/to-do/event/retry").status_code == 405
    assert kept() == before


def test_what_is_weighty_is_not_taken_six_minutes_after_signing_in(
    treasurer: Browser, posts: Sent, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=6))
    before = kept()
    for name in FRESH:
        path, typed = posts[name]
        answer = treasurer.post(path, **typed)
        assert answer.headers.get("Location", "").startswith("/staff/again"), name
    assert kept() == before


@pytest.mark.parametrize("number", ["99", str(2**63 - 1), str(10**30)])
def test_what_nobody_knows_is_not_there_to_act_on(treasurer: Browser, posts: Sent, number: str) -> None:
    before = kept()
    for path in ROWLESS:
        answer = treasurer.post(path.format(number), act="approve", waiting="x")
        assert answer.status_code == 404, path
    assert treasurer.post("/treasury/to-do/none/retry", ref="x").status_code == 404
    assert treasurer.post("/treasury/balance-transactions/txn_none").status_code == 404
    assert treasurer.post("/treasury/card-payments/ch_none/assign").status_code == 404
    assert kept() == before


@pytest.mark.parametrize("number", ["0", "-1", "1" * 19, MANY, "٣", "1e3", "\x00", ""])
def test_a_number_that_is_none_is_refused_in_words(treasurer: Browser, posts: Sent, number: str) -> None:
    before = kept()
    for name in ("accept", "slip"):
        path, typed = posts[name]
        assert treasurer.post(path, **{**typed, "gift": number}).status_code in (409, 422), name
    path, typed = posts["match"]
    for field in ("target", "proposal", "otherwise"):
        wrong = {"act": "accept" if field == "proposal" else "match", field: f"offline_gift:{number}"}
        assert treasurer.post(path, **wrong).status_code in (409, 422), field
    assert treasurer.post("/treasury/statement-lines", offer=f"{number}:{number}").status_code == 409
    for query in (f"?account={number}", f"?page={number}", f"?before={number}.{number}"):
        for page in (
            "statement-lines", "funds/ali", "offline-donations", "payment-requests", "paying-in-slips", "payouts",
            "adjustments",
        ):  # fmt: skip
            assert treasurer.get(f"/treasury/{page}{query}".replace("\x00", "%00")).status_code == 200, page + query
    assert kept() == before
