"""What moves on an open page, and what must not: the total and the funds follow the ledger, a form disappears with its
appeal but never the text typed into it, nothing else shifts, and a preference for reduced motion is respected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.gallery import Gallery

pytestmark = pytest.mark.browser
A_POLL_MS, PATIENCE_SECONDS = 10_500, 20
SHIFTS = """() => { window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(one => one.value)))
        .observe({type: "layout-shift", buffered: true}); }"""

TOPS = """() => [...document.querySelectorAll("h2, section, form, #total *")]
    .map(one => one.getBoundingClientRect().top)"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.install()
    yield page
    context.close()
    assert complaints == []


def poll_until(page: Page, selector: str, text: str) -> None:
    """Let the page ask for its total, until it shows what is waited for; a cache may hold the old one for a second."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.locator(selector).filter(has_text=text).count():
        assert time.monotonic() < deadline, f"{selector} never said {text}"
        page.clock.run_for(A_POLL_MS)
        expect(page.locator("#total.htmx-request")).to_have_count(0)  # Its clock runs faster than the server answers.


def test_the_funds_move_with_the_total(gallery: Gallery, page: Page) -> None:
    page.goto(gallery.url + gallery.paths["moving"])
    page.fill("#amount", "7")

    gallery.raise_to("moving-appeal", 123400, 12)
    poll_until(page, "#total strong", "£1,234.00")

    expect(page.locator("#funds .sum")).to_have_text("£1,234.00")
    assert page.input_value("#amount") == "7"


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_shifts_when_the_total_moves_past_the_goal_too(gallery: Gallery, page: Page, width: int) -> None:
    gallery.raise_to("moving-appeal", 0, 0)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(gallery.url + gallery.paths["moving"])
    page.evaluate(SHIFTS)
    stood = page.evaluate(TOPS)

    for minor, said in ((98765, "£987.65"), (499999, "£4,999.99"), (1234567, "£12,345.67")):
        gallery.raise_to("moving-appeal", minor, minor // 1000)
        poll_until(page, "#total strong", said)

    assert page.evaluate(TOPS) == stood
    assert sum(page.evaluate("() => window.shifts")) < 0.005  # Figures in a line that grow move what is beside them.


def test_when_the_appeal_closes_a_page_nobody_has_typed_into_shows_how_it_ended(gallery: Gallery, page: Page) -> None:
    gallery.change("closing-appeal", state="open")
    page.goto(gallery.url + gallery.paths["closing"])

    gallery.change("closing-appeal", state="closed", outcome={"en": "They are free."})
    poll_until(page, ".notice .outcome", "They are free.")

    expect(page.locator("#give")).to_have_count(0)
    expect(page.locator("#others .card").first).to_be_visible()


def test_when_the_appeal_closes_what_was_typed_stays_and_cannot_be_sent(gallery: Gallery, page: Page) -> None:
    gallery.change("closing-appeal", state="open")
    page.goto(gallery.url + gallery.paths["closing"])
    page.fill("#message", "A letter that took an hour to write.")

    gallery.change("closing-appeal", state="closed")
    poll_until(page, "#before_paying .notice", "has just stopped taking donations")

    assert page.input_value("#message") == "A letter that took an hour to write."
    expect(page.locator("#give button[type=submit]")).to_have_count(0)


MOTION: Any = """() => document.getAnimations().length
    + [...document.querySelectorAll("*")].filter(one => getComputedStyle(one).transitionDuration !== "0s").length
    + (getComputedStyle(document.documentElement).scrollBehavior === "smooth" ? 1 : 0)"""


@pytest.mark.parametrize("name", ["home", "hands-off-ali", "pending", "checking"])
def test_who_wants_less_motion_gets_none(gallery: Gallery, page: Page, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(gallery.url + gallery.paths[name])

    assert page.evaluate(MOTION) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOTION) > 0
