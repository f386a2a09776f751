"""The sharing material of an appeal: codes, poster and card, in both languages, and nothing of what is hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from donations import paper, totals
from donations.database import write_unit
from donations.models import Appeal, Organisation
from donations.paper import sharing
from tests.paper.pdf_text import claims, size_of_png, words

pytestmark = pytest.mark.databases("sqlite")
ALI = "/appeals/hands-off-ali"
KINDS = {"qr.svg": "image/svg+xml", "qr.png": "image/png", "poster.pdf": "application/pdf", "card.png": "image/png"}


@pytest.mark.parametrize("prefix", ["", "/ru"])
@pytest.mark.parametrize("name", KINDS)
def test_what_is_given_away_may_be_shown_anywhere(client: FlaskClient, prefix: str, name: str) -> None:
    answer = client.get(f"{prefix}{ALI}/{name}")

    assert (answer.status_code, answer.mimetype) == (200, KINDS[name])
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", KINDS)
def test_the_head_is_that_of_the_whole_and_other_methods_are_refused(client: FlaskClient, name: str) -> None:
    whole, head = client.get(f"{ALI}/{name}"), client.head(f"{ALI}/{name}")

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert client.post(f"{ALI}/{name}").status_code == 405


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("hidden", [{"state": "draft"}, {"visibility": "dark"}, {"visibility": "holding_page"}])
def test_where_the_page_says_nothing_neither_does_this(client: FlaskClient, change, name: str, hidden) -> None:
    change("hands-off-ali", **hidden)

    assert client.get(f"{ALI}/{name}").status_code == 404


@pytest.mark.parametrize("name", KINDS)
def test_an_unknown_appeal_has_none_of_it(client: FlaskClient, name: str) -> None:
    assert client.get(f"/appeals/no-such-appeal/{name}").status_code == 404


def test_each_code_leads_to_the_page_in_its_language(client: FlaskClient) -> None:
    for prefix in ("", "/ru"):
        address = f"http://localhost{prefix}{ALI}"
        assert client.get(f"{prefix}{ALI}/qr.svg").text == paper.qr_svg(address)
        assert client.get(f"{prefix}{ALI}/qr.png").data == paper.qr_png(address)


def test_a_poster_says_what_for_and_where(client: FlaskClient) -> None:
    english, russian = client.get(f"{ALI}/poster.pdf").data, client.get(f"/ru{ALI}/poster.pdf").data

    for text in ("Solidarity Fighting Fund", "Hands Off Ali", "For the journalist Ali Feruz", "Scan with your phone"):
        assert text in words(english)
    assert f"localhost{ALI}" in words(english).replace(" ", "")
    assert "Руки прочь от Али" in words(russian)
    assert f"localhost/ru{ALI}" in words(russian).replace(" ", "")
    assert (claims(russian)["pages"], claims(russian)["language"], claims(russian)["archive"]) == (1, "ru", True)


def test_nobody_hangs_up_the_poster_of_an_appeal_that_has_ended(client: FlaskClient, change) -> None:
    change("hands-off-ali", state="closed")

    assert client.get(f"{ALI}/poster.pdf").status_code == 409
    assert client.get(f"{ALI}/card.png").status_code == 200


@pytest.mark.parametrize("text", ['#panic("x") \\ $ *b* @r', "W" * 500, "سلام 😀 \u202e中文"])
def test_a_hostile_title_neither_breaks_nor_becomes_markup(client: FlaskClient, change, text: str) -> None:
    change("hands-off-ali", title={"en": text}, summary={"en": text})

    poster, card = client.get(f"{ALI}/poster.pdf"), client.get(f"{ALI}/card.png")

    assert claims(poster.data)["pages"] == 1
    assert size_of_png(card.data) == (1200, 630)


def said_by(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str) -> str:
    """The texts a card was drawn from."""
    heard: list[str] = []
    monkeypatch.setattr(paper, "card_png", lambda words_: heard.append(words_) or b"")
    assert client.get(path).status_code == 200
    return heard[0]


def test_a_card_is_a_picture_of_the_figures(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150, donations=214)

    before = client.get(f"{ALI}/card.png")
    raise_to("hands-off-ali", 639250, donations=215)
    after = client.get(f"{ALI}/card.png")

    assert size_of_png(before.data) == (1200, 630)
    assert before.data != after.data
    assert before.headers["ETag"] != after.headers["ETag"]


def test_whoever_has_the_card_is_not_sent_it_again(client: FlaskClient, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    tag = client.get(f"{ALI}/card.png").headers["ETag"]

    assert client.get(f"{ALI}/card.png", headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"/ru{ALI}/card.png", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("minor", "prefix", "texts"),
    [
        (
            639150,
            "",
            ('"£6,391.50"', '"raised of £12,000"', '"53%"', '"214 donations"', '"filled": 53', '"goal_at": 100'),
        ),
        (1608000, "", ('"£16,080"', '"134%"', '"filled": 100', '"goal_at": 74')),
        (639150, "/ru", ("6\xa0391,50\xa0£", "Руки прочь от Али", "214 пожертвований")),
    ],
)
def test_a_card_says_how_far_it_is(client, raise_to, monkeypatch, minor: int, prefix: str, texts) -> None:
    raise_to("hands-off-ali", minor, donations=214)

    said = said_by(client, monkeypatch, f"{prefix}{ALI}/card.png").encode().decode("unicode-escape")

    assert [text for text in texts if text not in said] == []


def test_a_card_without_a_goal_has_no_bar(client: FlaskClient, change, monkeypatch) -> None:
    change("hands-off-ali", goal_minor=None)

    assert '"filled": null' in said_by(client, monkeypatch, f"{ALI}/card.png")


@pytest.mark.parametrize(("state", "word"), [("paused", "Paused"), ("closed", "Closed")])
def test_a_card_says_that_an_appeal_takes_nothing(client, change, monkeypatch, state: str, word: str) -> None:
    change("hands-off-ali", state=state)

    assert f'"{word}"' in said_by(client, monkeypatch, f"{ALI}/card.png")


def test_hidden_amounts_are_not_on_the_card(client: FlaskClient, raise_to, change, monkeypatch) -> None:
    raise_to("hands-off-ali", 639150, donations=214)
    change("hands-off-ali", visibility="amounts_hidden")

    said = said_by(client, monkeypatch, f"{ALI}/card.png")

    assert '"figures": null' in said
    assert not any(figure in said for figure in ("6,391", "214", "53", "12,000"))
    assert "For the journalist" in said


def test_the_card_of_a_discreet_appeal_changes_at_its_ticks_only(client: FlaskClient, raise_to) -> None:
    # given a snapshot
    discreet, at = "campaign-kazakhstan", datetime.now(UTC)
    raise_to(discreet, 100000, donations=20, at=at)
    _tick(discreet, at)
    before = client.get(f"/appeals/{discreet}/card.png")
    # when donations come
    raise_to(discreet, 200000, donations=40, at=at)
    # then not a byte of it changes, its mark included
    between = client.get(f"/appeals/{discreet}/card.png")
    assert (between.data, between.headers["ETag"]) == (before.data, before.headers["ETag"])
    # until the next tick
    _tick(discreet, at + timedelta(minutes=15))
    assert client.get(f"/appeals/{discreet}/card.png").data != before.data


def test_invented_queries_do_not_make_us_draw_again(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    real = sharing.png
    monkeypatch.setattr(sharing, "png", lambda name, said: drawn.append(name) or real(name, said))
    sharing._made.cache_clear()

    pictures = {client.get(f"{ALI}/card.png?v={number}").data for number in range(5)}

    assert (len(pictures), drawn) == (1, ["card"])
    assert sharing._made.cache_parameters()["maxsize"] == sharing.KEPT == 64


@pytest.mark.parametrize(
    ("prefix", "title", "locale"), [("", "Hands Off Ali", "en_GB"), ("/ru", "Руки прочь от Али", "ru_RU")]
)
def test_a_shared_link_shows_title_and_card(client: FlaskClient, prefix: str, title: str, locale: str) -> None:
    page = client.get(f"{prefix}{ALI}").text

    for name, content in (
        ("og:title", title), ("og:url", f"http://localhost{prefix}{ALI}"), ("og:type", "website"),
        ("og:image", f"http://localhost{prefix}{ALI}/card.png"), ("og:locale", locale),
        ("og:site_name", Organisation.get().name),
    ):  # fmt: skip
        assert f'<meta property="{name}" content="{content}">' in page


def _tick(slug: str, at: datetime) -> None:
    with write_unit():
        totals.publish(Appeal.any_by_slug(slug), at)


@pytest.mark.parametrize("prefix", ["", "/ru"])
def test_the_page_of_an_appeal_leads_to_poster_and_codes(client: FlaskClient, prefix: str) -> None:
    page = client.get(f"{prefix}{ALI}").text

    for name in ("poster.pdf", "qr.svg", "qr.png"):
        assert f'href="{prefix}{ALI}/{name}"' in page
        assert client.get(f"{prefix}{ALI}/{name}").status_code == 200


@pytest.mark.parametrize("ended", [{"state": "closed"}, {"state": "paused"}, {"visibility": "holding_page"}])
def test_an_appeal_that_takes_no_gifts_offers_no_poster(client: FlaskClient, change, ended: dict[str, str]) -> None:
    change("hands-off-ali", **ended)

    assert "poster.pdf" not in client.get(ALI).text
