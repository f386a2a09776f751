"""The guides of docs/ as pages of the team: in the reader's language, linked from the pages that they are about."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from donations.web.staff import guides
from tests.web.staff.conftest import Browser, Person

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize("name", guides.GUIDES)
def test_every_guide_is_a_page_whose_links_lead_somewhere(browser: Browser, treasurer: Person, name: str) -> None:
    browser.become(treasurer)

    answer = browser.get(f"/staff/guide/{name}")

    assert answer.status_code == 200
    article = answer.text.partition("<article")[2].partition("</article>")[0]
    assert "<h1" in article
    places = set(re.findall(r' id="([^"]+)"', article))
    for href in re.findall(r'href="([^"]+)"', article):
        assert ".md" not in href
        to, _, place = href.partition("#")
        if to:
            assert browser.get(to).status_code == 200, href
        else:
            assert place in places, href


def test_a_guide_is_in_the_readers_language_and_in_english_where_it_is_not_translated(
    browser: Browser, treasurer: Person
) -> None:
    browser.become(treasurer)

    assert '<article class="guide" lang="en"><h1 id="treasurers-guide">' in browser.get("/staff/guide/treasurer").text
    assert 'lang="ru"><h1 id="руководство-казначея">' in browser.get("/ru/staff/guide/treasurer").text
    assert '<article class="guide" lang="en">' in browser.get("/ru/staff/guide/matching").text


def test_the_pages_it_is_about_link_to_it(browser: Browser, treasurer: Person) -> None:
    browser.become(treasurer)

    assert 'href="/staff/guide/treasurer"' in browser.get("/treasury/").text
    assert 'href="/ru/staff/guide/treasurer"' in browser.get("/ru/treasury/statement-lines").text
    assert 'href="/staff/guide/organiser"' in browser.get("/campaigns/").text


@pytest.mark.parametrize("path", ["/staff/guide/backups", "/staff/guide/treasurer-ru", "/staff/guide/../README"])
def test_what_is_no_guide_is_not_found(browser: Browser, treasurer: Person, path: str) -> None:
    browser.become(treasurer)

    assert browser.get(path).status_code == 404


def test_guides_are_read_by_the_team_alone(app: Flask, browser: Browser, treasurer: Person) -> None:
    assert Browser(app).get("/staff/guide/treasurer").status_code == 303
    browser.become(treasurer)
    assert browser.post("/staff/guide/treasurer").status_code == 405


def test_a_document_brings_no_picture_and_no_code_of_its_own(app: Flask) -> None:
    text = "# A\n\n![x](y.png)\n\n<script>1</script> [b](javascript:1)\n\n| a |\n|---|\n| `<b>` |\n"

    shown = guides.shown(text, "/staff/guide/guide")

    assert "<script" not in shown
    assert "<img" not in shown
    assert "<p></p>" not in shown
    assert "href" not in shown
    assert '<div class="scroller" role="region" tabindex="0" aria-label="A"><table>' in shown.replace("\n", "")
