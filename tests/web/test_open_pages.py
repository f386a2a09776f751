"""Every open public page that names an appeal lets go of it when it is hidden, and finds it again when it is shown.
Each page is read as a browser reads it: whom it asks, and what it waits for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations import card_testing, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import Appeal, AppealUpdate, Area, Donation
from donations.web.headers import kind_of
from tests.web.campaigns.steps import follow
from tests.web.checkout_steps import fill_in, go_on
from tests.web.step_up_steps import Supporter, hear_charge, last_donation
from tests.web.treasury.branch_return_steps import TYPED

pytestmark = pytest.mark.databases("sqlite")
SLUG, TITLE = "fighting-fund", "Seven of Zhanaozen"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAME_NONE = {
    "about.show", "about.robots", "about.sitemap", "appeals.shown", "styleguide.show", "receipts.check",
    "receipts.checked", "receipts.pdf", "your_data.ask",
}  # fmt: skip
# A receipt never changes; a person's own data page shows all of it.
FROZEN = {"receipts.show", "your_data.show", "your_data.copy_page", "your_data.copy_json"}
FRAGMENTS = {
    "appeals.total", "appeals.funds", "scoreboard.areas", "donations.outcome", "embeds.total",
    "framed_scoreboard.areas", "overlay.total",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watch:
    """What an open page does by itself: it asks `address`, and looks again at `then` when it hears what it waits
    for."""

    address: str
    then: str
    mark: str | None
    is_shown: bool

    @classmethod
    def of(cls, text: str, path: str) -> Watch | None:
        """That of a page which was answered at this path."""
        tag = re.search(r"<script[^>]*/js/shown\.js[^>]*>", text)
        if tag is None:
            polled = re.search(
                r'id="(?:total|figures|scoreboard|overlay)"[^>]* hx-get="([^"]+)" hx-trigger="every', text
            )
            return cls(unescape(polled[1]), path, None, is_shown=True) if polled and "htmx.min.js" in text else None
        told = {name: unescape(value or "") for name, value in re.findall(r'data-(\w+)(?:="([^"]*)")?', tag[0])}
        return cls(told.get("ask", path), told.get("then", path), told.get("mark"), "shown" in told)

    def has_heard(self, client: FlaskClient) -> bool:
        answer = client.get(self.address)
        if self.mark is not None:
            return answer.status_code == 200 and answer.text != self.mark
        return answer.status_code == (404 if self.is_shown else 200)


@pytest.fixture
def pages(client: FlaskClient, change, to_stripe) -> dict[str, str]:
    """A path for each view that names the appeal, by endpoint and case."""
    area = db.session.scalars(select(Area).where(Area.name == "London")).one()
    with write_unit():
        appeal, at = Appeal.by_slug(SLUG), datetime.now(UTC)
        appeal.title, appeal.position = {"en": TITLE}, 0
        words = {"title": {"en": "News"}, "text": {"en": "It goes on."}, "written_by": "test", "form_key": "news"}
        db.session.add(AppealUpdate(appeal_id=appeal.id, position=1, published_at=at, **words))
        branch = f"/branch-returns/{branch_returns.make_link(db.session.get_one(Area, area.id))}"
    nonce = tokens.for_form(tokens.FormToken(slug=f"pay-in {area.id}", nonce="first"))
    sent = client.post(branch, data={**TYPED, "token": nonce}).location
    news = db.session.scalars(select(AppealUpdate.id)).one()
    used, waiting = (fill_in(client, SLUG) for _ in range(2))
    go_on(client, used)
    donation = db.session.scalars(select(Donation)).one().reference
    follower = follow(slug=SLUG).reference
    return {
        "appeals.home": "/", "appeals.show": f"/appeals/{SLUG}", "appeals.show of another": "/appeals/kurmanov",
        "appeals.update": f"/appeals/{SLUG}/updates/{news}", "scoreboard.show": f"/appeals/{SLUG}/scoreboard",
        "donations.show": f"/donations/{tokens.for_return(donation)}", "checks.show": waiting,
        "checks.change": f"{waiting}/change", "embeds.show": f"/embed/{SLUG}",
        "framed_scoreboard.show": f"/embed/{SLUG}/scoreboard", "overlay.show": f"/overlay/{SLUG}",
        "subscribers.ask_confirm": f"/subscribers/confirm/{tokens.for_confirming(follower)}",
        "subscribers.ask_unsubscribe": f"/subscribers/unsubscribe/{tokens.for_ending(follower)}",
        "branch_returns.show": branch,
        "branch_returns.ask_revision": f"{branch}/{re.findall('sent=([0-9]+)', sent)[0]}",
    }  # fmt: skip


def check_lets_go(client: FlaskClient, shown: TestResponse, path: str, change: Callable[..., None], how: str) -> None:
    """From a page that names the appeal to one that does not, and back."""
    assert TITLE in shown.text, path
    watch = Watch.of(shown.text, path)
    assert watch is not None, path
    assert not watch.has_heard(client), path
    # when the appeal is hidden
    change(SLUG, visibility=how)
    # then the page hears of it, and what it shows then names the appeal nowhere
    assert watch.has_heard(client), path
    gone = client.get(watch.then)
    assert TITLE not in gone.text, path
    assert SLUG in watch.then or SLUG not in gone.text, path
    # and when it is shown again, that page hears of it, and names it again
    waiting = Watch.of(gone.text, watch.then)
    assert waiting is not None, path
    assert not waiting.has_heard(client), path
    change(SLUG, visibility="shown")
    assert waiting.has_heard(client), path
    assert TITLE in client.get(waiting.then).text, path


@pytest.mark.parametrize(("how", "state"), [("dark", "open"), ("holding_page", "open"), ("dark", "closed")])
def test_every_open_page_lets_go_of_a_hidden_appeal_and_finds_it_again(
    client: FlaskClient, pages: dict[str, str], change, how: str, state: str
) -> None:
    change(SLUG, state=state)
    for name, path in pages.items():
        if name == "appeals.show of another" and state == "closed":
            continue  # It names those that run.
        check_lets_go(client, client.get(path), path, change, how)


def test_no_public_view_is_forgotten(app: Flask, pages: dict[str, str]) -> None:
    views = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and kind_of(rule.endpoint) in ("page", "frame")
    }

    assert views == {name.partition(" ")[0] for name in pages} | NAME_NONE | FROZEN | FRAGMENTS


def test_the_home_page_also_lets_go_of_amounts_and_follows_the_state(client: FlaskClient, change) -> None:
    for columns in ({"visibility": "amounts_hidden"}, {"state": "paused"}, {"state": "open", "visibility": "shown"}):
        watch = Watch.of(client.get("/").text, "/")
        assert watch is not None
        change(SLUG, **columns)
        assert watch.has_heard(client), columns


def test_the_step_before_paying_lets_go_of_it_too(client: FlaskClient, change, to_stripe) -> None:
    # given a network with declines
    supporter = Supporter(client)
    assert supporter.give(slug=SLUG).status_code == 303
    for _ in range(card_testing.DECLINES_HERE):
        hear_charge(last_donation())
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=True):
        asked = supporter.give(slug=SLUG)
        watch = Watch.of(asked.text, "")
        assert (asked.status_code, watch is not None and watch.then) == (429, supporter.check)
        # when it is hidden, then the page hears of it and shows what is left
        change(SLUG, visibility="dark")
        assert watch is not None
        assert watch.has_heard(client)
        assert client.get(watch.then).status_code == 404


def test_what_is_asked_for_is_small_and_kept_by_caches(client: FlaskClient) -> None:
    answer = client.get("/shown")
    again = client.get("/shown", headers={"If-None-Match": answer.headers["ETag"]})

    assert len(answer.data) == 24
    assert answer.headers["Cache-Control"].startswith("public, max-age=1")
    assert (again.status_code, again.data) == (304, b"")
    assert SLUG not in answer.text
