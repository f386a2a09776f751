"""What had another address once still opens: bookmarks of the team, links in mails and links of branches."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations.web.moved import MOVED

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(("old", "new"), MOVED.items())
@pytest.mark.parametrize("rest", ["", "/7", "/ch_1/refund", "?method=cash&page=2"])
def test_an_old_address_of_the_treasury_leads_on_with_all_behind_it(
    client: FlaskClient, old: str, new: str, rest: str
) -> None:
    for language in ("", "/ru"):
        for ask in (client.get, client.post):
            answer = ask(language + old + rest)
            assert (answer.status_code, answer.headers["Location"]) == (308, language + new + rest)
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("rest", ["//example.org", "/%2F%2Fexample.org", "/..%2F..%2Fabout", "/%0d%0aX: y"])
def test_nothing_leads_away_from_here(client: FlaskClient, rest: str) -> None:
    answer = client.get(f"/treasury/gifts{rest}")
    where = answer.headers.get("Location", "").removeprefix("http://localhost")  # Two slashes become one.
    assert where == "" or where.startswith(("/treasury/offline-donations/", "/treasury/gifts/"))
    assert "\r" not in where
    assert "X" not in answer.headers


def test_every_new_address_is_a_page(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {new for new in MOVED.values() if new not in rules and f"{new}/" not in rules} == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/following/confirm/{}", "/subscribers/confirm/{}"), ("/following/end/{}", "/subscribers/unsubscribe/{}"),
        ("/pay-in/{}", "/branch-returns/{}"), ("/pay-in/{}/1", "/branch-returns/{}/1"),
    ],
)  # fmt: skip
def test_a_link_that_was_sent_opens_the_same_view_as_the_new_one(app: Flask, old: str, new: str) -> None:
    # Programs that unsubscribe by one POST (RFC 8058) follow no redirect, so the old addresses answer themselves.
    adapter = app.url_map.bind("localhost")
    for method in ("GET", "POST"):
        assert adapter.match(old.format("x"), method) == adapter.match(new.format("x"), method)
