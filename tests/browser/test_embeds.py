"""The embeds on a page of another origin, in a real browser: link, element and plain frame, under a strict policy of
the host's, with the script blocked, on a narrow screen, from right to left, and as the appeal changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.gallery import Gallery

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LINK = '<p><a href="FUND/appeals/hands-off-ali" data-fighting-fund="hands-off-ali">Hands Off Ali</a></p>'
SCRIPT = '<script src="FUND/embed.js" async></script>'
STRICT = "default-src 'none'; script-src FUND; frame-src FUND; img-src FUND"


class Site:
    """A campaign's own site, on an origin of its own. `say` puts a page there."""

    def __init__(self, fund: str, address: str) -> None:
        self.fund, self.address = fund, address
        self.page, self.policy = b"", STRICT.replace("FUND", fund)

    def say(self, body: str, *, policy: str | None = None, direction: str = "ltr") -> None:
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A site</title>'
        said = f'<!doctype html><html lang="en" dir="{direction}">{head}<body>{body}</body></html>'
        self.page = said.replace("FUND", self.fund).encode()
        self.policy = (STRICT if policy is None else policy).replace("FUND", self.fund)


@pytest.fixture(scope="module")
def site(gallery: Gallery) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", made.policy)
            self.end_headers()
            self.wfile.write(made.page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Site(gallery.url, f"http://localhost:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


Look = Callable[..., Page]


@pytest.fixture
def look(chromium: Browser, site: Site) -> Iterator[Look]:
    """Opens the site in an empty browser; in the end there may be no cookie and no breach of a policy unasked for."""
    contexts = []

    def opened(width: int = 1280, expected: str = "", **options: object) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.complaints = complaints
        page.goto(site.address)
        return page

    yield opened
    for context in contexts:
        assert context.cookies() == []
        context.close()


def the_frame(page: Page, number: int = 0) -> Frame:
    """The frame's own page, once it is there."""
    page.wait_for_selector("iframe", state="attached")
    page.wait_for_function("(n) => document.querySelectorAll('iframe').length > n", arg=number)
    frame = page.locator("iframe").nth(number).element_handle().content_frame()
    assert frame is not None
    frame.wait_for_selector("main")
    return frame


def grown(page: Page) -> None:
    """Until the frame has reported its height and replaced the link."""
    page.wait_for_function("() => [...document.querySelectorAll('iframe')].every((f) => f.offsetHeight > 100)")


def test_a_link_becomes_a_frame_that_fits_its_content(site: Site, look: Look, gallery: Gallery) -> None:
    site.say(LINK + SCRIPT)
    page = look()
    frame = the_frame(page)
    grown(page)

    inner = frame.evaluate("document.querySelector('main').getBoundingClientRect().height")
    assert abs(page.evaluate("document.querySelector('iframe').offsetHeight") - inner) <= 2
    expect(page.locator("a[data-fighting-fund]")).to_be_hidden()
    assert page.locator("iframe").get_attribute("title") == "Hands Off Ali"
    gallery.raise_to("hands-off-ali", 639150, 214)
    expect(frame.locator("#figures")).to_contain_text("£6,391.50")
    assert page.complaints == []


def test_a_custom_element_does_the_same_and_keeps_its_link_for_the_rest(site: Site, look: Look) -> None:
    site.say(SCRIPT + '<fighting-fund appeal="fighting-fund" size="full" theme="dark" lang="ru">'
             '<a href="FUND/appeals/fighting-fund">The fund</a></fighting-fund>')  # fmt: skip
    page = look()
    frame = the_frame(page)
    grown(page)

    assert frame.evaluate("document.documentElement.lang + document.documentElement.dataset.theme") == "rudark"
    assert frame.locator(".amounts a").count() == 4
    expect(page.locator("fighting-fund a")).to_be_hidden()


def test_a_link_can_become_the_scoreboard(site: Site, look: Look) -> None:
    site.say(LINK.replace("hands-off-ali", "fighting-fund").replace("<a ", '<a data-view="scoreboard" ') + SCRIPT)
    page = look()
    frame = the_frame(page)
    grown(page)

    assert "West Midlands" in frame.inner_text("#scoreboard")
    expect(frame.locator("#pause")).to_be_visible()


def test_what_is_put_into_the_page_later_is_turned_too(site: Site, look: Look) -> None:
    site.say(SCRIPT + '<main id="later"></main>')
    page = look()
    page.evaluate(f"document.getElementById('later').innerHTML = `{LINK.replace('FUND', site.fund)}`")

    assert "Hands Off Ali" in the_frame(page).inner_text("h1")


@pytest.mark.parametrize(
    ("policy", "body"),
    [
        ("default-src 'none'", LINK + SCRIPT),  # the script may not run
        ("default-src 'none'; script-src FUND", LINK + SCRIPT),  # the script may, the frame may not be shown
        (STRICT, LINK),  # no script at all
    ],
    ids=["script blocked", "frame blocked", "no script"],
)
def test_where_something_is_blocked_the_link_stays(site: Site, look: Look, policy: str, body: str) -> None:
    site.say(body, policy=policy)
    page = look()
    page.wait_for_load_state("networkidle")

    expect(page.locator("a[data-fighting-fund]")).to_be_visible()
    assert page.locator("a[data-fighting-fund]").get_attribute("href") == f"{site.fund}/appeals/hands-off-ali"


def test_on_a_site_that_is_not_on_the_list_the_link_stays(site: Site, look: Look, gallery: Gallery) -> None:
    gallery.change("karaganda-four", embed_sites=["https://example.org"])
    try:
        site.say(LINK.replace("hands-off-ali", "karaganda-four") + SCRIPT)
        page = look()
        page.wait_for_load_state("networkidle")
        expect(page.locator("a[data-fighting-fund]")).to_be_visible()
        assert any("frame-ancestors" in said for said in page.complaints)

        gallery.change("karaganda-four", embed_sites=[site.address.rstrip("/")])
        page.wait_for_timeout(1200)  # What the fund keeps for a second.
        page.reload()
        assert "Karaganda" in the_frame(page).inner_text("h1")
    finally:
        gallery.change("karaganda-four", embed_sites=[])


def test_a_sandboxed_frame_without_script_says_everything(site: Site, look: Look) -> None:
    for allowed in ("", "allow-scripts"):
        site.say(f'<iframe src="FUND/embed/fighting-fund?size=full" sandbox="{allowed}" title="x"></iframe>')
        frame = the_frame(look())
        assert "raised of £25,000" in frame.inner_text("#figures")
        assert frame.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth") == "5px"


def test_the_number_in_a_frame_follows_the_gifts(site: Site, look: Look, gallery: Gallery) -> None:
    site.say(LINK.replace("hands-off-ali", "fighting-fund") + SCRIPT)
    frame = the_frame(look())
    gallery.raise_to("fighting-fund", 2200000, 900)

    expect(frame.locator("#figures")).to_contain_text("£22,000.00")


def test_a_frame_that_is_stopped_keeps_its_number(site: Site, look: Look, gallery: Gallery) -> None:
    """It keeps asking whether the appeal is still there."""
    site.say(LINK + SCRIPT)
    page = look()
    frame = the_frame(page)
    frame.click("#pause")
    assert frame.inner_text("#pause") == "Resume live updates"
    before = frame.inner_text("#figures")
    gallery.raise_to("hands-off-ali", 700000, 250)
    with page.expect_response("**/total*", timeout=20_000):
        pass
    page.wait_for_timeout(500)
    assert frame.inner_text("#figures") == before


def test_an_appeal_that_is_hidden_leaves_every_open_frame(site: Site, look: Look, gallery: Gallery) -> None:
    site.say(LINK.replace("hands-off-ali", "karaganda-four") + SCRIPT)
    frame = the_frame(look())
    gallery.change("karaganda-four", visibility="dark")
    try:
        expect(frame.locator("main")).to_contain_text("No appeal can be shown here at the moment.")
        assert "Karaganda" not in frame.inner_text("main")
    finally:
        gallery.change("karaganda-four", visibility="shown")


def test_an_amount_leads_out_of_the_frame_to_the_form(site: Site, look: Look) -> None:
    site.say('<fighting-fund appeal="hands-off-ali" size="full"></fighting-fund>' + SCRIPT)
    page = look()
    frame = the_frame(page)
    address = frame.get_attribute(".amounts a:nth-of-type(1)", "href")
    assert address is not None
    assert (frame.get_attribute(".amounts a", "target"), "amount=5&currency=GBP#give" in address) == ("_top", True)


@pytest.mark.parametrize("size", ["card", "bar", "full", "thermometer"])
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_size_is_within_reach(site: Site, look: Look, size: str, width: int, scheme: str) -> None:
    element = f'<fighting-fund appeal="campaign-kazakhstan" size="{size}" lang="ar-XB" width="100%"></fighting-fund>'
    site.say(element + SCRIPT)
    page = look(width, color_scheme=scheme)
    frame = the_frame(page)
    grown(page)

    assert frame.evaluate("document.documentElement.dir") == "rtl"
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    frame.evaluate(AXE.read_text(encoding="utf-8"))
    found = frame.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


def test_the_overlay_says_when_a_quarter_is_passed(chromium: Browser, gallery: Gallery) -> None:
    gallery.raise_to("hands-off-ali", 599999, 300)
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(f"{gallery.url}/overlay/hands-off-ali")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"

    gallery.raise_to("hands-off-ali", 600000, 301)

    expect(page.locator("#milestone")).to_be_visible(timeout=PATIENCE_MS)
    assert "50" in page.inner_text("#milestone")
    assert page.evaluate("getComputedStyle(document.getElementById('milestone')).animationName") == "none"
    page.close()
    gallery.raise_to("hands-off-ali", 639150, 214)
