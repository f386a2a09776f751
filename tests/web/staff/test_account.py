"""One's own account, and other people's as an admin sees them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from donations import staff
from donations.extensions import db
from donations.models import AuditRecord, Mail
from donations.staff import second_factor
from tests.web.staff.conftest import PASSWORD, Browser, Person, accept_all


def test_an_app_for_codes_is_set_up_by_its_first_code(browser: Browser, join: Callable[..., Person]) -> None:
    # given a treasurer without one
    person = join("new@example.org", "treasurer", app_for_codes=False)
    browser.sign_in(person)
    page = browser.get("/staff/app").text
    key = re.search(r'<code class="key">([A-Z2-7-]+)</code>', page)
    assert key
    assert "data:image/svg+xml" in page
    assert "otpauth://totp/" in html.unescape(page)
    # when a wrong code is written, then the right one
    assert browser.post("/staff/app", code="000000").status_code == 422
    secret = f'{{"key":"{key[1].replace("-", "")}","type":"totp","v":1}}'
    done = browser.post("/staff/app", code=second_factor.codes().code(secret, datetime.now(UTC)))
    # then ten recovery codes are shown, and everything opens
    assert len(re.findall(r"<li><code>[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}</code>", done.text)) == 10
    assert browser.get("/treasury/").status_code == 200


def test_a_code_that_nothing_waits_for_any_more_leads_back_to_the_account(browser: Browser, treasurer: Person) -> None:
    browser.become(treasurer)
    for typed in ({}, {"code": "123456"}):  # sent twice, or from an old page
        answer = browser.post("/staff/app", **typed)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/")


def test_the_key_stays_the_same_until_it_is_confirmed_and_is_shown_no_more_after(
    browser: Browser, treasurer: Person
) -> None:
    browser.sign_in(treasurer)
    pages = [browser.get("/staff/app").text for _ in "12"]
    keys = {re.findall(r'<code class="key">([^<]+)', page)[0] for page in pages}

    assert len(keys) == 1
    assert second_factor.secret_of(treasurer.row) == treasurer.secret  # The one in use is another one, and stays.


def test_new_recovery_codes_make_the_old_ones_worthless(app: Flask, browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)
    page = browser.post("/staff/recovery-codes").text
    made = re.findall(r"<code>([0-9a-f-]{14})</code>", page)
    assert len(made) == 10
    # The old ones hold until the new ones take effect.
    assert "Until then your old codes work." in page
    assert Browser(app).sign_in(treasurer, code=made[0]).status_code == 422
    assert Browser(app).sign_in(treasurer, code=treasurer.codes[1]).status_code == 303
    accept_all()

    assert Browser(app).sign_in(treasurer, code=treasurer.codes[0]).status_code == 422
    assert Browser(app).sign_in(treasurer, code=made[0]).status_code == 303


def test_recovery_codes_are_shown_only_when_they_are_made(browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)
    made = re.findall(r"<code>([0-9a-f-]{14})</code>", browser.post("/staff/recovery-codes").text)
    assert len(made) == 10

    shown_later = [browser.get(path).text for path in ("/staff/", "/staff/recovery-codes", "/staff/app")]
    db.session.rollback()
    kept = [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]

    assert not [code for code in made if any(code in text or code.replace("-", "") in text for text in shown_later)]
    assert not [code for code in made if any(code in row or code.replace("-", "") in row for row in kept)]


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(app: Flask, treasurer: Person) -> None:
    here, there = Browser(app), Browser(app)
    here.sign_in(treasurer, code=treasurer.codes[0])
    there.sign_in(treasurer, code=treasurer.codes[1])
    here.get("/staff/password")
    now_and_new = {"current_password": PASSWORD, "password": "another long password"}
    assert here.post("/staff/password", **{**now_and_new, "password": "too short"}).status_code == 422

    answer = here.post("/staff/password", **now_and_new)

    assert answer.status_code == 303
    assert "Your password is changed" in here.get("/staff/").text
    assert "Your password is changed" not in here.get("/staff/").text
    assert there.get("/staff/").status_code == 303
    assert Browser(app).sign_in(treasurer, password=PASSWORD).status_code == 422


def test_a_password_is_changed_by_who_knows_the_present_one_and_guessing_it_is_slowed(
    app: Flask, treasurer: Person
) -> None:
    browser = Browser(app)
    browser.become(treasurer)  # whose session is fresh
    before = treasurer.row.password
    typed = {"current_password": "a guess at the password", "password": "another long password"}
    answers = [browser.post("/staff/password", **typed) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [422] * 6 + [429]
    assert "This is not your current password. Try again." in answers[0].text
    assert browser.post("/staff/password", password="another long password").status_code == 422
    assert treasurer.row.password == before
    acts = db.session.scalars(select(AuditRecord.act).where(AuditRecord.act == "staff.proof_failed")).all()
    assert len(acts) == 5  # of six
    assert not [answer for answer in answers if "a guess" in answer.text]


def test_an_admin_invites_by_form_and_the_audit_says_so(browser: Browser, admin: Person) -> None:
    browser.sign_in(admin)
    browser.get("/staff/people/invite")

    answer = browser.post("/staff/people/invite", email="new@example.org", roles=["auditor", "treasurer"])

    assert answer.status_code == 303
    assert "new@example.org" in browser.get("/staff/people").text
    assert len(db.session.scalars(select(Mail).where(Mail.kind == "staff_invitation")).all()) == 1  # when accepted
    act = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    assert act is not None
    assert (act.actor, act.act) == (f"staff:{admin.id}", "staff.change_asked")
    assert act.details == {"kind": "invitation", "about": None, "roles": ["auditor", "treasurer"]}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "", "roles": "auditor"}, "Enter the email address of the person"),
        ({"email": "nobody", "roles": "auditor"}, "Enter an email address in the correct format"),
        ({"email": "a@example.org"}, "Select at least one role."),
        ({"email": "ada@example.org", "roles": "auditor"}, "already exists"),
        ({"email": "a" * 300 + "@example.org", "roles": "auditor"}, "too long"),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_bad_invitation_is_refused_with_what_is_wrong(
    browser: Browser, admin: Person, typed: dict[str, str], said: str
) -> None:
    browser.sign_in(admin)
    before = len(staff.listed())

    answer = browser.post("/staff/people/invite", **typed)

    assert answer.status_code == 422
    assert said in answer.text
    assert len(staff.listed()) == before


@pytest.mark.databases("sqlite")
def test_a_role_that_there_is_not_is_refused(browser: Browser, admin: Person, treasurer: Person) -> None:
    browser.sign_in(admin)

    assert browser.post(f"/staff/people/{treasurer.id}/roles", roles="king").status_code == 422
    assert treasurer.row.roles == {"treasurer"}


def test_an_admin_takes_roles_away_and_disables_at_once(
    browser: Browser, admin: Person, join: Callable[..., Person]
) -> None:
    treasurer = join("tom@example.org", "treasurer", "auditor")
    browser.sign_in(admin)
    assert browser.post(f"/staff/people/{treasurer.id}/roles", roles=["auditor"]).status_code == 303
    assert treasurer.row.roles == {"auditor"}
    assert browser.post(f"/staff/people/{treasurer.id}/disable").status_code == 303
    assert "Reactivate account" in browser.get(f"/staff/people/{treasurer.id}").text
    assert browser.post(f"/staff/people/{treasurer.id}/enable").status_code == 303
    acts = [row.act for row in db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))]
    assert acts[-3:] == ["staff.roles_changed", "staff.disabled", "staff.change_asked"]


def test_the_last_admin_cannot_step_down(browser: Browser, admin: Person) -> None:
    browser.sign_in(admin)

    for verb, typed in (("roles", {"roles": "auditor"}), ("disable", {})):
        answer = browser.post(f"/staff/people/{admin.id}/{verb}", **typed)
        assert answer.status_code == 409
        assert "This is the last administrator." in answer.text
    assert admin.row.roles == {"admin"}


@pytest.mark.databases("sqlite")
def test_an_auditor_reads_people_and_is_shown_no_button(
    browser: Browser, join: Callable[..., Person], admin: Person
) -> None:
    browser.sign_in(join("ola@example.org", "auditor"))

    page = browser.get(f"/staff/people/{admin.id}").text
    assert "Change roles" not in page
    assert "Invite a team member" not in browser.get("/staff/people").text


def test_the_audit_is_read_by_page_and_by_filter(browser: Browser, join: Callable[..., Person], admin: Person) -> None:
    browser.sign_in(join("ola@example.org", "auditor"))

    page = browser.get("/staff/audit").text
    assert "The chain is intact." in page
    assert "staff.signed_in" in page
    assert "cli:test" in page
    found = browser.get("/staff/audit?act=staff.joined").text
    assert "staff.joined" in found
    assert "staff.invited" not in found
    assert "No log entries match. Change the filter." in browser.get("/staff/audit?actor=%25").text
    for bad in ("before=x", "before=-1", "before=999999999999999999999999", "actor=" + "a" * 900):
        assert browser.get(f"/staff/audit?{bad}").status_code in (200, 404)
