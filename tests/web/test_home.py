"""The home page with many appeals: a page at a time, and no dearer for each that it shows."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Fund


def add(count: int, **columns: Any) -> None:
    with write_unit():
        for number in range(count):
            said = {"state": "open", "currency": "GBP", "title": {"en": f"Appeal {number}"}, "position": 100 + number}
            slug = f"more-{columns.get('state', 'open')}-{number}"
            appeal = Appeal(slug=slug, discreet=bool(number % 2), goal_minor=1000, **{**said, **columns})
            appeal.funds = [Fund(slug=f"{slug}-{part}", kind="campaign", name={"en": "Fund"}) for part in "ab"]
            db.session.add(appeal)


def test_many_appeals_are_listed_a_page_at_a_time_and_those_that_ended_last(app: Flask, client: FlaskClient) -> None:
    # given four that run and one that has ended, and many more
    add(30)
    add(20, state="closed")
    add(3, state="draft")
    # when all pages are read, one by the link of the other
    pages, path = [], "/"
    while path:
        pages.append(client.get(path).text)
        path = pages[-1].partition('" rel="next"')[0].rpartition('href="')[2] if 'rel="next"' in pages[-1] else ""
    # then each appeal is on one of them
    assert len(pages) == 3
    for state, count in (("open", 30), ("closed", 20), ("draft", 0)):
        for number in range(count):
            assert sum(f'/appeals/more-{state}-{number}"' in page for page in pages) == 1
    assert ["Appeals that have ended" in page for page in pages] == [False, True, True]
    assert 'href="/?page=2" rel="prev"' in pages[2]
    assert 'href="/" rel="prev"' in pages[1]


@pytest.mark.databases("sqlite")
def test_the_home_page_asks_the_database_no_more_for_more_appeals(app: Flask, client: FlaskClient) -> None:
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda conn, cursor, said, *_: asked.append(said))
    client.get("/")
    few = len(asked)
    add(40)
    asked.clear()
    client.get("/")
    assert len(asked) <= few


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=-3", f"page={'9' * 30}", "page=2"])
def test_a_page_that_is_not_there_is_no_fault(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 200
