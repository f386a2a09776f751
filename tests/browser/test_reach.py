"""Everyone can use the pages: axe finds nothing on any page in any state, language, light and width; every target is
large enough; and nothing needs more room than a small phone has, or four hundred percent of zoom leave."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.gallery import Gallery

pytestmark = pytest.mark.browser
VENDOR = Path(__file__).parent / "vendor"
CSS = Path(__file__).parents[2] / "static" / "css"
LANGUAGES = {"en": "", "ru": "/ru", "ar-XB": "/ar-XB"}  # The last is no language: long, accented, from right to left.
LOOKS = [(scheme, width) for width in (1280, 320) for scheme in ("light", "dark")]
NAMES = (
    "home", "hands-off-ali", "campaign-kazakhstan", "fighting-fund", "karaganda-four", "kurmanov", "paused", "holding",
    "hidden", "no-goal", "form-error", "check", "pending", "processing", "checking", "declined", "failed", "abandoned",
    "paid", "part_refunded", "refunded", "disputed", "lost", "receipt", "receipt-check", "genuine", "unknown", "about",
    "not-found", "broken", "styleguide",
)  # fmt: skip
ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# By night colours change and nothing else, as a test below holds: so only the rules that look at them are asked again.
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
ASK_AXE = """async runOnly => {
    const options = {runOnly, resultTypes: ["violations"], preload: false};
    const {violations} = await axe.run(document, options);
    return violations.flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`));
}"""
# Links within a sentence are as high as their line, as WCAG allows; a radio's target is its card, and so is a card's.
SMALL_TARGETS = """() => {
    const inWords = ".skip, p:not(.choices, .row, .pause, .tags), dd, li p, .story";
    return [...document.querySelectorAll("a, button, select, summary, textarea, input:not([type=hidden])")]
        .filter(one => one.checkVisibility() && !one.closest(inWords))
        .map(one => ({one, box: (one.closest("label, .card") ?? one).getBoundingClientRect()}))
        .filter(({box}) => box.width > 0 && (box.height < 44 || box.width < 24))
        .map(({one, box}) => `${one.outerHTML.slice(0, 90)} is ${box.width} by ${box.height}`);
}"""
WIDER = """() => document.documentElement.scrollWidth > innerWidth
    ? [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > innerWidth + 1
        || one.getBoundingClientRect().left < -1).map(one => one.outerHTML.slice(0, 90)) : []"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(reduced_motion="reduce", bypass_csp=True)  # axe is not one of our own scripts.
    context.add_init_script(path=VENDOR / "axe.min.js")
    yield context.new_page()
    context.close()


def test_axe_is_the_one_that_was_taken() -> None:
    for line in (VENDOR / "MANIFEST").read_text().splitlines()[1:]:
        name, *_, wanted = line.split()
        digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
        assert f"sha384-{base64.b64encode(digest).decode()}" == wanted


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_used_by_everyone(gallery: Gallery, page: Page, name: str, language: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    come_to(page, gallery, name, language)
    faults: list[Any] = []
    for scheme, width in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if scheme == "dark":
            asked = [page.evaluate(ASK_AXE, OF_COLOURS)]
        else:
            asked = [page.evaluate(ASK_AXE, ALL), page.evaluate(SMALL_TARGETS), page.evaluate(WIDER)]
        faults += [(scheme, width, fault) for found in asked for fault in found]
    assert faults == []


def test_axe_finds_a_planted_fault(gallery: Gallery, page: Page) -> None:
    come_to(page, gallery, "about", "en")
    page.evaluate("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<input><a href=/x>x</a>')")
    assert "label" in {fault.partition(":")[0] for fault in page.evaluate(ASK_AXE, ALL)}
    assert len(page.evaluate(SMALL_TARGETS)) == 2


def test_axe_finds_what_cannot_be_read_by_night_only(gallery: Gallery, page: Page) -> None:
    come_to(page, gallery, "about", "en")
    page.evaluate("() => document.querySelector('main p').setAttribute('style', 'color: #5f4e42')")
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found[scheme] = {fault.partition(":")[0] for fault in page.evaluate(ASK_AXE, OF_COLOURS)}
    assert found == {"light": set(), "dark": {"color-contrast"}}


def test_the_night_changes_colours_and_nothing_else() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in sorted(CSS.glob("*.css")))
    root = r":root[^{}]*\{[^{}]*\}\s*"
    nights = re.findall(rf"@media \(prefers-color-scheme: dark\) \{{\s*((?:{root})+)\}}", said)
    bodies = [body for night in nights for body in re.findall(r"\{([^{}]*)\}", night)]
    tokens = [token.strip() for body in bodies for token in body.split(";") if token.strip()]

    assert (
        len(nights) == said.count("prefers-color-scheme") == 3
    )  # our own pages, the one of an outage, and the frame elsewhere
    of_night = r"--[\w-]+: (#[0-9a-f]{3,8}|none)|color-scheme: dark"
    assert [token for token in tokens if not re.fullmatch(of_night, token)] == []


def come_to(page: Page, gallery: Gallery, name: str, language: str) -> None:
    """Open a page by its name in the gallery, or by what leads to it."""
    prefix = gallery.url + LANGUAGES[language]
    if name in ("form-error", "check"):
        page.goto(f"{prefix}{gallery.paths['hands-off-ali']}")
        page.fill("#amount", "12.50" if name == "check" else "a lot")
        page.fill("#email", "maya@example.org" if name == "check" else "maya@")
        page.fill("#message", "Hold on.")
        page.click("#before_paying button")
        page.wait_for_selector("#check" if name == "check" else "#errors")
    else:
        page.goto(prefix + gallery.paths.get(name, "/receipts/check"))
