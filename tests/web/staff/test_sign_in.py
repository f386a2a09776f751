"""Signing in: with password and code, and with nothing less; what fails says nothing of why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from donations import staff
from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Mail, StaffSession
from donations.models.staff import ROLES
from donations.staff import passwords
from tests.web.staff.conftest import PASSWORD, Browser, Person


def acts() -> list[str]:
    return [row.act for row in db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))]


def test_password_and_code_open_the_treasury(browser: Browser, treasurer: Person) -> None:
    # given the treasury, which asks who one is
    asked = browser.get("/treasury/")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/staff/sign-in?next=/treasury/"
    # when both steps are gone
    answer = browser.sign_in(treasurer, next="/treasury/")
    # then it opens, and the audit says who came
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/treasury/"
    assert browser.get("/treasury/").status_code == 200
    assert acts()[-1] == "staff.signed_in"


def test_between_the_steps_nothing_opens(browser: Browser, treasurer: Person) -> None:
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)

    for path in ("/treasury/", "/staff/", "/staff/people", "/staff/app"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/second")


def test_the_second_step_is_waited_for_ten_minutes(
    browser: Browser, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)
    clock.shift(timedelta(minutes=10))

    assert browser.get("/staff/second").headers["Location"].startswith("/staff/sign-in")


def test_an_unknown_address_and_a_wrong_password_are_answered_with_the_same_bytes(
    app: Flask, treasurer: Person, join: Callable[..., Person]
) -> None:
    def answer(email: str, password: str, address: str) -> tuple[int, str]:
        browser = Browser(app, address)
        browser.get("/staff/sign-in")
        said = browser.post("/staff/sign-in", email=email, password=password)
        text = re.sub(r'name="csrf_token" value="[^"]+"', "", said.text)
        return said.status_code, text.replace(email, "")

    right = treasurer.email
    assert answer(right, "wrong", "192.0.2.1") == answer("nobody@example.org", "wrong", "198.51.100.1")


@pytest.mark.databases("sqlite")
def test_a_password_is_hashed_also_for_somebody_who_is_not_here(
    browser: Browser, join: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an active person, an invited one, a disabled one, and an unknown one
    emails = [join(f"{name}@example.org", "organiser").email for name in ("here", "out")]
    with write_unit() as conn:
        staff.invite(conn, "asked@example.org", ["auditor"], language="en", by="cli:x", at=datetime.now(UTC))
        out = staff.find_by_email(emails[1])
        assert out is not None
        staff.disable(conn, out, by="cli:x", at=datetime.now(UTC))
    asked: list[str] = []
    right = passwords.verify_password
    monkeypatch.setattr(passwords, "verify_password", lambda typed, kept: asked.append(kept[:31]) or right(typed, kept))
    # when each tries
    for email in (*emails, "asked@example.org", "nobody@example.org"):
        assert browser.post("/staff/sign-in", email=email, password="wrong").status_code == 422
    # then as much was calculated for each
    assert asked == ["$argon2id$v=19$m=19456,t=2,p=1$"] * 4


def test_what_was_typed_as_a_password_is_never_in_the_page(browser: Browser, treasurer: Person) -> None:
    answer = browser.post("/staff/sign-in", email=treasurer.email, password="almost my password")

    assert answer.status_code == 422
    assert "almost" not in answer.text


def test_a_code_is_good_once(app: Flask, treasurer: Person) -> None:
    code = treasurer.code()
    assert Browser(app).sign_in(treasurer, code=code).status_code == 303

    second = Browser(app)
    answer = second.sign_in(treasurer, code=code)

    assert answer.status_code == 422
    assert second.get("/treasury/").status_code == 303


def test_a_code_of_a_step_before_the_last_one_is_refused(
    app: Flask, treasurer: Person, clock: time_machine.Traveller
) -> None:
    # given a code that was taken while its step was the next one
    early = treasurer.code()
    clock.shift(30)
    assert Browser(app).sign_in(treasurer, code=treasurer.code()).status_code == 303
    # when the code of the step before it is tried, which a clock that lags would show
    answer = Browser(app).sign_in(treasurer, code=early)
    # then it is refused
    assert answer.status_code == 422


@pytest.mark.parametrize("code", ["", "000000", "12345", "not a code", "１２３４５６", "-00001", "9" * 300])
def test_a_wrong_code_opens_nothing(browser: Browser, treasurer: Person, code: str) -> None:
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)

    assert browser.post("/staff/second", code=code).status_code == 422
    assert browser.get("/treasury/").status_code == 303


def test_a_recovery_code_opens_once_however_it_is_typed(app: Flask, treasurer: Person) -> None:
    code = treasurer.codes[3]
    assert Browser(app).sign_in(treasurer, code=code.replace("-", " ").upper()).status_code == 303
    assert "staff.recovery_code_used" in acts()

    assert Browser(app).sign_in(treasurer, code=code).status_code == 422
    assert Browser(app).sign_in(treasurer, code=treasurer.codes[4]).status_code == 303


@pytest.mark.parametrize("role", ROLES)
def test_whatever_the_role_a_second_factor_is_set_up_before_anything_else(
    browser: Browser, join: Callable[..., Person], role: str
) -> None:
    browser.sign_in(join("new@example.org", role, app_for_codes=False))

    for path in ("/treasury/", "/campaigns/", "/staff/", "/staff/password", "/staff/audit"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/app")
    assert browser.get("/staff/app").status_code == 200


def test_the_key_of_the_session_changes_at_each_step(browser: Browser, treasurer: Person) -> None:
    # given an older cookie, which an attacker may have planted
    browser.get("/staff/sign-in")
    planted = browser.cookie
    # when the first step is gone, and the second
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)
    after_first = browser.cookie
    browser.get("/staff/second")
    browser.post("/staff/second", code=treasurer.code())
    # then each has a key of its own, and the one between the steps opens nothing any more
    assert len({planted, after_first, browser.cookie}) == 3
    for old in (planted, after_first):
        browser.client.set_cookie("staff", old)
        assert browser.get("/treasury/").headers["Location"].startswith("/staff/sign-in")


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/treasury/", "//evil.example/staff/", "/\\evil.example", "/staff\\@evil", "javascript:x",
        "/appeals/hands-off-ali", "staff/", "/staff/\r\nSet-Cookie: a=b", "", "http:/staff/", "/staffroom",
    ],
)  # fmt: skip
@pytest.mark.databases("sqlite")
def test_the_way_on_leads_nowhere_but_to_our_own_pages(browser: Browser, treasurer: Person, onward: str) -> None:
    assert browser.sign_in(treasurer, next=onward).headers["Location"] == "/staff/"


@pytest.mark.databases("sqlite")
def test_the_page_never_repeats_a_way_on_that_leads_elsewhere(browser: Browser) -> None:
    assert "evil" not in browser.get("/staff/sign-in?next=//evil.example/staff/").text


def test_a_form_without_its_token_is_refused(browser: Browser, treasurer: Person) -> None:
    browser.get("/staff/sign-in")

    answer = browser.post("/staff/sign-in", csrf=False, email=treasurer.email, password=PASSWORD)

    assert answer.status_code == 400
    assert db.session.scalars(select(StaffSession)).all() == []


def test_a_token_of_another_session_is_refused(app: Flask, browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)
    stranger = Browser(app)
    stranger.get("/staff/sign-in")

    browser.csrf = stranger.csrf

    assert browser.post("/staff/sessions/end").status_code == 400


def test_somebody_is_told_of_a_sign_in_from_a_new_network(app: Flask, treasurer: Person) -> None:
    def mails() -> int:
        return len(db.session.scalars(select(Mail).where(Mail.kind == "staff_sign_in")).all())

    for address, code, told in (("192.0.2.1", 0, 1), ("192.0.2.200", 1, 1), ("203.0.113.9", 2, 2)):
        assert Browser(app, address).sign_in(treasurer, code=treasurer.codes[code]).status_code == 303
        assert mails() == told


def test_a_password_is_hashed_as_owasp_says(treasurer: Person) -> None:
    assert (treasurer.row.password or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
