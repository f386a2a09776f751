"""What cannot be undone asks once more who one is, and holds for five minutes; looking does not ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.house import ROOT
from tests.web.staff.conftest import PASSWORD, Browser, Person

pytestmark = pytest.mark.databases("sqlite")


def test_after_five_minutes_it_is_asked_again_and_goes_on_from_there(
    browser: Browser, admin: Person, clock: time_machine.Traveller
) -> None:
    # given an admin who signed in a while ago
    browser.sign_in(admin)
    assert browser.get("/staff/people/invite").status_code == 200
    clock.shift(timedelta(minutes=5))
    # when something is asked for that cannot be undone
    answer = browser.get("/staff/people/invite")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/again?next=/staff/people/invite")
    # then reading needs no proof, and after both proofs the action continues too
    assert browser.get("/staff/people").status_code == 200
    browser.get("/staff/again")
    onward = browser.post("/staff/again", password=PASSWORD, code=admin.code(), next="/staff/people/invite")
    assert onward.headers["Location"] == "/staff/people/invite"
    assert browser.get("/staff/people/invite").status_code == 200


def test_what_is_sent_late_does_nothing(
    browser: Browser, admin: Person, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(admin)
    clock.shift(timedelta(minutes=6))

    answer = browser.post(f"/staff/people/{treasurer.id}/disable")

    assert answer.headers["Location"].startswith("/staff/again")
    assert treasurer.row.state == "active"


def test_neither_the_password_nor_the_code_alone_is_enough(
    browser: Browser, admin: Person, clock: time_machine.Traveller
) -> None:
    browser.sign_in(admin)
    clock.shift(timedelta(minutes=6))
    browser.get("/staff/again")

    for typed in ({"password": "wrong", "code": admin.code()}, {"password": PASSWORD}, {"code": admin.code()}):
        assert browser.post("/staff/again", **typed).status_code == 422
    assert browser.get("/staff/people/invite").status_code == 303


def test_no_view_asks_for_the_proof_in_a_way_of_its_own() -> None:
    asking = {
        path.name for path in (ROOT / "donations" / "web").rglob("*.py") if "is_fresh(" in path.read_text("utf-8")
    }
    assert asking == {"access.py", "kept_forms.py"}
    assert not [path for path in (ROOT / "templates").rglob("*.html") if "is_fresh" in path.read_text("utf-8")]
