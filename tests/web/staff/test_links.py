"""Mailed links: an invitation and a new password, each good once and for a while."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from donations import mailer, outbox, staff, tokens
from donations.database import write_unit
from donations.errors import PasswordNamesUs
from donations.extensions import db
from donations.models import Mail, Organisation
from donations.models.base import new_link
from donations.staff import passwords, sessions
from tests.fixtures.outside import plain_text
from tests.web.staff.conftest import PASSWORD, Browser, Person, accept_all

LONG = "a sentence of a few words"


@pytest.fixture
def link(app: Flask, clock: time_machine.Traveller) -> str:
    """The path of an invitation, as in the mail."""
    with write_unit() as conn:
        staff.invite(conn, "new@example.org", ["auditor"], language="en", by="cli:test", at=datetime.now(UTC))
    mail = db.session.scalars(select(Mail)).one()
    said = plain_text(mailer.compose(mail, datetime.now(UTC)))
    db.session.rollback()
    return next(line for line in said.splitlines() if line.startswith("http")).removeprefix("http://localhost")


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind)))


def test_an_invitation_is_taken_with_a_password(browser: Browser, link: str) -> None:
    # given the page that the mailed link opens
    page = browser.get(link)
    assert "new@example.org" in page.text
    assert "Auditor" in page.text
    # when a password is chosen
    answer = browser.post(link, name="Nia", password=LONG)
    # then one is in, and sets up a second factor before anything else
    assert answer.headers["Location"] == "/staff/"
    assert browser.get("/staff/audit").headers["Location"] == "/staff/app"
    person = staff.find_by_email("new@example.org")
    assert person is not None
    assert (staff.name_of(person), person.state) == ("Nia", "active")


def test_an_invitation_works_once(app: Flask, browser: Browser, link: str) -> None:
    browser.get(link)
    browser.post(link, name="Nia", password=LONG)

    stranger = Browser(app)
    assert stranger.get(link).status_code == 404
    assert stranger.post(link, name="Eve", password=LONG).status_code == 404


def test_an_invitation_works_for_three_days(browser: Browser, link: str, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(hours=72))
    assert browser.get(link).status_code == 200
    clock.shift(timedelta(seconds=2))
    assert browser.get(link).status_code == 404


def test_a_reset_link_works_for_an_hour(browser: Browser, treasurer: Person, clock: time_machine.Traveller) -> None:
    browser.get("/staff/forgot")
    browser.post("/staff/forgot", email=treasurer.email)
    link = f"/staff/reset/{tokens.for_reset(treasurer.id, treasurer.row.link_key)}"
    clock.shift(timedelta(minutes=60))
    assert browser.get(link).status_code == 200
    clock.shift(timedelta(seconds=2))
    assert browser.get(link).status_code == 404
    assert browser.sign_in(treasurer).status_code == 303  # And the password stays as it was.


@pytest.mark.parametrize("token", ["", "invented", "WzEsIngiXQ.x.y"])
@pytest.mark.databases("sqlite")
def test_an_invented_link_opens_nothing(browser: Browser, token: str) -> None:
    assert browser.get(f"/staff/join/{token}").status_code == 404
    assert browser.get(f"/staff/reset/{token}").status_code == 404


def test_a_link_of_one_purpose_is_none_of_the_other(browser: Browser, treasurer: Person) -> None:
    person = treasurer.row
    assert browser.get(f"/staff/reset/{tokens.for_invitation(person.id, person.link_key)}").status_code == 404
    assert browser.get(f"/staff/join/{tokens.for_reset(person.id, person.link_key)}").status_code == 404


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("fourteen chars", "at least 15 characters"),
        ("a" * 14, "at least 15 characters"),
        ("", "Enter a password."),
        ("a" * 30, "easy to guess"),
        ("ababababababababab", "easy to guess"),
        ("new@example.org", "easy to guess"),
        ("passwordpassword", "repeats itself"),
        ("123456789012345", "easy to guess"),
        ("qwertyuiopasdfg", "easy to guess"),
        ("asdfghjklasdfghjkl;", "repeats itself"),
        ("abcdefghijklmnopqrst", "Keyboard rows, sequences and dates"),
        ("fighting fund 2026", "knows your address or our name"),
        ("iloveyouprincess1", "uncommon words"),
        ("x1y2z3" * 40, "at most 200 characters"),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_bad_password_is_refused_with_what_is_wrong(browser: Browser, link: str, password: str, said: str) -> None:
    browser.get(link)
    answer = browser.post(link, name="Nia", password=password)

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Nia"' in answer.text
    assert browser.get(link).status_code == 200


def test_a_password_is_the_same_however_a_keyboard_composes_it(browser: Browser, link: str) -> None:
    browser.get(link)
    browser.post(link, name="Nia", password="Zoe\u0308 likes long sentences")
    browser.post("/staff/sign-out")

    answer = browser.sign_in(Person(1, "new@example.org"), password="Zo\u00eb likes long sentences")

    assert answer.status_code == 303


def test_a_new_password_comes_by_mail_and_ends_every_session(app: Flask, treasurer: Person) -> None:
    # given a signed-in person who has forgotten the password
    signed_in, asking = Browser(app), Browser(app)
    signed_in.sign_in(treasurer)
    asking.get("/staff/forgot")
    assert asking.post("/staff/forgot", email=treasurer.email).status_code == 200
    said = plain_text(mailer.compose(mails("staff_reset")[0], datetime.now(UTC)))
    link = next(line for line in said.splitlines() if line.startswith("http")).removeprefix("http://localhost")
    # when the link is used
    asking.get(link)
    assert asking.post(link, password=LONG).status_code == 303
    # then nothing has changed yet, and the admins are told
    assert "works once an administrator approves it" in asking.get("/staff/sign-in").text
    assert asking.post("/staff/sign-in", email=treasurer.email, password=LONG).status_code == 422
    assert signed_in.get("/treasury/").status_code == 200
    assert [mail.facts["what"] for mail in mails("staff_notice")] == ["password"]
    # when it takes effect
    accept_all()
    # then the old session is dead, the link too, and the code is still asked for
    assert signed_in.get("/treasury/").status_code == 303
    assert asking.get(link).status_code == 404
    assert asking.sign_in(treasurer, password=LONG, code="000000").status_code == 422
    assert asking.sign_in(treasurer, password=LONG, code=treasurer.codes[0]).status_code == 303


def test_nobody_learns_who_is_here_by_asking_for_a_link(app: Flask, treasurer: Person) -> None:
    answers = set()
    for email in (treasurer.email, "nobody@example.org"):
        browser = Browser(app)
        browser.get("/staff/forgot")
        answer = browser.post("/staff/forgot", email=email)
        answers.add((answer.status_code, answer.text))

    assert len(answers) == 1
    assert len(mails("staff_reset")) == 1


def test_a_flood_of_requests_sends_one_mail_and_is_slowed(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)
    browser.get("/staff/forgot")

    answers = [browser.post("/staff/forgot", email=treasurer.email).status_code for _ in range(7)]

    assert answers == [200] * 6 + [429]
    assert len(mails("staff_reset")) == 1


@pytest.mark.parametrize("kind", ["staff_invitation", "staff_sign_in"])
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.databases("sqlite")
def test_mails_are_written_in_the_language_of_who_gets_them(
    app: Flask, clock: object, kind: str, language: str
) -> None:
    with write_unit() as conn:
        person = staff.invite(conn, "n@example.org", ["auditor"], language=language, by="cli:x", at=datetime.now(UTC))
        facts: dict[str, object] = {"staff_id": person.id, "browser": "Firefox · Linux"}
        at = datetime.now(UTC)
        outbox.queue(conn, "staff_sign_in", "k", to="n@example.org", language=language, at=at, facts=facts)
    mail = mailer.compose(mails(kind)[0], datetime.now(UTC))
    page = mail.get_body(("html",))
    assert page is not None

    assert f'lang="{language}"' in page.get_content()
    assert ("/ru/staff" in plain_text(mail)) is (language == "ru")
    assert "Ali" not in mail["Subject"]


@pytest.mark.databases("sqlite")
def test_a_weak_password_is_refused_wherever_one_is_set(browser: Browser, treasurer: Person) -> None:
    key = treasurer.row.link_key
    link = f"/staff/reset/{tokens.for_reset(treasurer.id, key)}"
    browser.get(link)
    assert "repeats itself" in browser.post(link, password="passwordpassword").text
    browser.sign_in(treasurer)
    browser.get("/staff/password")
    assert (
        "repeats itself" in browser.post("/staff/password", current_password=PASSWORD, password="passwordpassword").text
    )
    assert treasurer.row.link_key == key  # nothing was set


@pytest.mark.databases("sqlite")
def test_a_long_password_is_looked_at_no_further_than_its_first_letters(
    app: Flask, appeals: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time grows fast with the length: made for it, 72 letters kept a thread for five seconds."""
    seen: list[str] = []

    def look(password: str, known: list[str], **_: object) -> dict[str, object]:
        seen.extend([password, *known])
        return {"score": 4}

    monkeypatch.setattr(passwords, "zxcvbn", look)
    passwords.check_strength("x1y2z3" * 30, f"{'a' * 64}@{'b' * 60}.example.org")
    assert seen[0] == ("x1y2z3" * 30)[:40]
    assert max(map(len, seen)) == 40


@pytest.mark.databases("sqlite")
def test_a_name_of_ours_that_is_longer_than_what_is_looked_at_is_refused(app: Flask, appeals: object) -> None:
    name = "Xqzvblorptwokkamendriffulosgarentibrumhaxilodenquavist"
    with write_unit():
        Organisation.get().name = name
    for password in (name, name.lower(), f"{name}1"):
        with pytest.raises(PasswordNamesUs):
            passwords.check_strength(password, "ada@example.org")
    passwords.check_strength("Another" + name[::-1], "ada@example.org")


def test_what_opens_something_by_itself_has_128_random_bits(treasurer: Person) -> None:
    """Whatever else opens something is signed: a number, a reference or a sealed address within a link."""
    with write_unit():
        of = {"stage": "full", "place": b"x", "browser": "Firefox", "at": datetime.now(UTC)}
        session, key = sessions.begin(treasurer.row, **of)
        secrets = [key, sessions.renew_key(session), treasurer.row.link_key, new_link()]
    assert [len(urlsafe_b64decode(one + "=" * (-len(one) % 4))) >= 16 for one in secrets] == [True] * 4
    assert len(set(secrets)) == 4
