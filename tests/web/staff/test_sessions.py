"""Sessions: how long they last, how they end, and what their cookie is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from donations import create_app, staff
from donations.database import write_unit
from donations.extensions import db
from donations.models import StaffSession
from donations.staff import second_factor, sessions
from tests.web.staff.conftest import NOON, PASSWORD, Browser, Person, accept_all


def is_in(browser: Browser) -> bool:
    return browser.get("/treasury/").status_code == 200


def test_a_session_ends_after_half_an_hour_of_nothing(
    browser: Browser, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(treasurer)
    clock.shift(timedelta(minutes=29))
    assert is_in(browser)
    clock.shift(timedelta(minutes=29))
    assert is_in(browser)
    clock.shift(timedelta(minutes=30))
    assert not is_in(browser)


def test_a_session_ends_after_eight_hours_whatever_is_done(
    browser: Browser, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(treasurer)
    for _ in range(19):
        clock.shift(timedelta(minutes=25))
        assert is_in(browser)
    clock.shift(timedelta(minutes=5))
    assert not is_in(browser)


def test_a_session_that_is_ended_is_dead_at_once(app: Flask, treasurer: Person) -> None:
    # given a person who is signed in twice
    here, there = Browser(app), Browser(app)
    here.sign_in(treasurer, code=treasurer.codes[0])
    there.sign_in(treasurer, code=treasurer.codes[1])
    page = here.get("/staff/").text
    assert page.count("Firefox · Linux") == 2
    # when one of them ends the other
    other = sessions.find(there.cookie.removeprefix("s."), NOON)
    assert other is not None
    assert f"/staff/sessions/{other.id}/end" in page
    assert here.post(f"/staff/sessions/{other.id}/end").status_code == 303
    # then that one is out, and this one is not
    assert not is_in(there)
    assert is_in(here)


def test_all_the_others_end_together(app: Flask, treasurer: Person) -> None:
    browsers = [Browser(app), Browser(app), Browser(app)]
    for number, browser in enumerate(browsers):
        browser.sign_in(treasurer, code=treasurer.codes[number])

    browsers[0].post("/staff/sessions/end")

    assert [is_in(browser) for browser in browsers] == [True, False, False]


def test_nobody_ends_a_session_of_somebody_else(app: Flask, treasurer: Person, join: Callable[..., Person]) -> None:
    theirs, mine = Browser(app), Browser(app)
    theirs.sign_in(treasurer)
    number = db.session.scalars(select(StaffSession.id).where(StaffSession.stage == "full")).one()
    mine.sign_in(join("olga@example.org", "organiser"))

    assert mine.post(f"/staff/sessions/{number}/end").status_code == 404
    assert is_in(theirs)


def test_an_admin_ends_the_sessions_of_somebody_else(app: Flask, treasurer: Person, admin: Person) -> None:
    theirs, mine = Browser(app), Browser(app)
    theirs.sign_in(treasurer)
    mine.sign_in(admin)

    assert mine.post(f"/staff/people/{treasurer.id}/sessions/end").status_code == 303
    assert not is_in(theirs)


def test_who_signs_out_is_out_and_so_is_a_copy_of_the_cookie(browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)
    copy = browser.cookie

    answer = browser.post("/staff/sign-out")

    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    browser.client.set_cookie("staff", copy)
    assert not is_in(browser)


def test_who_is_disabled_is_out_at_once(browser: Browser, treasurer: Person, admin: Person) -> None:
    browser.sign_in(treasurer)
    with write_unit() as conn:
        staff.disable(conn, staff.find(treasurer.id), by="cli:test", at=datetime.now(UTC))

    assert not is_in(browser)
    assert browser.sign_in(treasurer).status_code == 422


@pytest.mark.parametrize("value", ["s.invented", "s.", "n.invented", "x", "n." + "a" * 3000, "s.\u00e9"])
@pytest.mark.databases("sqlite")
def test_an_invented_cookie_is_nobody(browser: Browser, value: str) -> None:
    browser.client.set_cookie("staff", value)

    assert browser.get("/treasury/").status_code == 303
    assert browser.get("/staff/sign-in").status_code == 200


def test_the_table_holds_no_key_by_which_a_session_could_be_taken_over(browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)

    key = browser.cookie.removeprefix("s.")
    row = db.session.execute(text("SELECT * FROM staff_session")).all()
    assert len(key) > 40
    assert key not in str(row)
    assert "192.0.2" not in str(row)


def test_the_cookie_is_for_this_site_and_no_script(browser: Browser, treasurer: Person) -> None:
    for answer in (browser.get("/staff/sign-in"), browser.sign_in(treasurer)):
        flags = {part.strip() for part in answer.headers["Set-Cookie"].split(";")[1:]}
        assert flags == {"HttpOnly", "Path=/", "SameSite=Strict"}
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.databases("sqlite")
def test_on_https_the_cookie_is_bound_to_our_host(app: Flask, environ: dict[str, str]) -> None:
    secure = create_app({**environ, "PUBLIC_URL": "https://fund.example.org"}, TESTING=True)

    said = secure.test_client().get("/staff/sign-in", base_url="https://fund.example.org").headers["Set-Cookie"]

    assert said.startswith("__Host-staff=")
    flags = {part.strip() for part in said.split(";")[1:]}
    assert flags == {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"}
    db.session.remove()
    with secure.app_context():
        db.engine.dispose()


@pytest.mark.databases("sqlite")
def test_a_public_page_knows_nothing_of_a_session(browser: Browser, treasurer: Person) -> None:
    browser.sign_in(treasurer)

    for path in ("/", "/appeals/hands-off-ali", "/about", "/ru/"):
        answer = browser.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "cookie" not in answer.headers.get("Vary", "").lower()
        assert "Maya" not in answer.text


@pytest.mark.databases("sqlite")
def test_no_hook_of_the_library_reads_every_request(app: Flask) -> None:
    hooks = [*app.before_request_funcs[None], *app.after_request_funcs[None], *app.template_context_processors[None]]

    theirs = ("flask_login", "flask_principal", "flask_security")
    assert [hook for hook in hooks if hook.__module__.startswith(theirs)] == []
    assert type(app.json).__module__ == "flask.json.provider"


def test_a_change_of_roles_ends_the_sessions_of_its_person(
    app: Flask, join: Callable[..., Person], admin: Person
) -> None:
    treasurer = join("tom@example.org", "treasurer", "auditor")
    there, here = Browser(app), Browser(app)
    there.become(treasurer)
    here.become(admin)
    assert here.post(f"/staff/people/{treasurer.id}/roles", roles=["treasurer", "auditor"]).status_code == 303
    assert is_in(there)  # nothing was changed
    assert here.post(f"/staff/people/{treasurer.id}/roles", roles=["auditor"]).status_code == 303
    assert not is_in(there)
    assert is_in(here)


def test_a_new_app_ends_the_other_sessions(app: Flask, treasurer: Person) -> None:
    here, there = Browser(app), Browser(app)
    here.sign_in(treasurer, code=treasurer.codes[0])
    there.sign_in(treasurer, code=treasurer.codes[1])
    here.get("/staff/app")
    code = second_factor.codes().code(second_factor.waiting_secret(treasurer.row), datetime.now(UTC))
    assert here.post("/staff/app", code=code).status_code == 303
    assert "Your current app works until" in here.get("/staff/").text
    assert is_in(there)
    accept_all()
    assert not is_in(there)
    assert Browser(app).sign_in(treasurer, code=treasurer.code()).status_code == 422  # of the app before


def test_a_proof_renews_the_key_and_the_one_before_opens_nothing(app: Flask, treasurer: Person) -> None:
    browser, copy = Browser(app), Browser(app)
    browser.sign_in(treasurer)
    copy.client.set_cookie("staff", browser.cookie)
    assert is_in(copy)
    browser.get("/staff/again")
    assert browser.post("/staff/again", password=PASSWORD, code=treasurer.codes[0]).status_code == 303
    assert is_in(browser)
    assert not is_in(copy)
