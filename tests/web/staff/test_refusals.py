"""Failed sign-ins and what is refused leave a trace in the audit log, and an attack does not fill it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord
from donations.staff import refusals, throttling
from tests.web.staff.conftest import PASSWORD, Browser, Person


def recorded(*acts: str) -> list[tuple[str, str, str]]:
    db.session.rollback()
    found = db.session.scalars(select(AuditRecord).where(AuditRecord.act.in_(acts)).order_by(AuditRecord.id))
    return [(row.actor, row.act, row.about) for row in found]


def test_wrong_passwords_and_the_wait_are_recorded_for_the_account(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)
    for _ in range(7):
        browser.post("/staff/sign-in", email=treasurer.email, password="wrong")
    who = f"staff:{treasurer.id}"
    assert recorded("staff.sign_in_failed") == [(who, "staff.sign_in_failed", who)] * 5
    assert recorded("staff.braked") == [(who, "staff.braked", who)]


def test_of_an_address_that_nobody_has_not_even_the_address_is_recorded(app: Flask, treasurer: Person) -> None:
    Browser(app).post("/staff/sign-in", email="who@example.org", password="wrong")
    assert recorded("staff.sign_in_failed") == [("nobody", "staff.sign_in_failed", "nobody")]
    assert "who@example.org" not in str([row.details for row in db.session.scalars(select(AuditRecord))])


def test_a_wrong_code_and_a_wrong_proof_are_recorded(app: Flask, browser: Browser, treasurer: Person) -> None:
    browser.get("/staff/sign-in")
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)
    browser.get("/staff/second")
    browser.post("/staff/second", code="000000")
    browser.become(treasurer)
    browser.get("/staff/again")
    browser.post("/staff/again", password="wrong", code=treasurer.code())
    who = f"staff:{treasurer.id}"
    assert recorded("staff.second_factor_failed", "staff.proof_failed") == [
        (who, "staff.second_factor_failed", who), (who, "staff.proof_failed", who),
    ]  # fmt: skip


def test_what_a_role_does_not_open_is_recorded(browser: Browser, join: Callable[..., Person]) -> None:
    person = join("olga@example.org", "organiser")
    browser.become(person)
    assert browser.get("/treasury/").status_code == 403
    assert browser.post("/treasury/posting-stop/resume").status_code == 403
    who = f"staff:{person.id}"
    assert recorded("staff.refused") == [
        (who, "staff.refused", "route:treasury.index"), (who, "staff.refused", "route:treasury.posting_stop.resume"),
    ]  # fmt: skip


def test_what_the_rule_of_two_people_refuses_is_recorded(browser: Browser, admin: Person) -> None:
    browser.become(admin)
    browser.post("/staff/people/invite", email="new@example.org", roles="auditor")
    assert browser.post("/staff/people/changes/1/accept").status_code == 403
    assert recorded("staff.refused") == [(f"staff:{admin.id}", "staff.refused", "rule:NeedsAnother")]


@pytest.mark.databases("sqlite")
def test_an_attack_of_a_thousand_leaves_a_handful_and_the_next_hour_starts_anew(
    app: Flask, clock: time_machine.Traveller
) -> None:
    def attack(times: int) -> None:
        with write_unit() as conn:
            for number in range(times):  # from ever other networks
                place = throttling.place_of(f"198.{number // 250}.{number % 250}.1")
                refusals.note(conn, refusals.SIGN_IN, of=None, place=place, at=datetime.now(UTC))

    attack(1000)
    found = db.session.scalars(select(AuditRecord.details).order_by(AuditRecord.id))
    counts = [details["times_this_hour"] for details in found]
    assert counts == [1, 2, 3, 4, 5, 10, 100, 1000]
    clock.shift(timedelta(hours=1))
    attack(1)
    assert len(recorded("staff.sign_in_failed")) == 9


def test_an_auditor_sees_whether_refusals_came_from_one_network_or_from_many(app: Flask, treasurer: Person) -> None:
    for number in range(4):
        for address in ("192.0.2.7", "192.0.2.99", f"198.51.{number}.1"):  # the first two are one household
            browser = Browser(app, address)
            browser.get("/staff/sign-in")
            browser.post("/staff/sign-in", email=f"nobody{number}@example.org", password="wrong")
    found = [row.details for row in db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))
             if row.act == "staff.sign_in_failed"]  # fmt: skip
    assert [each["times_this_hour"] for each in found] == [1, 2, 3, 4, 5, 10]
    home = found[0]["network"]
    assert [each["network"] == home for each in found] == [True, True, False, True, True, True]
    assert [each["times_from_network"] for each in found] == [1, 2, 1, 3, 4, 7]
    # and no address is written down, nor what anybody without the key could compare it with
    assert not [each for each in found if "192.0.2" in str(each)]
    assert home not in (hashlib.sha256(one).hexdigest()[:16] for one in (b"192.0.2.0/24", b"192.0.2.7"))
