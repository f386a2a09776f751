"""Text typed by a team member is not lost when their session has ended: they sign in, see it again, and send it
themselves. No other person sees it, and nothing is done on the way."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from donations import staff
from donations.extensions import db
from donations.models import AppealDraft, AppealUpdate, ApprovalRule, AuditRecord, KeptForm, PaymentRequest
from donations.staff import kept_forms
from donations.worker.erasure import erase_personal_data
from tests.web.campaigns.draft_steps import NEW
from tests.web.campaigns.steps import WORDS
from tests.web.staff.conftest import PASSWORD, Browser, Person
from tests.web.treasury.test_seen import of_the_team

pytestmark = pytest.mark.databases("sqlite")

UPDATE = "/campaigns/hands-off-ali/updates/new"
AGAIN = "Nothing has been done yet. What you typed is below."


@pytest.fixture
def organiser(join: Callable[..., Person]) -> Person:
    return join("olga@example.org", "organiser")


@pytest.fixture
def written(browser: Browser, organiser: Person, clock: time_machine.Traveller) -> str:
    """An update was typed for longer than a session lasts, and sent. Gives where the browser is led."""
    browser.sign_in(organiser)
    answer = late(browser, clock, UPDATE, **WORDS)
    assert answer.status_code == 303
    return str(answer.location)


def late(browser: Browser, clock: time_machine.Traveller, path: str, shown_on: str = "", **typed: Any) -> TestResponse:
    """A form shown to a signed-in person, sent after their session has ended."""
    browser.get(shown_on or path)
    token = browser.csrf
    clock.shift(timedelta(minutes=31))
    return browser.post(path, csrf=False, csrf_token=token, **typed)


def sign_in_at(browser: Browser, person: Person, address: str) -> str:
    path = address.partition("next=")[2]
    return str(browser.sign_in(person, next=path).location)


def test_who_signs_in_again_sees_the_words_and_sends_them(browser: Browser, organiser: Person, written: str) -> None:
    # given text that came after the session had ended
    assert written.startswith("/staff/sign-in?next=/staff/kept/")
    assert "We keep what you typed" in browser.get(written).text
    # when their person signs in
    address = sign_in_at(browser, organiser, written)
    page = browser.get(address)
    # then the form is filled in as it was, and nothing was done
    assert page.status_code == 200
    assert AGAIN in page.text
    assert WORDS["text-en"] in page.text
    assert WORDS["title-ru"] in page.text
    assert db.session.query(AppealUpdate).count() == 0
    # and it can be looked at again, and sent
    assert WORDS["text-en"] in browser.get(address).text
    assert browser.post(UPDATE, **WORDS).status_code == 303
    assert db.session.query(AppealUpdate).count() == 1


def test_a_whole_appeal_comes_back_with_its_rows(
    browser: Browser, organiser: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(organiser)
    browser.get("/campaigns/drafts/new")
    token = browser.csrf
    browser.client.delete_cookie("staff")  # as when the browser was closed
    answer = browser.post("/campaigns/drafts/new", csrf=False, csrf_token=token, **NEW)
    clock.shift(60)  # The next code is another one.
    page = browser.get(sign_in_at(browser, organiser, str(answer.location))).text
    assert AGAIN in page
    assert all(value in page for name, value in NEW.items() if name.startswith(("title-", "funds-")))
    assert db.session.query(AppealDraft).count() == 0


def test_another_person_never_sees_them(
    app: Flask, browser: Browser, join: Callable[..., Person], written: str
) -> None:
    other = join("nadia@example.org", "organiser", "admin", app_for_codes=True)
    answer = browser.get(sign_in_at(browser, other, written))
    page = answer if answer.status_code != 303 else browser.get(str(answer.location))
    assert page.status_code == 404
    assert WORDS["text-en"] not in page.text


@pytest.mark.parametrize("token", ["", "x", "IjEyMyI.aSx4Hg.invented"])
def test_words_that_no_session_of_ours_was_shown_a_form_for_are_not_kept(
    app: Flask, browser: Browser, organiser: Person, token: str
) -> None:
    answer = browser.post(UPDATE, csrf=False, csrf_token=token, **WORDS)
    assert answer.status_code == 303
    assert "kept" not in str(answer.location)
    assert db.session.query(KeptForm).count() == 0


def test_a_fresh_proof_keeps_the_words_and_does_nothing_by_itself(
    browser: Browser, join: Callable[..., Person], clock: time_machine.Traveller
) -> None:
    # given an admin who wrote for longer than a proof holds
    admin = join("ada@example.org", "admin")
    browser.sign_in(admin)
    clock.shift(timedelta(minutes=6))
    typed = {"required": "2", "up_to": "50", "reason": "as the committee wants", "form_key": "k"}
    answer = browser.post("/treasury/approvals", **typed)
    assert str(answer.location).startswith("/staff/again?next=/staff/kept/")
    path = str(answer.location).partition("next=")[2]
    assert "Nothing has been done yet" in browser.get(str(answer.location)).text
    # then, unproved, it is not shown; proved, it is shown filled in, and nothing was asked for
    assert str(browser.get(path).location).startswith("/staff/again?next=/staff/kept/")
    browser.get("/staff/again")
    assert browser.post("/staff/again", password=PASSWORD, code=admin.code(), next=path).location == path
    page = browser.get(path).text
    assert AGAIN in page
    assert "as the committee wants" in page
    assert db.session.query(ApprovalRule).count() == 0


def test_a_form_of_a_session_before_is_shown_again_to_the_same_person(
    browser: Browser, organiser: Person, clock: time_machine.Traveller
) -> None:
    # given a form whose person has signed in again in another window
    browser.sign_in(organiser)
    browser.get(UPDATE)
    token = browser.csrf
    clock.shift(60)
    browser.sign_in(organiser)
    answer = browser.post(UPDATE, csrf=False, csrf_token=token, **WORDS)
    assert WORDS["text-en"] in browser.get(str(answer.location)).text
    assert db.session.query(AppealUpdate).count() == 0


def test_a_file_is_named_as_not_kept(
    browser: Browser, join: Callable[..., Person], clock: time_machine.Traveller
) -> None:
    treasurer = join("theo@example.org", "treasurer")
    browser.sign_in(treasurer)
    typed = {"fund": "ali", "amount": "10", "currency": "GBP", "purpose": "a lawyer", "payee": "Maya", "form_key": "k"}
    file = (io.BytesIO(b"%PDF-1.4"), "invoice.pdf")
    answer = late(browser, clock, "/treasury/payment-requests/new", evidence=file, **typed)
    page = browser.get(sign_in_at(browser, treasurer, str(answer.location))).text
    assert "The file invoice.pdf was not saved." in page
    assert 'value="a lawyer"' in page
    assert db.session.query(PaymentRequest).count() == 0


def test_while_somebody_types_the_session_lives_and_ends_after_its_eight_hours(
    browser: Browser, organiser: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(organiser)
    page = browser.get(UPDATE).text
    assert 'data-stay="/staff/stay"' in page
    assert "js/staff.js" in page
    for _ in range(19):
        clock.shift(timedelta(minutes=25))
        assert browser.get("/staff/stay").status_code == 204
    clock.shift(timedelta(minutes=5))
    assert browser.get("/staff/stay").status_code == 303
    # and an ended one never comes back
    browser.sign_in(organiser)
    clock.shift(timedelta(minutes=31))
    assert browser.get("/staff/stay").status_code == 303
    assert browser.get(UPDATE).status_code == 303


def test_what_is_kept_is_sealed_names_no_password_and_goes_after_its_time(
    browser: Browser, organiser: Person, written: str, clock: time_machine.Traveller
) -> None:
    raw = db.session.execute(text("SELECT * FROM kept_form")).mappings().one()
    assert WORDS["text-en"].encode() not in bytes(raw["sent_sealed"])
    row = db.session.query(KeptForm).one()
    sent: Any = kept_forms.find(row.code, organiser.id, datetime.now(UTC))
    assert not {"csrf_token", "password"} & {name for name, _ in sent.fields}
    db.session.rollback()
    clock.shift(kept_forms.LIFETIME)
    assert erase_personal_data(datetime.now(UTC)) == 1


def test_of_one_person_so_many_are_kept_and_no_more(
    browser: Browser, organiser: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(organiser)
    browser.get(UPDATE)
    token = browser.csrf
    clock.shift(timedelta(minutes=31))
    for number in range(kept_forms.MOST + 3):
        clock.shift(1)
        browser.post(UPDATE, csrf=False, csrf_token=token, **{**WORDS, "title-en": f"Update {number}"})
    assert db.session.query(KeptForm).count() == kept_forms.MOST


# What these ask for is a secret, or nothing at all: after signing in again it must be entered again.
SECRETS_ONLY = {
    "sign_in.prove_again": {"password": PASSWORD, "code": "123456"},
    "account.change_password": {"current_password": PASSWORD},
    "account.confirm_app": {"code": "123456"},
    "passkeys.add": {"name": "phone", "credential": "{}"},
}
NOTHING_TYPED = {"passkeys.ask_new", "passkeys.ask_again", "sign_in.sign_out"}


def test_every_form_of_the_team_is_kept_unless_it_asks_for_a_secret(
    app: Flask, browser: Browser, organiser: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(organiser)
    browser.get("/staff/")
    token, urls = browser.csrf, app.url_map.bind("localhost")
    clock.shift(timedelta(minutes=31))
    for endpoint in sorted(of_the_team(app)):
        typed = SECRETS_ONLY.get(endpoint, {"reason": "typed in half an hour"})
        answer = browser.post(path_of(app, urls, endpoint), csrf=False, csrf_token=token, seen="", **typed)
        is_kept = str(answer.location).startswith("/staff/sign-in?next=/staff/kept/")
        assert is_kept == (endpoint not in SECRETS_ONLY.keys() | NOTHING_TYPED), endpoint
    sealed = db.session.scalars(select(KeptForm.code)).all()
    assert sealed
    found = [kept_forms.find(code, organiser.id, datetime.now(UTC)) for code in sealed]
    assert not any(name in ("password", "code", "credential") for sent in found for name, _ in sent.fields)


def path_of(app: Flask, urls: Any, endpoint: str) -> str:
    rules = [one for one in app.url_map.iter_rules(endpoint) if "POST" in (one.methods or ())]
    rule = min(rules, key=lambda one: len(one.arguments))  # without the language
    return str(urls.build(endpoint, dict.fromkeys(rule.arguments, 1), method="POST"))


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/staff/people/invite", {"email": "new@example.org", "roles": ["auditor", "treasurer"]}),
        ("/staff/people/1/roles", {"roles": ["admin", "auditor"]}),
        ("/campaigns/hands-off-ali/close", {"outcome-en": "She is free."}),
        ("/campaigns/hands-off-ali/embeds", {"sites": "https://kept.example"}),
    ],
)
def test_forms_of_people_and_appeals_come_back_filled_in(
    browser: Browser, join: Callable[..., Person], clock: time_machine.Traveller, path: str, typed: dict[str, Any]
) -> None:
    admin = join("ada@example.org", "admin")
    browser.sign_in(admin)
    before = acts()
    answer = late(browser, clock, path, "/staff/", **typed)
    browser.become(admin)
    page = browser.get(str(answer.location).partition("next=")[2])
    assert page.status_code == 200, page.location
    for name, value in typed.items():
        for one in value if isinstance(value, list) else [value]:
            assert one in (ticked(page.text) if name == "roles" else page.text)
    assert "Nothing has been done yet" in page.text
    assert acts() == before
    assert {person.state for person in staff.listed()} == {"active"}
    assert admin.row.roles == {"admin"}


def ticked(page: str) -> list[str]:
    return re.findall(r'value="(\w+)" checked', page)


def acts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditRecord.act).where(AuditRecord.act != "staff.signed_in")))


@pytest.mark.parametrize("path", ["/staff/people/1/disable", "/staff/sessions/end", "/staff/recovery-codes"])
def test_a_button_pressed_too_late_does_nothing_and_leads_back_to_its_page(
    browser: Browser, join: Callable[..., Person], clock: time_machine.Traveller, path: str
) -> None:
    admin = join("ada@example.org", "admin")
    browser.sign_in(admin)
    before = acts()
    answer = late(browser, clock, path, "/staff/")
    browser.become(admin)
    back = browser.get(str(answer.location).partition("next=")[2])
    page = browser.get(str(back.location)) if back.status_code == 303 else back
    assert "Nothing has been done yet" in page.text
    assert acts() == before
    assert admin.row.state == "active"
