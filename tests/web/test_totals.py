"""The live total as page, fragment and JSON: the same figures, cacheable, and never in the way of safety."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from donations import totals
from donations.database import write_unit
from donations.models import Appeal

pytestmark = pytest.mark.databases("sqlite")
LIVE = "public, max-age=1, stale-while-revalidate=1, stale-if-error=35"
KEYS = {
    "appeal", "state", "currency", "raised_minor", "raised", "goal_minor", "percent", "donations", "also", "as_of",
    "version",
}  # fmt: skip


def test_the_json_keeps_its_contract(client: FlaskClient, raise_to) -> None:
    raise_to("fighting-fund", 123450, donations=57, at=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))

    answer = client.get("/appeals/fighting-fund/total.json")

    said = answer.json
    assert set(said) == KEYS
    assert said | {"version": None, "as_of": None} == {
        "appeal": "fighting-fund", "state": "open", "currency": "GBP", "raised_minor": 123450, "raised": "£1,234.50",
        "goal_minor": 2500000, "percent": 4, "donations": 57, "also": [], "as_of": None, "version": None,
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["as_of"])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_page_fragment_and_json_say_the_same(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150, donations=214)

    page, fragment = client.get("/appeals/hands-off-ali").text, client.get("/appeals/hands-off-ali/total").text

    assert fragment.strip() in page
    assert "£6,391.50" in fragment
    assert "214 donations" in fragment
    assert client.get("/appeals/hands-off-ali/total.json").json["raised"] == "£6,391.50"


def test_the_fragment_is_one_element_that_polls(client: FlaskClient) -> None:
    fragment = client.get("/appeals/hands-off-ali/total").text.strip()

    assert fragment.startswith('<div id="total"')
    assert fragment.endswith("</div>")
    assert 'hx-get="/appeals/hands-off-ali/total" hx-trigger="every 10s" hx-swap="outerMorph"' in fragment


def test_polling_goes_on_when_the_appeal_has_ended_because_it_may_be_hidden(client: FlaskClient) -> None:
    assert 'hx-get="/appeals/kurmanov/total"' in client.get("/appeals/kurmanov/total").text


def test_past_the_goal_the_bar_shows_what_came_above_it(client: FlaskClient, raise_to) -> None:
    raise_to("karaganda-four", 685000)

    fragment = client.get("/appeals/karaganda-four/total").text

    assert '<progress data-over value="500000" max="685000"' in fragment
    assert "137%" in fragment
    assert client.get("/appeals/karaganda-four/total.json").json["percent"] == 137


def test_a_total_below_zero_is_said_and_the_bar_is_empty(client: FlaskClient, raise_to) -> None:
    raise_to("karaganda-four", -500)

    assert '<progress value="0" max="500000"' in client.get("/appeals/karaganda-four/total").text
    assert client.get("/appeals/karaganda-four/total.json").json["raised_minor"] == -500


@pytest.mark.parametrize("path", ["/appeals/hands-off-ali/total", "/appeals/hands-off-ali/total.json"])
def test_a_known_version_is_answered_with_304(client: FlaskClient, raise_to, path: str) -> None:
    raise_to("hands-off-ali", 100)
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    raise_to("hands-off-ali", 200)
    moved = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == LIVE
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == LIVE
    assert moved.status_code == 200


def test_each_language_has_its_own_version(client: FlaskClient) -> None:
    english, russian = client.get("/appeals/hands-off-ali/total"), client.get("/ru/appeals/hands-off-ali/total")

    assert english.headers["ETag"] != russian.headers["ETag"]


def test_a_fragment_weighs_at_most_600_bytes(client: FlaskClient, raise_to) -> None:
    raise_to("fighting-fund", 123456789, donations=123456)

    for prefix in ("", "/ru"):
        fragment = client.get(f"{prefix}/appeals/fighting-fund/total").data
        assert len(gzip.compress(fragment, 6)) <= 600


def test_a_discreet_appeal_shows_only_what_was_published(client: FlaskClient, raise_to) -> None:
    raise_to("campaign-kazakhstan", 43210, donations=3)
    with write_unit():
        totals.publish(Appeal.by_slug("campaign-kazakhstan"), datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    paths = ("/appeals/campaign-kazakhstan/total", "/appeals/campaign-kazakhstan/total.json")
    before = [(answer.data, answer.headers["ETag"]) for answer in map(client.get, paths)]

    raise_to("campaign-kazakhstan", 99999, donations=4)

    assert [(answer.data, answer.headers["ETag"]) for answer in map(client.get, paths)] == before
    assert client.get(paths[1]).json["donations"] is None
    assert "updated with a delay, to protect" in client.get("/appeals/campaign-kazakhstan").text


@pytest.mark.parametrize("slug", ["no-such-appeal", "Hands-Off-Ali", "hands-off-ali%00"])
def test_the_total_of_an_unknown_appeal_is_not_found(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/appeals/{slug}/total").status_code == 404
    answer = client.get(f"/appeals/{slug}/total.json")
    assert (answer.status_code, list(answer.json)) == (404, ["error"])


def test_the_number_has_its_definition_and_its_time_beside_it_without_javascript(client: FlaskClient) -> None:
    page = client.get("/appeals/hands-off-ali").text

    assert "before fees. We take off refunds, failed debits, lost disputes" in page
    assert re.search(r'As of <time datetime="[^"]+">', page)
    assert re.search(r'<button type="button" id="pause"[^>]* hidden>', page)
