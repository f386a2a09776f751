"""The rule of approvals in the browser: an admin asks, a second person answers, and pages say what holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from donations.extensions import db
from donations.models import ApprovalRule, Organisation
from tests.events import fresh
from tests.reconciliation.steps import banked
from tests.reconciliation.test_payment_requests import ask_for
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import last_act, said_beside

pytestmark = pytest.mark.databases("sqlite")
PAGE = "/treasury/approvals"
SAYS_TWO = ("2 people sign", "Two people approve", "A second person must sign", "2 signatures", "A second person")


def ask(browser: Browser, **typed: str) -> TestResponse:
    return browser.post(PAGE, **{"form_key": "k", "required": "2", "up_to": "", "reason": "the meeting"} | typed)


def rule() -> tuple[int, int]:
    fresh()
    house = Organisation.get()
    return house.approvals_required, house.one_approval_up_to_minor


def test_an_admin_asks_and_a_treasurer_agrees(app: Flask, signed_in: Callable[..., Browser]) -> None:
    admin, treasurer = signed_in("admin"), signed_in("treasurer")
    assert ask(admin, up_to="100").status_code == 303
    assert "A change waits for approval" in admin.get(PAGE).text
    assert "Withdraw request" in admin.get(PAGE).text
    assert rule() == (1, 0)
    assert "Change to the approval rule" in treasurer.get("/treasury/").text
    assert admin.post(f"{PAGE}/1", act="approve").status_code == 403
    assert treasurer.post(f"{PAGE}/1", act="approve").status_code == 303
    assert (rule(), last_act()[0]) == ((2, 10000), "approvals.approved")
    text = treasurer.get(PAGE).text
    assert "Two people approve. One is enough up to £100.00." in text
    assert "the meeting" in text


def test_a_form_sent_again_says_that_it_was_used_and_asks_nothing_anew(
    app: Flask, signed_in: Callable[..., Browser], clock: time_machine.Traveller
) -> None:
    admin, treasurer = signed_in("admin"), signed_in("treasurer")
    assert ask(admin).status_code == 303
    assert treasurer.post(f"{PAGE}/1", act="approve").status_code == 303
    admin.get(PAGE)  # what the first said
    clock.shift(5)
    assert "This form has already been used" in admin.get(str(ask(admin).location)).text
    assert db.session.query(ApprovalRule).count() == 1
    assert ask(admin, form_key="another", required="1").status_code == 303
    assert db.session.query(ApprovalRule).count() == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"required": "3"}, "required"),
        ({"required": ""}, "required"),
        ({"reason": " "}, "reason"),
        ({"up_to": "much"}, "up_to"),
        ({"up_to": "$20"}, "up_to"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_asked(
    app: Flask, signed_in: Callable[..., Browser], typed: dict[str, str], field: str
) -> None:
    answer = ask(signed_in("admin"), **typed)
    assert (answer.status_code, bool(said_beside(answer, field))) == (422, True)
    assert db.session.query(ApprovalRule).count() == 0


def test_nobody_but_an_admin_asks(app: Flask, signed_in: Callable[..., Browser]) -> None:
    for role in ("treasurer", "auditor"):
        browser = signed_in(role)
        assert browser.get(PAGE).status_code == 200
        assert ask(browser).status_code == 403


def test_where_one_approves_no_page_says_that_two_sign(app: Flask, treasurer: Browser) -> None:
    banked(100000)
    ask_for(5000)
    pages = (
        "/treasury/periods",
        "/treasury/periods/new?ends_on=2026-11-20",
        "/treasury/payment-requests",
        "/treasury/payment-requests/1",
        "/treasury/payment-requests/new",
        "/treasury/adjustments",
        "/treasury/adjustments/new?kind=transfer",
        "/treasury/adjustments/new?kind=write_off",
        PAGE,
    )
    for path in pages:
        text = treasurer.get(path).text
        text = text.replace("A second person approves the change.", "")
        assert not [words for words in SAYS_TWO if words in text], path
    assert "1 person signs" in treasurer.get("/treasury/periods").text
