"""A whole stage (app, worker, sandbox, mailbox), Chromium, and a visitor who notices whatever a page should not do."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from donations.cli.stage import Stage, free_port
from donations.cli.stage import visitor as web
from tests.browser.gallery import Gallery, open_gallery
from tests.needs import program

GOOD, DECLINED, CHALLENGED = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"
EMAIL = "maya@example.org"
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The installation as `donations demo` starts it, on free ports, with the appeals of appeals.toml."""
    program("chromium", "/usr/bin/chromium", "/usr/bin/chromium-browser")  # Without it, nothing need be started.
    folder = tmp_path_factory.mktemp("stage")
    ports = [free_port() for _ in range(3)]
    made = Stage(
        folder, port=ports[0], sandbox_port=ports[1], smtp_port=ports[2], database_url="",
        sandbox_options=["--bt-delay", "0.2"],
    )  # fmt: skip
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Gallery]:
    """Every page in every state, without worker and sandbox."""
    with open_gallery(tmp_path_factory.mktemp("gallery")) as opened:
        yield opened


class Visitor:
    """A person with a browser. `page` is the tab; `complaints` is what went wrong in it without being asked for: errors
    on the console (a breach of the content policy is one), requests to anybody else, cookies."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage, self.page = stage, page
        self.complaints: list[str] = []
        self.polls: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", self._see)
        page.on("response", self._look_into)

    def go(self, path: str) -> None:
        self.page.goto(self.stage.url + path)

    def total(self) -> str:
        return self.page.inner_text("#total strong")

    def send(self) -> None:
        """Send the form, look at the donation once more, continue to the payment page."""
        self.page.click("#give button[type=submit]")
        self.page.click("#check form button")

    def pay(self, card: str) -> None:
        """Fill in and send the payment page."""
        self.page.wait_for_url(f"{self.stage.sandbox_url}/c/pay/**")
        if self.page.get_attribute("#email", "readonly") is None:
            self.page.fill("#email", EMAIL)
        for name, typed in (("number", card), ("expiry", "12/34"), ("cvc", "123"), ("name", "Maya Example")):
            self.page.fill(f"#{name}", typed)
        self.page.click("form button")

    def wait_until_paid(self, *, by_itself: bool = True) -> None:
        """Until the donation's page says that the donation has arrived; without scripts, reloading it."""
        self.page.wait_for_url(re.compile(re.escape(self.stage.url) + r"/(ru/)?donations/"))
        paid = self.page.locator("#outcome[data-kind=paid] a.button")
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not by_itself and not paid.is_visible() and time.monotonic() < deadline:
            self.page.reload()
        expect(paid).to_be_visible()

    def picture(self, name: str) -> None:
        """Where SCREENSHOTS names a folder: the page as phone and desk see it, by day and by night."""
        folder = os.environ.get("SCREENSHOTS")
        if not folder:
            return
        before = self.page.viewport_size
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme)
                self.page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
        if before is not None:
            self.page.set_viewport_size(before)

    def _hear(self, said: ConsoleMessage) -> None:
        # A form that is refused (422) or was used (410), a card (402), an address that is none (404) are answers,
        # not faults of the page.
        expected = re.search(r"status of (402|404|410|422) ", said.text)
        if said.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {said.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.stage.url + "/", self.stage.sandbox_url + "/", "data:")):
            self.complaints.append(f"request to {request.url}")
        if request.url.endswith("/total"):
            self.polls.append(request.url)

    def _look_into(self, response: Response) -> None:
        if response.url.startswith(self.stage.url) and "set-cookie" in response.headers:
            self.complaints.append(f"cookie from {response.url}")
        if response.status >= 500 or (response.status == 404 and not response.request.is_navigation_request()):
            self.complaints.append(f"{response.status} from {response.url}")


Visit = Callable[..., Any]


@pytest.fixture
def visit(chromium: Browser, stage: Stage) -> Visit:
    """Visitors, each with an empty browser; at the end nothing may have gone wrong."""

    @contextmanager
    def visiting(**options: Any) -> Iterator[Visitor]:
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(stage, context.new_page())
        try:
            yield visitor
            assert visitor.complaints == []
            assert [c for c in context.cookies() if c.get("domain") == "127.0.0.1"] == []
        finally:
            context.close()

    return visiting


@pytest.fixture
def give(stage: Stage) -> Callable[..., str]:
    """Give without a browser, and wait until it has arrived. Returns the address of the donation's page."""

    def given(slug: str, amount: str = "10", fund: str = "", currency: str = "GBP") -> str:
        address = f"{stage.url}/appeals/{slug}/total.json"
        before = web.get_json(address)["donations"]
        fields = {
            "amount": amount,
            "currency": currency,
            "fund": fund,
            "name": "Maya Example",
            "email": "m@example.org",
        }
        back = web.pay(web.give(stage.url, slug, fields), GOOD, "m@example.org")
        web.wait_for("the gift to arrive", lambda: web.get_json(address)["donations"] == before + 1)
        return back.url

    return given
