"""What an open page does by itself while donations arrive, and that no page is wider than a small phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from donations.cli.stage import Stage
from donations.cli.stage import visitor as web
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
A_POLL_MS, A_MINUTE_MS = 10_500, 60_000


def shown(stage: Stage, slug: str) -> str:
    said: str = web.get_json(f"{stage.url}/appeals/{slug}/total.json")["raised"]
    return said


def test_an_open_page_shows_a_gift_that_arrives_and_rests_while_it_is_paused(
    stage: Stage, visit: Visit, give: Callable[..., str]
) -> None:
    with visit() as visitor:
        # given an open page
        page = visitor.page
        page.clock.install()
        visitor.go("/appeals/fighting-fund")
        page.evaluate("window.sameDocument = true")

        # when a donation arrives, it shows it without a reload
        give("fighting-fund", "25", "general")
        page.clock.run_for(A_POLL_MS)
        expect(page.locator("#total strong")).to_have_text(shown(stage, "fighting-fund"))

        # and when it is paused, nothing moves, although it keeps asking whether the appeal is still there
        page.click("#pause")
        asked, stood = len(visitor.polls), visitor.total()
        give("fighting-fund", "30", "general")
        page.clock.run_for(A_MINUTE_MS)
        page.wait_for_timeout(500)
        assert (len(visitor.polls) > asked, visitor.total()) == (True, stood)
        visitor.picture("total-paused")

        # and when it is resumed, it shows the donation
        page.click("#pause")
        page.clock.run_for(A_POLL_MS)
        expect(page.locator("#total strong")).to_have_text(shown(stage, "fighting-fund"))
        assert page.evaluate("window.sameDocument")


def test_an_open_page_shows_the_last_total_when_the_appeal_is_closed(
    stage: Stage, visit: Visit, give: Callable[..., str]
) -> None:
    with visit() as visitor:
        page = visitor.page
        page.clock.install()
        visitor.go("/appeals/karaganda-four")
        give("karaganda-four", "5", "karaganda-defence", "EUR")

        stage.command("appeals", "close", "karaganda-four")
        page.clock.run_for(A_POLL_MS)

        expect(page.locator("#total[data-state=closed]")).to_be_visible()
        expect(page.locator("#total strong")).to_have_text(shown(stage, "karaganda-four"))
        expect(page.locator("#pause")).to_be_hidden()
        visitor.picture("closed-while-open")
        page.reload()
        expect(page.locator("#give")).to_have_count(0)
        visitor.picture("closed")


def test_a_form_sent_after_the_appeal_was_closed_comes_back_with_the_words_kept(stage: Stage, visit: Visit) -> None:
    with visit() as visitor:
        visitor.go("/appeals/campaign-kazakhstan")
        visitor.page.fill("#amount", "5")
        visitor.page.fill("#message", "A letter that took an hour to write.")
        visitor.page.click("#pause")  # Else the page itself takes the button away, where pausing takes long.
        stage.command("appeals", "pause", "campaign-kazakhstan")

        visitor.page.click("#give button[type=submit]")

        expect(visitor.page.locator("#errors")).to_be_visible()
        assert visitor.page.input_value("#message") == "A letter that took an hour to write."
        visitor.picture("paused-after-typing")


def test_no_page_is_wider_than_a_small_phone(stage: Stage, visit: Visit, give: Callable[..., str]) -> None:
    donation = give("fighting-fund", "9876.54", "general").removeprefix(stage.url)
    pages = ["/", "/appeals/hands-off-ali", "/appeals/fighting-fund", "/appeals/kurmanov", "/about", donation]
    with visit(viewport={"width": 320, "height": 640}) as visitor:
        for path in [*pages, *(f"/ru{path}" for path in pages[:5])]:
            visitor.go(path)
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, path
        visitor.go(donation)
        visitor.wait_until_paid()
        visitor.page.click("#outcome a.button")
        expect(visitor.page.locator(".receipt")).to_be_visible()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
        visitor.picture("large-receipt")
        visitor.go("/about")
        visitor.picture("about")
        visitor.go("/no-such-page")
        visitor.picture("not-found")
