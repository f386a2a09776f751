"""Signing in: with password and code, and with nothing less."""

from __future__ import annotations

from tests.web.staff.conftest import Browser, Person


def test_password_and_code_open_the_treasury(browser: Browser, treasurer: Person) -> None:
    # given the treasury, which asks who one is
    asked = browser.get("/treasury/")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/staff/sign-in?next=/treasury/"
    # when both steps are gone
    answer = browser.sign_in(treasurer, next="/treasury/")
    # then it opens
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/treasury/"
    assert "Signed in as Maya." in browser.get("/treasury/").text
