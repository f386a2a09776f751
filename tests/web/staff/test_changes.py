"""New access waits for a second admin or for a day; every admin and treasurer is told, and can refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from donations import audit, mailer, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Job, Mail, StaffChange
from donations.staff import changes, find_by_email
from donations.worker.staff_changes import mail_audit_head, make_staff_changes
from tests.fixtures.outside import plain_text
from tests.web.staff.conftest import Browser, Person, accept_all

Join = Callable[..., Person]


@pytest.fixture
def second(join: Join) -> Person:
    return join("bea@example.org", "admin")


def invite(browser: Browser, email: str = "puppet@attacker.example", roles: str = "treasurer") -> int:
    browser.get("/staff/people/invite")
    return browser.post("/staff/people/invite", email=email, roles=roles).status_code


def only() -> StaffChange:
    db.session.rollback()
    return db.session.scalars(select(StaffChange)).one()


def later(clock: time_machine.Traveller, **passed: int) -> None:
    clock.shift(timedelta(**passed))
    make_staff_changes(datetime.now(UTC))
    db.session.rollback()


def decide(browser: Browser, verb: str, number: int = 1) -> int:
    return browser.post(f"/staff/people/changes/{number}/{verb}").status_code


def notices() -> list[tuple[str, str]]:
    """(recipient, text) of each."""
    found = db.session.scalars(select(Mail).where(Mail.kind == "staff_notice").order_by(Mail.id)).all()
    told = [mailer.compose(mail, datetime.now(UTC)) for mail in found]
    return [(str(one["To"]), plain_text(one)) for one in told]


def test_one_admin_alone_neither_invites_nor_grants_and_the_others_are_told(
    browser: Browser, admin: Person, second: Person, treasurer: Person, join: Join
) -> None:
    join("olga@example.org", "organiser")
    browser.become(admin)
    # when one admin invites a puppet, and makes themselves treasurer
    assert invite(browser) == 303
    assert browser.post(f"/staff/people/{admin.id}/roles", roles=["admin", "treasurer"]).status_code == 303
    # then nothing is done yet: no account, no invitation mail, no role
    assert find_by_email("puppet@attacker.example") is None
    assert admin.row.roles == {"admin"}
    db.session.rollback()
    assert len(db.session.scalars(select(Mail).where(Mail.kind == "staff_invitation")).all()) == 4  # who have joined
    # and every admin and treasurer is told by mail, with names and when; the organiser is not
    told = notices()
    assert {to for to, _ in told} == {admin.email, second.email, treasurer.email}
    for said in ("Ada asked to invite puppet@attacker.example as: Treasurer.",
                 "Ada asked to change the roles of Ada to: Administrator, Treasurer."):  # fmt: skip
        assert sum(said in text for _, text in told) == 3
    assert all("The change takes effect on" in text and "/staff/people/changes" in text for _, text in told)
    # nor can the one who asked accept it
    assert decide(browser, "accept") == 403
    assert decide(browser, "accept", 2) == 403
    assert admin.row.roles == {"admin"}


def test_a_second_admin_makes_it_take_effect(app: Flask, browser: Browser, admin: Person, second: Person) -> None:
    browser.become(admin)
    invite(browser, "new@example.org", "auditor")
    other = Browser(app)
    other.become(second)
    page = other.get("/staff/people").text
    assert "Invitation: new@example.org" in page
    assert "requested by Ada" in page
    assert decide(other, "accept") == 303
    person = find_by_email("new@example.org")
    assert person is not None
    assert person.state == "invited"
    assert person.roles == {"auditor"}
    assert only().state == "made"
    assert only().details_sealed is None
    assert decide(other, "accept") == 409
    acts = [(row.actor, row.act) for row in db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))]
    assert acts[-3:] == [
        (f"staff:{admin.id}", "staff.change_asked"),
        (f"staff:{admin.id}", "staff.invited"),  # who asked is who gave access
        (f"staff:{second.id}", "staff.change_made"),
    ]


def test_after_a_day_it_takes_effect_by_itself_so_that_a_single_admin_is_not_locked_out(
    browser: Browser, admin: Person, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.become(admin)
    assert browser.post(f"/staff/people/{treasurer.id}/roles", roles=["admin", "treasurer"]).status_code == 303
    later(clock, hours=23, minutes=59)
    assert treasurer.row.roles == {"treasurer"}
    later(clock, minutes=1)
    assert treasurer.row.roles == {"admin", "treasurer"}
    later(clock, hours=1)
    assert only().decided_by == "rules"


@pytest.mark.parametrize("role", ["admin", "treasurer"])
def test_whoever_was_told_can_refuse_it_for_good(
    app: Flask, browser: Browser, admin: Person, join: Join, clock: time_machine.Traveller, role: str
) -> None:
    watcher = join("wes@example.org", role)
    browser.become(admin)
    invite(browser)
    other = Browser(app)
    other.become(watcher)
    assert "Invitation: puppet@attacker.example" in other.get("/staff/people/changes").text
    assert decide(other, "refuse") == 303
    later(clock, hours=30)
    assert find_by_email("puppet@attacker.example") is None
    assert (only().state, only().decided_by) == ("refused", f"staff:{watcher.id}")


def test_a_treasurer_or_an_auditor_accepts_nothing(app: Flask, browser: Browser, admin: Person, join: Join) -> None:
    browser.become(admin)
    invite(browser)
    for role in ("treasurer", "auditor", "organiser"):
        other = Browser(app)
        other.become(join(f"{role}@example.org", role))
        assert decide(other, "accept") == 403
    assert only().state == "waiting"


def test_nobody_accepts_what_is_about_themselves(app: Flask, browser: Browser, admin: Person, second: Person) -> None:
    browser.become(admin)
    browser.post(f"/staff/people/{second.id}/roles", roles=["admin", "treasurer"])
    other = Browser(app)
    other.become(second)
    assert decide(other, "accept") == 403
    assert second.row.roles == {"admin"}


def test_a_puppet_admin_cannot_accept_for_whom_it_serves(
    app: Flask, browser: Browser, admin: Person, second: Person, join: Join, clock: time_machine.Traveller
) -> None:
    # given an admin whose first puppet took effect, because it was not refused
    browser.become(admin)
    invite(browser, "puppet@attacker.example", "admin")
    later(clock, hours=25)
    puppet = find_by_email("puppet@attacker.example")
    assert puppet is not None
    with write_unit():
        puppet.state = "active"
    browser.become(admin)
    invite(browser, "another@attacker.example", "treasurer")
    with write_unit() as conn, pytest.raises(Exception, match="gave the other access"):
        changes.accept(conn, 2, by=puppet.actor, at=datetime.now(UTC))


def test_roles_are_taken_away_and_accounts_disabled_at_once(
    browser: Browser, admin: Person, second: Person, treasurer: Person
) -> None:
    browser.become(admin)
    assert browser.post(f"/staff/people/{second.id}/disable").status_code == 303
    assert second.row.state == "disabled"
    assert "Ada deactivated the account of Bea." in notices()[0][1]
    # but it waits to let them in again
    assert browser.post(f"/staff/people/{second.id}/enable").status_code == 303
    assert second.row.state == "disabled"
    assert only().kind == "enabled"
    assert "Nothing was changed" in browser.post(f"/staff/people/{second.id}/enable").text


def test_who_loses_a_role_is_told_of_it(browser: Browser, admin: Person, treasurer: Person) -> None:
    with write_unit() as conn:
        changes.ask_roles(conn, treasurer.row, [], by=f"staff:{admin.id}", at=datetime.now(UTC))
    assert [to for to, text in notices() if "Ada changed the roles of Maya" in text].count(treasurer.email) == 1


def test_what_cannot_be_made_any_more_is_refused_and_waits_no_longer(
    browser: Browser, admin: Person, second: Person, clock: time_machine.Traveller
) -> None:
    browser.become(admin)
    browser.post(f"/staff/people/{second.id}/roles", roles=["organiser"])
    assert only().kind == "roles"
    with write_unit():
        admin.row.state = "disabled"  # so that the other one is the last admin
    later(clock, hours=25)
    assert only().state == "refused"
    assert second.row.roles == {"admin"}


def test_what_waits_cannot_be_read_in_the_database(browser: Browser, admin: Person) -> None:
    browser.become(admin)
    invite(browser)
    row = only()
    assert row.details_sealed is not None
    assert b"puppet" not in row.details_sealed
    assert not re.search("puppet", str(db.session.scalars(select(AuditRecord.details)).all()))


def test_the_end_of_the_audit_log_is_mailed_once_a_day(admin: Person, treasurer: Person) -> None:
    with write_unit():
        db.session.add(Job(name=audit.HEAD_JOB, due_at=datetime.now(UTC), memory={}))
    for _ in range(2):
        mail_audit_head(datetime.now(UTC))
    with write_unit() as conn:
        known = audit.head(conn)
    assert known is not None
    found = db.session.scalars(select(Mail).where(Mail.kind == "audit_head")).all()
    told = [mailer.compose(mail, datetime.now(UTC)) for mail in found]
    assert {str(one["To"]) for one in told} == {admin.email, treasurer.email}
    assert len(told) == 2
    assert all(f"donations audit verify --head {known.id}:{known.sha256}" in plain_text(one) for one in told)


@pytest.mark.parametrize("path", ["/treasury/exports/file?format=csv", "/staff/recovery-codes"])
def test_exports_and_new_ways_in_are_told_at_once(browser: Browser, admin: Person, join: Join, path: str) -> None:
    browser.become(join("tara@example.org", "treasurer"))
    answer = browser.get(path) if "exports" in path else browser.post(path)
    assert answer.status_code == 200
    answer.close()
    said = "Tara exported the accounts." if "exports" in path else "Tara asked for new recovery codes."
    assert sorted(to for to, text in notices() if said in text) == ["ada@example.org", "tara@example.org"]


def test_another_way_in_is_told_to_its_person_too_who_can_refuse_it(
    app: Flask, browser: Browser, admin: Person, join: Join
) -> None:
    # given an intruder in an organiser's mailbox who used a link for a new password
    person, stranger = join("olga@example.org", "organiser"), Browser(app)
    link = f"/staff/reset/{tokens.for_reset(person.id, person.row.link_key)}"
    stranger.get(link)
    assert stranger.post(link, password="the mailbox is mine now").status_code == 303
    # then the organiser and the admin are told
    said = "Olga asked to reset the password by email."
    assert sorted(to for to, text in notices() if said in text) == [admin.email, person.email]
    # and the organiser sees only this, and stops it
    browser.become(admin)
    invite(browser)
    browser.become(person)
    page = browser.get("/staff/people/changes").text
    assert "New password by email: Olga" in page
    assert "puppet" not in page
    assert decide(browser, "refuse", 2) == 403
    assert decide(browser, "refuse", 1) == 303
    assert browser.sign_in(person).status_code == 303


def test_what_was_asked_for_anew_replaces_what_waited(app: Flask, treasurer: Person) -> None:
    for password in ("the first password of two", "the second password of two"):
        browser, row = Browser(app), treasurer.row
        link = f"/staff/reset/{tokens.for_reset(row.id, row.link_key)}"
        browser.get(link)
        assert browser.post(link, password=password).status_code == 303
    states = [row.state for row in db.session.scalars(select(StaffChange).order_by(StaffChange.id))]
    assert states == ["refused", "waiting"]
    accept_all()
    assert Browser(app).sign_in(treasurer, password="the second password of two").status_code == 303


def test_who_was_disabled_meanwhile_gets_no_way_in(
    app: Flask, browser: Browser, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.become(treasurer)
    browser.post("/staff/recovery-codes")
    with write_unit():
        treasurer.row.state = "disabled"
    later(clock, hours=25)
    assert only().state == "refused"
