"""Home, appeal and about: their contents, and that a story is sanitised."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.databases("sqlite")
PAGES = ("/", "/appeals/hands-off-ali", "/appeals/fighting-fund", "/appeals/kurmanov", "/about", "/no/such/page")


def test_the_home_page_shows_running_appeals_first_and_ended_ones_with_their_outcome(client: FlaskClient) -> None:
    page = client.get("/").text

    running, _, ended = page.partition('id="ended"')
    assert "Hands Off Ali" in running
    assert "Free Ainur Kurmanov" not in running
    assert "Released on 12 May 2010" in ended


def test_an_appeal_tells_its_story_timeline_funds_and_what_happens_to_a_surplus(client: FlaskClient) -> None:
    page = client.get("/appeals/hands-off-ali").text

    assert "Ali Feruz writes for Novaya Gazeta." in page
    assert '<time datetime="2017-03">March 2017</time>' in page
    assert '<time datetime="2017-08-01">1 August 2017</time>' in page
    assert "Others held at Sakharovo" in page
    assert "what is left goes to the others held at Sakharovo" in page


def test_the_regions_of_a_periodic_appeal_stand_with_their_shares(client: FlaskClient) -> None:
    page = client.get("/appeals/fighting-fund").text

    assert "Bristol and the South West" in page
    assert "£1,900" in page


def test_before_paying_it_is_said_what_the_bank_will_show_and_who_bears_the_fee(client: FlaskClient, change) -> None:
    page = client.get("/appeals/hands-off-ali").text
    change("hands-off-ali", fee_bearer="general")
    generous = client.get("/appeals/hands-off-ali").text

    assert "SFF DONATION" in page
    assert "The money goes to Solidarity Fighting Fund." in page
    assert "taken from your donation" in page
    assert "Our general fund pays the processing fee" in generous


def test_a_story_keeps_its_form_and_loses_what_could_run(client: FlaskClient, change) -> None:
    story = (
        "# Title\n\n**Bold** [link](https://example.org) [bad](javascript:alert(1))\n\n"
        '<script>alert(1)</script><img src=x onerror=alert(1)><p hx-get="/x">raw</p>\n\n![pixel](https://spy.example/p.gif)'
    )
    change("hands-off-ali", story={"en": story})

    page = client.get("/appeals/hands-off-ali").text

    assert "<h3>Title</h3>" in page
    assert '<a href="https://example.org" rel="noopener noreferrer nofollow">link</a>' in page
    for bad in ("<script>alert", "<img", "<p hx-get", "https://spy.example/p.gif", 'href="javascript:'):
        assert bad not in page


def test_about_says_who_receives_the_money_what_is_kept_and_what_to_do_after_a_mistake(client: FlaskClient) -> None:
    page = client.get("/about").text

    for text in ("Solidarity Fighting Fund", "SFF DONATION", 'id="privacy"', 'id="mistake"', "before fees"):
        assert text in page


def test_the_sitemap_has_every_page_that_may_be_known_and_no_other(client: FlaskClient, change) -> None:
    change("hands-off-ali", visibility="amounts_hidden")
    change("karaganda-four", visibility="dark")
    change("campaign-kazakhstan", visibility="holding_page")
    change("kurmanov", state="draft")

    found = re.findall(r"<loc>http://localhost([^<]*)</loc>", client.get("/sitemap.xml").text)

    paths = ["/", "/about", "/appeals/hands-off-ali", "/appeals/fighting-fund"]
    assert found == [*paths, *(f"/ru{path}" for path in paths)]
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text
    assert all(client.get(path).status_code == 200 for path in found)


def test_robots_are_kept_from_private_pages(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")

    assert answer.mimetype == "text/plain"
    assert {"Disallow: /donations/", "Disallow: /receipts/"} <= set(answer.text.splitlines())


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_another_site_for_anything_or_carries_inline_code(client: FlaskClient, path: str) -> None:
    page = client.get(path).text

    loaded = re.findall(r'<(?:script|link rel="(?:stylesheet|icon)"|img)[^>]*?(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|<script(?![^>]*src=)", page)


def test_a_closed_appeal_leads_to_those_that_run(client: FlaskClient) -> None:
    page = client.get("/appeals/kurmanov").text

    assert page.count('<article class="card"') == 3
    assert 'href="/appeals/hands-off-ali"' in page
    assert "Released on 12 May 2010" in page
    assert 'id="others"' not in client.get("/appeals/hands-off-ali").text


def test_the_funds_alone_can_be_fetched_and_are_those_of_the_page(client: FlaskClient) -> None:
    page, funds = client.get("/appeals/hands-off-ali").text, client.get("/appeals/hands-off-ali/funds")

    assert funds.text.strip() in page
    assert 'hx-trigger="moved"' in funds.text
    assert (
        client.get("/appeals/hands-off-ali/funds", headers={"If-None-Match": funds.headers["ETag"]}).status_code == 304
    )


@pytest.mark.parametrize("path", ["/", "/ru/appeals/hands-off-ali", "/about"])
def test_the_pages_work_without_javascript(client: FlaskClient, path: str) -> None:
    page = client.get(path).text

    assert "<main" in page
    assert not re.search(r'href="#"|href="javascript', page)
