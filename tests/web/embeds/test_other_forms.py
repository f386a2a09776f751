"""Badge, oEmbed, feed and overlay: the same figures as the page, in every form, and nothing of what is hidden."""

from __future__ import annotations

from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import privacy, totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Donation
from donations.worker import jobs
from tests.factories import NOON, gbp
from tests.totals.steps import receive

pytestmark = pytest.mark.databases("sqlite")
BADGE, FEED = "/appeals/hands-off-ali/total.svg", "/appeals/hands-off-ali/feed.atom"
OF_ALI = {"url": "http://localhost/appeals/hands-off-ali"}
ATOM = "{http://www.w3.org/2005/Atom}"
FORMS = (BADGE, FEED, "/oembed?url=http://localhost/appeals/hands-off-ali")


def feed(client: FlaskClient, path: str = FEED) -> Element:
    return fromstring(client.get(path).text)


def titles(of: Element) -> list[str | None]:
    return [title.text for title in of.findall(f"{ATOM}entry/{ATOM}title")]


def named(slug: str, amount: str, name: str, display: str) -> None:
    """A donation with a name and a choice of how to show it."""
    receive(slug, gbp(amount), display=display)
    with write_unit():
        gift = db.session.scalars(select(Donation).where(Donation.name_sealed.is_(None))).one()
        gift.name_sealed = privacy.seal(name, f"donation:{gift.reference}:name")


def test_the_badge_says_the_total_in_words_of_the_language(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150)

    english, russian = client.get(BADGE), client.get(f"{BADGE}?lang=ru&theme=dark")

    assert english.mimetype == "image/svg+xml"
    assert "£6,391.50 of £12,000 · 53%" in english.text
    assert "Руки прочь от Али" in russian.text
    assert "prefers-color-scheme" in english.text
    assert "prefers-color-scheme" not in russian.text
    assert fromstring(english.text).get("role") == "img"


def test_a_badge_stands_on_any_site_and_is_never_old(client: FlaskClient) -> None:
    badge = client.get(BADGE)

    assert badge.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=1," in badge.headers["Cache-Control"]
    assert client.get(BADGE, headers={"If-None-Match": badge.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("hostile", ["<script>", '"/><script>alert(1)</script>'])
def test_the_badge_repeats_nothing_of_its_address(client: FlaskClient, hostile: str) -> None:
    assert client.get(BADGE, query_string={"theme": hostile, "lang": hostile}).text == client.get(BADGE).text


def test_a_title_cannot_break_the_badge(client: FlaskClient, change) -> None:
    change("hands-off-ali", title={"en": 'A "title" <with> & all that is longer than a badge can ever be'})

    said = fromstring(client.get(BADGE).text).get("aria-label")

    assert said is not None
    assert said.startswith('A "title" <with> & all that is longer t')


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("hidden", [{"state": "draft"}, {"visibility": "dark"}, {"visibility": "holding_page"}])
def test_no_form_tells_of_a_hidden_appeal(client: FlaskClient, change, path: str, hidden) -> None:
    change("hands-off-ali", **hidden)

    known, unknown = client.get(path), client.get(path.replace("hands-off-ali", "no-such-appeal"))

    assert (known.status_code, known.data) == (404, unknown.data)


def test_hidden_amounts_are_in_no_form(client: FlaskClient, change, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    with write_unit():
        totals.note_milestones(NOON)
    change("hands-off-ali", visibility="amounts_hidden")

    for path in (*FORMS, "/overlay/hands-off-ali?least=0"):
        said = client.get(path).text
        assert "6,391" not in said
        assert "53%" not in said
        assert "of the goal" not in said


def test_oembed_gives_the_frame_of_the_address(client: FlaskClient) -> None:
    answer = client.get("/oembed", query_string=OF_ALI)

    said = answer.json
    assert (said["version"], said["type"], said["title"]) == ("1.0", "rich", "Hands Off Ali")
    assert said["html"].startswith('<iframe src="http://localhost/embed/hands-off-ali" title="Hands Off Ali"')
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (said["thumbnail_url"]) == "http://localhost/appeals/hands-off-ali/card.png"


def test_oembed_names_a_discreet_appeal_by_the_organisation_alone(client: FlaskClient, change) -> None:
    # given a site that keeps for good what oEmbed tells it
    change("hands-off-ali", discreet=True)

    answer = client.get("/oembed", query_string=OF_ALI)

    assert answer.json["title"] == "An appeal by Solidarity Fighting Fund"
    assert "Hands Off Ali" not in answer.text
    assert "thumbnail_url" not in answer.json  # The picture has the title in it.


@pytest.mark.parametrize("path", ["/embed/hands-off-ali/total", "/embed/no-such-appeal", "/appeals/none/total.json"])
def test_a_frame_in_a_sandbox_may_ask_and_is_told_what_is_gone_too(client: FlaskClient, path: str) -> None:
    asked = {"Origin": "null", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "hx-request"}

    before, answer = client.options(path, headers=asked), client.get(path, headers={"Origin": "null"})

    assert before.status_code == 200
    assert before.headers["Access-Control-Allow-Headers"] == "*"
    assert before.headers["Access-Control-Allow-Origin"] == answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_overlay_stands_only_on_the_sites_that_may_show_it(client: FlaskClient, change) -> None:
    change("hands-off-ali", embed_sites=["https://good.example"])

    policy = client.get("/overlay/hands-off-ali").headers["Content-Security-Policy"]

    assert policy.endswith("frame-ancestors 'self' https://good.example")


def test_oembed_follows_the_language_of_the_address_and_the_room_there_is(client: FlaskClient) -> None:
    address = {"url": "http://localhost/ru/appeals/hands-off-ali/", "maxwidth": "300", "maxheight": "200"}

    said = client.get("/oembed", query_string=address).json

    assert said["title"] == "Руки прочь от Али"
    assert "lang=ru" in said["html"]
    assert "size=bar" in said["html"]
    assert (said["width"], said["height"]) == (300, 165)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://elsewhere.example/appeals/hands-off-ali", 404),
        ("http://localhost.elsewhere.example/appeals/hands-off-ali", 404),
        ("http://localhost@elsewhere.example/appeals/hands-off-ali", 404),
        ("javascript://localhost/appeals/hands-off-ali", 404),
        ("http://localhost/about", 404),
        ("http://localhost/appeals/hands-off-ali/../kurmanov", 404),
        ("http://[broken", 404),
        ("", 404),
    ],
)
def test_oembed_knows_only_addresses_of_appeals_here(client: FlaskClient, url: str, status: int) -> None:
    assert client.get("/oembed", query_string={"url": url}).status_code == status


def test_oembed_speaks_json_only_and_no_callback(client: FlaskClient) -> None:
    assert client.get("/oembed", query_string={**OF_ALI, "format": "xml"}).status_code == 501
    assert "alert" not in client.get("/oembed", query_string={**OF_ALI, "callback": "alert"}).text


def test_the_page_says_where_feed_and_frame_are(client: FlaskClient) -> None:
    page = client.get("/ru/appeals/hands-off-ali").text

    assert 'type="application/atom+xml" href="http://localhost/appeals/hands-off-ali/feed.atom?lang=ru"' in page
    assert "/oembed?url=http://localhost/ru/appeals/hands-off-ali" in page.replace("%3A", ":").replace("%2F", "/")


def test_the_feed_has_updates_and_what_was_reached(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    jobs.note_milestones(NOON)
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        posted = {"title": {"en": "A hearing"}, "text": {"en": "On *Monday*. <script>x</script>"}}
        _post(appeal, 1, published_at=NOON + timedelta(hours=1), **posted)
        _post(appeal, 2, published_at=NOON, withdrawn_at=NOON, title={"en": "Withdrawn"}, text={"en": "Gone"})

    said = feed(client)

    assert titles(said) == ["A hearing", "50% of the goal is reached", "25% of the goal is reached"]
    content = said.findall(f"{ATOM}entry/{ATOM}content")[0].text or ""
    assert "<em>Monday</em>" in content
    assert "<script>" not in content


def _post(appeal: Appeal, position: int, **columns) -> None:
    db.session.add(
        AppealUpdate(appeal_id=appeal.id, position=position, form_key=f"key-{position}", written_by="test", **columns)
    )


def test_a_part_of_the_goal_that_a_refund_undid_is_not_told(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    jobs.note_milestones(NOON)
    raise_to("hands-off-ali", 400000)

    assert titles(feed(client)) == ["25% of the goal is reached"]


def test_what_was_reached_is_written_down_once(app) -> None:
    receive("hands-off-ali", gbp("7000.00"))

    with write_unit():
        assert totals.note_milestones(NOON) == 2
    with write_unit():
        assert totals.note_milestones(NOON) == 0


def test_a_discreet_appeal_reaches_nothing_before_its_tick(app, client: FlaskClient) -> None:
    for _ in range(12):
        receive("campaign-kazakhstan", gbp("400.00"))
    jobs.note_milestones(NOON)
    path = "/appeals/campaign-kazakhstan/feed.atom"
    assert titles(feed(client, path)) == []

    jobs.publish_totals(NOON)
    jobs.note_milestones(NOON)

    assert "50% of the goal is reached" in titles(feed(client, path))


def test_the_overlay_names_only_who_wants_to_be_named(app, client: FlaskClient) -> None:
    named("hands-off-ali", "50.00", "Maya Example", "name")
    named("hands-off-ali", "40.00", "Anna Early Example", "initials")
    named("hands-off-ali", "30.00", "Secret Person", "secret")
    named("hands-off-ali", "5.00", "Small Gift", "name")

    asked = client.get("/overlay/hands-off-ali?least=10").text

    assert "Maya Example" in asked
    assert "A. E." in asked
    for hidden in ("Anna", "Secret", "Small"):
        assert hidden not in asked
    assert "Small Gift" in client.get("/overlay/hands-off-ali?least=0").text
    assert "Maya" not in client.get("/overlay/hands-off-ali").text


def test_the_overlay_of_a_discreet_appeal_names_nobody(app, client: FlaskClient) -> None:
    named("campaign-kazakhstan", "50.00", "Maya Example", "name")

    assert "Maya" not in client.get("/overlay/campaign-kazakhstan?least=0").text


@pytest.mark.parametrize("least", ["-1", "many", "1e9", "99999999999999999999", "<b>"])
def test_an_odd_least_names_nobody(app, client: FlaskClient, least: str) -> None:
    named("hands-off-ali", "50.00", "Maya Example", "name")

    answer = client.get("/overlay/hands-off-ali", query_string={"least": least})

    assert answer.status_code == 200
    assert "Maya" not in answer.text
