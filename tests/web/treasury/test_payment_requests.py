"""Paying out, as it is done: asked for with its evidence, approved by others, sent; and who may not."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import PaymentRequest
from donations.reconciliation import balances
from tests.reconciliation.matching_steps import said
from tests.reconciliation.steps import banked, sound
from tests.reconciliation.test_payment_requests import booked, fund, two_must_approve
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import acts, kept, last_act, number_in, refusal, said_beside

PNG = b"\x89PNG\r\n\x1a\n" + b"invoice" * 10
TYPED = {"fund": "ali", "amount": "500", "currency": "GBP", "purpose": "lawyer, October",
         "payee": "Maya Example 12345678", "form_key": "one"}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(app: Flask, tmp_path: Path) -> Path:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")
    banked(80000)
    return tmp_path / "files" / "evidence"


def ask(browser: Browser, **typed: Any) -> TestResponse:
    return browser.post("/treasury/payment-requests/new", **{**TYPED, **typed})


def decide(browser: Browser, act: str, number: int = 1) -> TestResponse:
    return browser.post(f"/treasury/payment-requests/{number}", act=act)


def free() -> int:
    db.session.rollback()
    return balances.free(db.session.connection(), fund().id, "GBP")


def state() -> str:
    db.session.rollback()
    return db.session.get_one(PaymentRequest, 1).state


def test_a_payment_is_asked_for_approved_sent_and_found_in_the_bank(
    treasurer: Browser, signed_in: Callable[..., Browser]
) -> None:
    # given a request: row 13
    assert number_in(ask(treasurer)) == 1
    assert (booked("disbursement"), last_act()[:2]) == ([], ("disbursement.requested", "disbursement:1"))
    # when another person approves it
    admin = signed_in("admin")
    assert decide(admin, "approve").status_code == 303
    assert booked("disbursement:1:approve") == [(2100, "ali", "GBP", -50000), (5100, "ali", "GBP", 50000)]
    assert free() == 30000
    # and it is sent
    assert decide(treasurer, "send").status_code == 303
    assert booked("disbursement:1:send") == [(1040, "ali", "GBP", -50000), (2100, "ali", "GBP", 50000)]
    # and the bank shows it
    line = said(1, -50000)
    treasurer.post(f"/treasury/statement-lines/{line}", act="match", target="disbursement:1")
    assert (state(), sound()) == ("paid", ())
    assert acts()[-3:] == ["disbursement.approved", "disbursement.sent", "line.matched"]
    treasurer.post(f"/treasury/statement-lines/{line}", act="undo")
    assert (state(), sound()) == ("sent", ())


def test_who_asked_cannot_approve(treasurer: Browser) -> None:
    ask(treasurer)
    assert 'value="approve"' not in treasurer.get("/treasury/payment-requests/1").text
    before = kept()
    answer = decide(treasurer, "approve")
    assert (answer.status_code, "Another person must approve this" in refusal(answer)) == (403, True)
    assert (kept(), free()) == (before, 80000)


def test_who_is_paid_cannot_approve(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    # given a person who asked to be paid, and another who asked for that one
    ask(treasurer, payee_is_me="y")
    db.session.query(PaymentRequest).update({"requested_by": "staff:99"})
    db.session.commit()
    before = kept()
    assert decide(treasurer, "approve").status_code == 403
    assert kept() == before
    assert decide(signed_in("admin"), "approve").status_code == 303


def test_two_approvals_are_two_people(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    two_must_approve()
    ask(treasurer)
    first, second = signed_in("admin"), signed_in("treasurer", name="theo")
    assert decide(first, "approve").status_code == 303
    assert (state(), booked("disbursement")) == ("requested", [])
    before = kept()
    assert decide(first, "approve").status_code == 403  # The same person twice.
    assert decide(first, "send").status_code == 409  # Half approved is not approved.
    assert kept() == before
    assert decide(second, "approve").status_code == 303
    assert (state(), free()) == ("approved", 30000)
    before = kept()
    assert decide(second, "approve").status_code == 409
    assert kept() == before


def test_what_was_refused_or_taken_back_is_not_sent(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    admin = signed_in("admin")
    ask(treasurer)
    decide(admin, "refuse")
    ask(treasurer, form_key="two")
    decide(admin, "approve", 2)
    decide(treasurer, "refuse", 2)
    assert [row.state for row in db.session.query(PaymentRequest).order_by(PaymentRequest.id)] == [
        "refused",
        "cancelled",
    ]
    assert (free(), booked("disbursement"), sound()) == (80000, [], ())
    before = kept()
    for number in (1, 2):
        for act in ("approve", "send", "refuse"):
            assert decide(admin, act, number).status_code == 409, (number, act)
    assert decide(admin, "steal").status_code == 422
    assert kept() == before


def test_a_payment_is_sent_once(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    ask(treasurer)
    decide(signed_in("admin"), "approve")
    decide(treasurer, "send")
    before = kept()
    assert decide(treasurer, "send").status_code == 409
    assert decide(treasurer, "refuse").status_code == 409
    assert kept() == before


def test_the_same_form_asks_once_and_only_for_that(treasurer: Browser, clock: time_machine.Traveller) -> None:
    ask(treasurer)
    after = kept()
    clock.shift(1)
    assert number_in(ask(treasurer)) == 1
    for changed in ({"amount": "400"}, {"fund": "sakharovo"}, {"purpose": "family"}):
        assert ask(treasurer, **changed).status_code in (409, 422), changed
    assert kept() == after


def test_no_more_than_is_free_is_asked_for_or_approved(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    answer = ask(treasurer, amount="800.01")
    assert (answer.status_code, "£800 available" in said_beside(answer, "amount")) == (409, True)
    ask(treasurer, amount="500")
    ask(treasurer, amount="400", form_key="two")
    admin = signed_in("admin")
    decide(admin, "approve", 1)
    before = kept()
    assert decide(admin, "approve", 2).status_code == 409
    assert (kept(), free()) == (before, 30000)


WRONG = {
    "fund": ({"fund": ""}, "Select the fund to pay from."),
    "amount": ({"amount": "-1"}, "We could not read this amount"),
    "purpose": ({"purpose": " "}, "Enter what the payment is for."),
    "payee": ({"payee": ""}, "Enter the payee and their account."),
    "currency": ({"currency": "XAU"}, "Not a valid choice."),
}


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_stands_beside_its_field(treasurer: Browser, field: str) -> None:
    typed, sentence = WRONG[field]
    before = kept()
    answer = ask(treasurer, **typed)
    assert (answer.status_code, sentence in said_beside(answer, field)) == (422, True)
    assert kept() == before


def test_the_suspense_fund_pays_nobody(treasurer: Browser) -> None:
    answer = ask(treasurer, fund="suspense")
    assert (answer.status_code, bool(said_beside(answer, "fund"))) == (422, True)


def test_evidence_is_what_its_first_bytes_say(treasurer: Browser, folder: Path) -> None:
    before = kept()
    for data in (b"MZ\x90 a program", b"<html><script>", b"GIF89a"):
        answer = ask(treasurer, evidence=(io.BytesIO(data), "invoice.pdf"))
        assert (answer.status_code, "Choose a PDF" in refusal(answer)) == (422, True)
    assert (kept(), folder.exists()) == (before, False)


def test_evidence_and_payee_are_for_who_has_just_signed_in_and_the_audit_says_who_read_them(
    treasurer: Browser, folder: Path, clock: time_machine.Traveller
) -> None:
    ask(treasurer, evidence=(io.BytesIO(PNG), "../../invoice.png"))
    assert b"invoice" not in next(folder.iterdir()).read_bytes()
    answer = treasurer.client.get("/treasury/payment-requests/1/evidence")
    assert (answer.data, answer.mimetype) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evidence-1.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Maya Example 12345678" in treasurer.get("/treasury/payment-requests/1/payee").text
    assert acts()[-2:] == ["evidence.read", "payee.read"]
    assert "12345678" not in treasurer.get("/treasury/payment-requests/1").text
    clock.shift(timedelta(minutes=6))
    for path in ("evidence", "payee"):
        assert treasurer.get(f"/treasury/payment-requests/1/{path}").headers["Location"].startswith("/staff/again")
