"""Signing in with a real browser: by codes without JavaScript, by a passkey with it; and axe asked of the pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from donations import appeals, create_app, staff, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import AppealUpdate, StaffSession
from donations.staff import changes, second_factor
from tests.browser.gallery import APPEALS, _Quiet
from tests.fixtures.databases import make_tables
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.browser
PASSWORD, EMAIL = "correct horse battery staple", "maya@example.org"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PATHS = ("/staff/", "/staff/app", "/staff/password", "/staff/people", "/staff/people/1", "/staff/people/invite",
         "/staff/people/changes", "/staff/audit", "/staff/again")  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An installation at localhost, where browsers make passkeys, with one treasurer who is an organiser and an
    admin too."""
    server = make_server("localhost", 0, Flask("none"), threaded=True, request_handler=_Quiet)
    url = f"http://localhost:{server.server_port}"
    made = create_app({**environ_for(f"sqlite:///{tmp_path / 'staff.db'}"), "PUBLIC_URL": url})
    with made.app_context():
        make_tables()
        with write_unit():
            appeals.load(APPEALS.read_text(encoding="utf-8"), at=datetime.now(UTC))
        _join()
    server.app = made
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with made.app_context():
            db.engine.dispose()


def _join() -> None:
    with write_unit() as conn:
        at, roles = datetime.now(UTC), ["treasurer", "organiser", "admin"]
        person = staff.invite(conn, EMAIL, roles, language="en", by="cli:test", at=at)
        staff.join(conn, tokens.for_invitation(person.id, person.link_key), "Maya", PASSWORD, at=at)
    db.session.remove()


def url_of(app: Flask) -> str:
    return str(app.config["SETTINGS"].public_url)


def first_step(page: Page, app: Flask, *, came: bool = False) -> None:
    """The password; `came`: at the page that a browser was led to."""
    if not came:
        page.goto(f"{url_of(app)}/treasury/")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click(".sheet button")


def with_codes(app: Flask) -> list[str]:
    """Give the person an app for codes. Returns the recovery codes, each good for one sign-in."""
    with app.app_context(), write_unit() as conn:
        person = staff.find(1)
        code = second_factor.codes().code(second_factor.prepare_totp(person), datetime.now(UTC))
        assert second_factor.confirm_totp(conn, person, code, at=datetime.now(UTC))
        return list(second_factor.new_recovery_codes(conn, person, at=datetime.now(UTC)))


def second_step(page: Page, codes: list[str]) -> None:
    page.fill("#code", codes.pop())
    page.click(".sheet button[type=submit]")


def test_codes_work_without_javascript(app: Flask, chromium: Browser) -> None:
    # given a browser without scripts, at the set-up that a treasurer is led to
    page = chromium.new_page(java_script_enabled=False)
    first_step(page, app)
    assert page.url.endswith("/staff/app")
    # when the key is given to an app and its code typed
    key = page.inner_text(".key").replace("-", "")
    code = second_factor.codes().code(f'{{"key":"{key}","type":"totp","v":1}}', datetime.now(UTC))
    page.fill("#code", code)
    page.click(".sheet > button")
    # then there are recovery codes, and the treasury opens
    assert page.locator(".codes li").count() == 10
    page.goto(f"{url_of(app)}/treasury/")
    assert page.url.endswith("/treasury/")
    page.close()


def test_a_passkey_is_made_and_used(app: Flask, chromium: Browser) -> None:
    # given a browser with an authenticator
    page = chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    # when a passkey is made at the set-up
    first_step(page, app)
    page.fill("#passkey_name", "My phone")
    page.click("[data-passkey=make]")
    page.wait_for_selector(".codes")
    # and one signs out and in again with it
    page.click(".way-out button")
    first_step(page, app)
    page.click("[data-passkey=use]")
    # then the treasury opens
    page.wait_for_url("**/treasury/")
    assert complaints == []
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_has_nothing_to_say_of_staff_pages(app: Flask, chromium: Browser, width: int) -> None:
    # given a person who may see every page
    codes = with_codes(app)
    with app.app_context(), write_unit() as conn:
        told = {"language": "en", "by": "cli:test", "at": datetime.now(UTC)}
        changes.ask_invitation(conn, "new@example.org", ["treasurer", "auditor"], **told)
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.add_init_script(path=AXE)
    first_step(page, app)
    faults = [*asked_of(page)]
    second_step(page, codes)
    # when axe looks at each, by day and by night
    for path in PATHS:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(url_of(app) + path)
            faults += asked_of(page)
            # then nothing is wrong, and nothing has to be scrolled sideways
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert faults == []
    page.close()


def test_words_typed_for_longer_than_a_session_lasts_are_not_lost(app: Flask, chromium: Browser) -> None:
    # given an organiser with a form before them, whose session is nearly over
    codes = with_codes(app)
    page = chromium.new_page()
    page.clock.install()
    first_step(page, app)
    second_step(page, codes)
    page.goto(f"{url_of(app)}/campaigns/hands-off-ali/updates/new")
    age_session(app, minutes=29)
    # when they type, then that keeps the session, without a click
    page.clock.fast_forward("06:00")
    with page.expect_response("**/staff/stay") as stayed:
        page.fill("[name=title-en]", "A hearing")
    assert stayed.value.status == 204
    assert datetime.now(UTC) - seen_at(app) < timedelta(minutes=1)
    # and when they pause for longer than it lasts, and send the form
    page.fill("[name=text-en]", "On Monday, in the city court.")
    age_session(app, minutes=31)
    page.click(".sheet button[type=submit]")
    # then they are told that their text is kept, and see them once they have signed in
    expect(page.locator(".notice")).to_contain_text("We keep what you typed for 8 hours.")
    first_step(page, app, came=True)
    second_step(page, codes)
    expect(page.locator(".notice")).to_contain_text("Nothing has been done yet. What you typed is below.")
    assert page.input_value("[name=title-en]") == "A hearing"
    assert page.input_value("[name=text-en]") == "On Monday, in the city court."
    # and send them
    page.click(".sheet button[type=submit]")
    expect(page.locator("main")).to_contain_text("On Monday, in the city court.")
    with app.app_context():
        assert [row.title for row in db.session.scalars(select(AppealUpdate))] == [{"en": "A hearing"}]
    page.close()


def seen_at(app: Flask) -> datetime:
    """When the session at hand was last used."""
    with app.app_context():
        return db.session.scalars(select(StaffSession).order_by(StaffSession.made_at.desc())).first().seen_at


def age_session(app: Flask, *, minutes: int) -> None:
    """Let it be so long ago that a session was used."""
    with app.app_context(), write_unit():
        for row in db.session.scalars(select(StaffSession)):
            row.seen_at = datetime.now(UTC) - timedelta(minutes=minutes)


def asked_of(page: Page) -> list[str]:
    wanted = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
    said = page.evaluate(f"async () => (await axe.run(document, {{runOnly: {wanted}}})).violations.map((v) => v.id)")
    return [f"{page.url}: {rule}" for rule in said]
