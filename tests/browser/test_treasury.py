"""The treasury in a real browser: everyone can use its pages, and statement lines are reviewed from the keyboard
alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from donations import appeals, create_app, staff, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Match, StatementLine
from donations.reconciliation import period_close
from donations.staff import second_factor, sessions
from tests.browser.gallery import APPEALS, _Quiet
from tests.browser.test_reach import ALL, ASK_AXE, OF_COLOURS, SMALL_TARGETS, VENDOR, WIDER
from tests.fixtures.databases import make_tables
from tests.fixtures.settings import environ_for
from tests.reconciliation.matching_steps import expected, run, said
from tests.reconciliation.steps import TODAY, raised
from tests.reconciliation.test_payouts import hear_payout
from tests.web.treasury.test_dashboard import parked
from tests.web.treasury.test_every_page import FORMS, PAGES, some_of_everything

pytestmark = pytest.mark.browser
MORE = (
    "/treasury/payouts/po_1",
    "/treasury/periods/1",
    "/treasury/exports",
    "/treasury/exports/file?since=x",
    "/treasury/funds/ali?account=4010",
    "/treasury/statement-lines/{line}",
    "/treasury/payment-requests/1/payee",
)
PASSWORD, EMAIL = "correct horse battery staple", "maya@example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An installation with some of everything in its treasury."""
    server = make_server("localhost", 0, Flask("none"), threaded=True, request_handler=_Quiet)
    url = f"http://localhost:{server.server_port}"
    folder = tmp_path_factory.mktemp("treasury")
    made = create_app({**environ_for(f"sqlite:///{folder / 'treasury.db'}"), "PUBLIC_URL": url})
    with made.app_context():
        make_tables()
        with write_unit():
            appeals.load(APPEALS.read_text(encoding="utf-8"), at=datetime.now(UTC))
        _fill()
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


def _fill() -> None:
    some_of_everything()
    parked()
    hear_payout(12748)
    with write_unit():
        period_close.prepare(TODAY)
    for minor, name in ((4100, "Maya Example"), (4200, "Ben Example")):
        expected(minor, name=name)
        said(1, minor, "for Ali", name=name)
    said(1, 4300, "nobody knows")
    run()
    db.session.remove()


@pytest.fixture
def page(app: Flask, chromium: Browser) -> Iterator[Page]:
    """A treasurer's page, signed in."""
    context = chromium.new_context(reduced_motion="reduce", bypass_csp=True)  # axe is not one of our own scripts.
    context.add_init_script(path=VENDOR / "axe.min.js")
    key = _sign_in(app)
    context.add_cookies([{"name": "staff", "value": f"s.{key}", "url": url_of(app)}])
    yield context.new_page()
    context.close()


def _sign_in(app: Flask) -> str:
    with app.app_context(), write_unit() as conn:
        at = datetime.now(UTC)
        person = staff.find_by_email(EMAIL)
        if person is None:
            person = staff.invite(conn, EMAIL, ["treasurer", "admin"], language="en", by="cli:test", at=at)
            staff.join(conn, tokens.for_invitation(person.id, person.link_key), "Maya", PASSWORD, at=at)
            code = second_factor.codes().code(second_factor.prepare_totp(person), at)
            assert second_factor.confirm_totp(conn, person, code, at=at)
        _, key = sessions.begin(person, stage="full", place=b"x", browser="Firefox", at=at)
        return str(key)


def url_of(app: Flask) -> str:
    return str(app.config["SETTINGS"].public_url)


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_has_nothing_to_say_of_the_treasury(app: Flask, page: Page, width: int) -> None:
    with app.app_context():
        line = db.session.query(StatementLine.id).filter(StatementLine.amount_minor == 4300).scalar()
    page.set_viewport_size({"width": width, "height": 900})
    faults: list[str] = []
    for path in (*PAGES, *FORMS, *MORE):
        page.goto(url_of(app) + path.format(line=line))
        page.emulate_media(color_scheme="light")
        found = page.evaluate(ASK_AXE, ALL) + page.evaluate(WIDER) + page.evaluate(SMALL_TARGETS)
        page.emulate_media(color_scheme="dark")
        found += page.evaluate(ASK_AXE, OF_COLOURS)
        faults += [f"{path}: {fault}" for fault in found]
        assert page.locator("h1").count() == 1, path
    assert faults == []


def test_lines_are_reviewed_from_the_keyboard_alone(app: Flask, page: Page) -> None:
    # given lines of which two have a proposal
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{url_of(app)}/treasury/statement-lines")
    assert page.locator(".keys").is_visible()
    focused = "document.activeElement.closest('.line')?.querySelector('.line-head')?.innerText ?? ''"
    # when one goes down, up and down again
    seen = []
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
        seen.append(page.evaluate(focused))
    assert seen[0] == seen[2] != seen[1] == seen[3]
    # and says yes to the first proposal of the line that is £41
    while "41" not in page.evaluate(focused):
        before = page.evaluate(focused)
        page.keyboard.press("j")
        assert page.evaluate(focused) != before
    page.keyboard.press("Enter")
    page.wait_for_url("**/treasury/statement-lines?page=1#lines")
    # then it is matched, and the line that is first now has the focus
    with app.app_context():
        line = db.session.query(StatementLine.id).filter(StatementLine.amount_minor == 4100).scalar()
        assert (
            db.session.query(Match.state).filter(Match.statement_line_id == line, Match.state == "confirmed").count()
            == 1
        )
    first = page.locator(".line-head").first.inner_text()
    page.wait_for_function(f"first => ({focused}) === first", arg=first)
    assert complaints == []


def test_a_gift_is_recorded_from_its_line_by_keyboard(app: Flask, page: Page) -> None:
    # given a line without a proposal, to which Enter leads
    with app.app_context():
        line, before = db.session.query(StatementLine.id).filter(StatementLine.amount_minor == 4300).scalar(), raised()
    page.goto(f"{url_of(app)}/treasury/statement-lines")
    page.locator(f"#line-{line}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/treasury/statement-lines/{line}*")
    # when it is matched as a donation
    page.select_option("#purpose", "hands-off-ali/ali")
    page.focus("#name")
    page.keyboard.press("Enter")
    page.wait_for_url("**/treasury/statement-lines?page=1#lines")
    # then it counts
    with app.app_context():
        assert raised() == before + 4300
