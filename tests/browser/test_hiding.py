"""An appeal is hidden while people look at it: every open page drops it within one poll, and embeds on other sites and
streams come back when it is shown again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.gallery import Gallery
from tests.browser.test_embeds import Look, Site, look, site, the_frame

__all__ = ["look", "site"]
pytestmark = pytest.mark.browser
SANDBOXED = '<iframe sandbox="allow-scripts" src="FUND/embed/hands-off-ali" title="Hands Off Ali"></iframe>'
FRAMED = '<iframe src="FUND/embed/hands-off-ali" title="Hands Off Ali"></iframe>'
SLUG, TITLE, GONE = "hands-off-ali", "Hands Off Ali", "No appeal can be shown here at the moment."


def typed_page(chromium: Browser, gallery: Gallery) -> Page:
    """The appeal's own page with text in its form, where live updates were stopped."""
    page = chromium.new_page()
    page.goto(f"{gallery.url}/appeals/{SLUG}")
    page.fill("#name", "Maya Example")
    page.click("#pause")
    return page


def still_pages(chromium: Browser, gallery: Gallery) -> list[Page]:
    """Pages that name the appeal and have no live total: the home page, a supporter's donation, and the check of
    one."""
    home, donation, check = (chromium.new_page() for _ in range(3))
    home.goto(gallery.url)
    donation.goto(gallery.url + gallery.paths["paid"])
    check.goto(f"{gallery.url}/appeals/{SLUG}?amount=20#give")
    check.click("#give button[type=submit]")
    return [home, donation, check]


def test_whatever_is_open_lets_go_and_comes_back(chromium: Browser, gallery: Gallery, site: Site, look: Look) -> None:
    # given an open page, a frame, a frame in a sandbox as WordPress makes it, an overlay, and pages without updates
    page = typed_page(chromium, gallery)
    pages = still_pages(chromium, gallery)
    for still in pages:
        expect(still.locator("main")).to_contain_text(TITLE)
    site.say(SANDBOXED + FRAMED)
    host = look()
    frames = [the_frame(host, 0), the_frame(host, 1)]
    overlay = chromium.new_page()
    overlay.goto(f"{gallery.url}/overlay/{SLUG}")
    for frame in frames:
        expect(frame.locator("h1")).to_have_text(TITLE)
        frame.click("#pause")
    # when the appeal goes dark
    gallery.change(SLUG, visibility="dark")
    try:
        # then nothing of it is left within one poll
        expect(page.locator("h1")).to_have_text("Page not found", timeout=14_000)
        for number in range(2):
            expect(host.frame_locator("iframe").nth(number).locator("main")).to_contain_text(GONE, timeout=14_000)
        expect(overlay.locator("h1")).to_have_count(0, timeout=14_000)
        for still in pages:
            expect(still.locator("main")).not_to_contain_text(TITLE, timeout=14_000)
        assert all(TITLE not in one.content() for one in (page, overlay, *pages))
        # and the overlay lays nothing over the picture
        assert overlay.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert overlay.inner_text("body").strip() == ""
    finally:
        gallery.change(SLUG, visibility="shown")
    # and it comes back by itself
    for number in range(2):
        expect(host.frame_locator("iframe").nth(number).locator("h1")).to_have_text(TITLE, timeout=14_000)
    for back in (overlay, page, *pages):
        expect(back.locator("main")).to_contain_text(TITLE, timeout=14_000)
        back.close()


def test_a_frame_in_a_sandbox_follows_the_gifts(gallery: Gallery, site: Site, look: Look) -> None:
    site.say(SANDBOXED)
    frame = the_frame(look())

    gallery.raise_to(SLUG, 640050, 215)
    try:
        expect(frame.locator("#figures")).to_contain_text("£6,400.50", timeout=14_000)
    finally:
        gallery.raise_to(SLUG, 639150, 214)


def test_the_shares_of_areas_leave_an_open_page_with_the_amounts(chromium: Browser, gallery: Gallery) -> None:
    page = chromium.new_page()
    page.goto(f"{gallery.url}/appeals/fighting-fund")
    page.fill("#name", "Maya Example")
    assert page.locator("#areas .sum").count() > 1

    gallery.change("fighting-fund", visibility="amounts_hidden", state="paused")
    try:
        expect(page.locator("#areas .sum")).to_have_count(0, timeout=14_000)
        assert page.input_value("#name") == "Maya Example"
    finally:
        gallery.change("fighting-fund", visibility="shown", state="open")
    page.close()
