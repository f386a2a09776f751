"""A branch that submits its returns by its link, and what the tests of it look at."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations import tokens, totals
from donations.appeals import scoreboard
from donations.extensions import db
from donations.models import Appeal, BranchReturn
from tests.events import fresh
from tests.web.staff.conftest import NOON, Browser

SLUG = "fighting-fund"
TYPED = {
    "collection": "100", "collection_note": "Saturday market", "paper_sales": "42.50", "from_on": "2026-11-01",
    "to_on": "2026-11-20", "method": "cash", "first_counter": "Ann", "second_counter": "Ben", "handed_in_by": "Cleo",
}  # fmt: skip


class Branch:
    """A branch's treasurer with a phone: no sign-in, only the link."""

    def __init__(self, app: Flask, area: int, path: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.area, self.path = area, path

    def page(self) -> TestResponse:
        return self.client.get(self.path)

    def hands_in(self, *, on: str = "", token: str = "", **typed: str) -> TestResponse:
        made = tokens.for_form(tokens.FormToken(slug=f"pay-in {self.area}", nonce=f"form {typed} {on}"))
        return self.client.post(self.path + on, data={**TYPED, "token": token or made, **typed})


def all_of_them() -> list[BranchReturn]:
    fresh()
    return list(
        db.session.scalars(select(BranchReturn).order_by(BranchReturn.sent_at, BranchReturn.version, BranchReturn.id))
    )


def states() -> list[tuple[int, str, int]]:
    return [(row.version, row.state, row.amount_minor) for row in all_of_them()]


def decide(browser: Browser, act: str, row: BranchReturn | None = None, **typed: str) -> TestResponse:
    row = row or all_of_them()[-1]
    return browser.post(f"/treasury/branch-returns/{row.id}", act=act, **typed)


def of_london() -> int:
    fresh()
    board = scoreboard.of(Appeal.any_by_slug(SLUG), NOON)
    total = totals.public(Appeal.any_by_slug(SLUG), NOON).raised
    assert total is not None
    assert sum(one.raised.minor for one in board.areas) + board.rest.minor == total.minor
    return next(one.raised.minor for one in board.areas if one.name == "London")
