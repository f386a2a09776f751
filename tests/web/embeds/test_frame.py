"""The frame on another site: what it says in every state, who may frame it, and that no address gets into it."""

from __future__ import annotations

import gzip
import re
from datetime import date
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, EmbeddingSite
from donations.web.embed_theme import SIZES, contrast, ink_on

pytestmark = pytest.mark.databases("sqlite")
ALI = "/embed/hands-off-ali"
HEAVIEST, SCRIPT_HEAVIEST = 20_000, 4_000


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_says_what_the_appeal_page_says(client: FlaskClient, raise_to, size: str) -> None:
    raise_to("hands-off-ali", 639150, donations=214)

    frame = client.get(f"{ALI}?size={size}").text

    assert "£6,391.50" in frame
    assert "214 donations" in frame
    assert 'href="http://localhost/appeals/hands-off-ali#give" target="_top"' in frame
    assert client.get(f"{ALI}/total?size={size}").text.strip() in frame


def test_a_frame_posts_nothing_and_proposes_amounts_as_links(client: FlaskClient) -> None:
    full = client.get(f"{ALI}?size=full").text

    assert "<form" not in full
    assert 'href="http://localhost/appeals/hands-off-ali?amount=20&amp;currency=GBP#give" target="_top">£20</a>' in full
    assert "?amount=" not in client.get(ALI).text
    assert "#give" not in client.get(f"{ALI}?button=no&size=full").text


def test_lang_chooses_the_language_and_an_unknown_one_is_the_house_s(client: FlaskClient) -> None:
    assert '<html lang="ru"' in client.get(f"{ALI}?lang=ru").text
    assert "http://localhost/ru/appeals/hands-off-ali" in client.get(f"{ALI}?lang=ru").text
    for odd in ("xx", "../..", "<b>", ""):
        assert '<html lang="en"' in client.get(f"{ALI}?lang={odd}").text


@pytest.mark.parametrize("odd", ["<script>alert(1)</script>", "'\"><b>", "javascript:alert(1)", "ÿ", "x" * 3000])
@pytest.mark.parametrize("name", ["size", "theme", "accent", "lang", "button", "callback", "nocache"])
def test_what_stands_in_the_address_never_gets_into_the_frame(client: FlaskClient, name: str, odd: str) -> None:
    plain = client.get(ALI).text

    assert client.get(ALI, query_string={name: odd}).text == plain


def test_an_accent_is_a_stylesheet_of_our_own(client: FlaskClient) -> None:
    frame = client.get(f"{ALI}?accent=%231F6f54").text
    sheet = client.get("/embed/accent/1f6f54.css")

    assert '<link rel="stylesheet" href="/embed/accent/1f6f54.css">' in frame
    assert (sheet.mimetype, sheet.text) == ("text/css", ":root{--accent:#1f6f54;--on-accent:#ffffff}")
    assert "immutable" in sheet.headers["Cache-Control"]
    for bad in ("zzzzzz", "1F6F54", "1f6f5", "1f6f54}body{display:none"):
        assert client.get(f"/embed/accent/{bad}.css").status_code == 404


@pytest.mark.parametrize("colour", ["000000", "ffffff", "808080", "a3201a", "ffcc00", "0000ff", "777777"])
def test_what_is_written_on_an_accent_can_be_read(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4.5


def test_contrast_is_reckoned_as_the_guidelines_do() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21.0)
    assert contrast("ffffff", "777777") == pytest.approx(4.48, abs=0.01)


def test_a_closed_appeal_says_how_it_ended_and_lets_go_when_it_is_hidden(client: FlaskClient) -> None:
    frame = client.get("/embed/kurmanov").text

    assert "Released on 12 May 2010" in frame
    assert 'hx-get="/embed/kurmanov/total?lang=en' in frame
    assert "htmx.min.js" in frame
    assert 'id="pause"' not in frame
    assert "Donate" not in frame


def test_a_paused_appeal_has_no_button(client: FlaskClient, change) -> None:
    change("hands-off-ali", state="paused")

    frame = client.get(f"{ALI}?size=full").text

    assert "Paused" in frame
    assert "#give" not in frame


def test_hidden_amounts_are_in_no_part_of_it(client: FlaskClient, change, raise_to) -> None:
    raise_to("hands-off-ali", 639150, donations=214)
    change("hands-off-ali", visibility="amounts_hidden")

    for path in (ALI, f"{ALI}/total", f"{ALI}?size=thermometer"):
        said = client.get(path).text
        assert "The amounts of this appeal are not shown at the moment." in said
        assert not re.search(r"6,391|214|53%", said)


@pytest.mark.parametrize("hidden", [{"state": "draft"}, {"visibility": "dark"}, {"visibility": "holding_page"}])
def test_a_hidden_appeal_is_like_one_there_never_was(client: FlaskClient, change, hidden) -> None:
    change("hands-off-ali", **hidden)

    for path in ("/embed/{}", "/embed/{}/total", "/overlay/{}", "/overlay/{}/total"):
        known, unknown = client.get(path.format("hands-off-ali")), client.get(path.format("no-such-appeal"))
        assert (known.status_code, unknown.status_code) == (404, 404)
        assert known.data == unknown.data
        assert sorted(known.headers) == sorted(unknown.headers)


def test_further_goals_are_shown_once_the_first_is_reached(client: FlaskClient, change, raise_to) -> None:
    change("karaganda-four", stretch_minor=[800000, 1000000])
    said = {}
    for minor in (499999, 500000, 800000, 1000000):
        raise_to("karaganda-four", minor)
        said[minor] = re.findall(r"Next goal: (\S+)\.", client.get("/embed/karaganda-four").text)

    assert said == {499999: [], 500000: ["€8,000"], 800000: ["€10,000"], 1000000: []}


def test_only_the_sites_on_the_list_may_frame_it(client: FlaskClient, change) -> None:
    change("hands-off-ali", embed_sites=["https://example.org", "https://paper.example"])

    for path in (ALI, f"{ALI}/total"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.endswith("; frame-ancestors 'self' https://example.org https://paper.example")
    assert client.get("/embed/kurmanov").headers["Content-Security-Policy"].endswith("; frame-ancestors *")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("slug", ["hands-off-ali", "campaign-kazakhstan", "fighting-fund"])
def test_the_first_view_of_a_frame_weighs_at_most_20_kilobytes(client: FlaskClient, slug: str, size: str) -> None:
    page = client.get(f"/embed/{slug}?size={size}&accent=a3201a").text
    files = {urlsplit(address).path for address in re.findall(r'(?:src|href)="(/(?:static|embed)/[^"]+)"', page)}

    bodies = [page.encode(), *(client.get(file, buffered=True).data for file in sorted(files))]

    assert len(files) == 4
    assert sum(len(gzip.compress(body, 6)) for body in bodies) <= HEAVIEST


def test_the_script_is_small_and_for_everybody(client: FlaskClient) -> None:
    script = client.get("/embed.js")

    assert script.mimetype == "text/javascript"
    assert len(gzip.compress(script.data)) <= SCRIPT_HEAVIEST
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=300" in script.headers["Cache-Control"]
    assert client.get("/embed.js", headers={"If-None-Match": script.headers["ETag"]}).status_code == 304
    assert client.post("/embed.js").status_code == 405


def test_a_frame_known_already_is_not_sent_again(client: FlaskClient, raise_to) -> None:
    first = client.get(ALI)
    assert client.get(ALI, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    raise_to("hands-off-ali", 100)
    assert client.get(ALI, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_sites_that_frame_it_are_counted_by_origin_alone(app: Flask, client: FlaskClient) -> None:
    for referrer in ("https://example.org/a/secret?q=1", "https://example.org/", "http://blog.example:8080/x"):
        client.get(ALI, headers={"Referer": referrer})
    ours = "http://localhost/appeals/hands-off-ali"
    for nobody in (ours, "file:///home/x", "https://[broken", "", "data:text/html,x"):
        client.get(ALI, headers={"Referer": nobody})

    seen = {site.origin: site.times for site in db.session.query(EmbeddingSite)}

    assert seen == {"https://example.org": 2, "http://blog.example:8080": 1}
    assert db.session.query(EmbeddingSite).first().first_seen_on >= date(2026, 1, 1)


def test_a_crowd_of_invented_sites_is_not_kept_without_end(app: Flask, client: FlaskClient, monkeypatch) -> None:
    monkeypatch.setattr("donations.web.embeds.seen_sites.MAX_PER_APPEAL", 3)

    for number in range(6):
        client.get(ALI, headers={"Referer": f"https://site-{number}.example/"})

    assert db.session.query(EmbeddingSite).count() == 3
    # nor does it keep a real one out, nor drive one out that is seen more often
    for number in range(4):
        for _ in "12":
            client.get(ALI, headers={"Referer": "https://real.example/"})
        client.get(ALI, headers={"Referer": f"https://another-{number}.example/"})
    db.session.rollback()
    seen = {site.origin: site.times for site in db.session.query(EmbeddingSite)}
    assert (len(seen), seen["https://real.example"]) == (3, 8)


def test_the_second_reading_of_the_same_house_sees_what_changed(app: Flask, client: FlaskClient) -> None:
    assert "Hands Off Ali" in client.get(ALI).text
    with write_unit():
        Appeal.any_by_slug("hands-off-ali").title = {"en": "Another title"}
    assert "Another title" in client.get(ALI).text
