"""Who opens what: every staff route with every role, and signed out. A route that is not in the table fails here."""

from __future__ import annotations

import re
from collections.abc import Callable
from tempfile import gettempdir
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from donations import create_app
from donations.database import write_unit
from donations.extensions import db
from donations.models import StaffChange
from donations.models.staff import ROLES
from donations.web import STAFF
from donations.web.route_roles import ANYONE, ROUTE_ROLES, SECOND
from donations.web.route_roles import STAFF as EVERYBODY
from tests.fixtures.settings import environ_for
from tests.web.staff.conftest import Browser, Person

pytestmark = pytest.mark.databases("sqlite")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def routes() -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route of the staff blueprints, as the app knows them."""
    app = create_app(environ_for(f"sqlite:///{gettempdir()}/never-made.db"), TESTING=True)
    names = {bp.name for bp in STAFF}
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in names and "language" not in rule.arguments:
            path = re.sub(r"<(?!int:)[^>]+>", "invented", rule.rule.replace("<int:number>", "1"))
            found += [(rule.endpoint, method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return found


ALL = routes()


def test_every_staff_route_is_in_the_table_and_nothing_else() -> None:
    assert {endpoint for endpoint, _, _ in ALL} == set(ROUTE_ROLES)


def test_a_route_that_is_not_in_the_table_opens_to_nobody(
    browser: Browser, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in(admin)
    monkeypatch.delitem(ROUTE_ROLES, "people.index")

    assert browser.get("/staff/people").status_code == 403


@pytest.mark.parametrize(("endpoint", "method", "path"), ALL, ids=[f"{m} {e}" for e, m, _ in ALL])
def test_who_has_not_signed_in_is_asked_to(app: Flask, endpoint: str, method: str, path: str) -> None:
    browser = Browser(app)

    answer = browser.get(path) if method == "GET" else browser.post(path)

    if ROUTE_ROLES[endpoint] is ANYONE:
        assert answer.status_code in (200, 404, 422)
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/staff/sign-in")
        if method == "GET":
            assert answer.headers["Location"] == f"/staff/sign-in?next={path}"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_and_nothing_else(app: Flask, join: Callable[..., Person], role: str) -> None:
    # given a person with one role only, signed in again each time: some of these routes end sessions
    other, person, browser = join("other@example.org", "admin"), join(f"{role}@example.org", role), Browser(app)
    for endpoint, method, path in ALL:
        wanted = ROUTE_ROLES[endpoint]
        if wanted in (ANYONE, SECOND):
            continue
        browser.become(person)
        # when each route is asked for
        with write_unit():
            db.session.execute(delete(StaffChange))  # which who asked may not accept, whatever their role
        answer = ask(browser, method, path.replace("/1", f"/{other.id}"))
        # then the wrong role gets 403 and the right one does not
        may = role in wanted and not (role == "auditor" and method in WRITES and wanted is not EVERYBODY)
        assert (answer.status_code == 403) is not may, (endpoint, method, role, answer.status_code)


def ask(browser: Browser, method: str, path: str) -> Any:
    return browser.get(path) if method == "GET" else browser.post(path)


def test_an_auditor_changes_nothing_even_where_the_table_lets_auditors_in(
    browser: Browser, join: Callable[..., Person], treasurer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROUTE_ROLES, "people.disable", frozenset({"auditor", "admin"}))
    browser.become(join("ola@example.org", "auditor"))

    assert browser.post(f"/staff/people/{treasurer.id}/disable").status_code == 403
    assert treasurer.row.state == "active"


def test_several_roles_open_what_any_of_them_opens(browser: Browser, join: Callable[..., Person]) -> None:
    browser.sign_in(join("both@example.org", "organiser", "auditor"))

    assert browser.get("/staff/audit").status_code == 200
    assert browser.get("/staff/people/invite").status_code == 403


def test_the_refusal_says_what_it_is_about(browser: Browser, join: Callable[..., Person]) -> None:
    browser.sign_in(join("olga@example.org", "organiser"))

    answer = browser.get("/staff/people")

    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert "another site" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/staff/people/999", 404),
        ("GET", f"/staff/people/{10**30}", 404),
        ("POST", f"/staff/sessions/{10**30}/end", 404),
        ("POST", "/staff/people/999/disable", 404),
        ("POST", "/staff/sessions/999/end", 404),
        ("GET", "/staff/people/one", 404),
        ("GET", "/staff/sign-out", 405),
        ("POST", "/staff/audit", 405),
        ("POST", "/treasury/", 405),
        ("GET", "/staff/none", 404),
    ],
)
def test_what_is_not_there_or_not_so_is_said(
    browser: Browser, admin: Person, method: str, path: str, status: int
) -> None:
    browser.sign_in(admin)

    assert ask(browser, method, path).status_code == status
