"""What only a browser shows: that the total moves by itself, pauses, and ends with its appeal, under our strict policy;
and that the form works with JavaScript and without. The journey through Stripe's page is in tests/browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

pytestmark = [pytest.mark.browser, pytest.mark.databases("sqlite")]


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has complained of."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page whose clock the test holds; what the browser complains of fails the test."""
    context = chromium.new_context()
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.install()
    yield page
    context.close()
    assert complaints == []


def polls_of(page: Page) -> list[str]:
    """The list into which every poll from now on is written."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/total") else None)
    return asked


def test_the_total_moves_by_itself_and_leaves_what_is_being_typed(
    page: Page, address: str, raise_to: Callable[..., None]
) -> None:
    page.goto(f"{address}/appeals/hands-off-ali")
    page.fill("#amount", "7")

    raise_to("hands-off-ali", 639150, donations=214)
    page.clock.run_for(10_500)

    expect(page.locator("#total strong")).to_have_text("£6,391.50")
    assert page.input_value("#amount") == "7"
    assert page.evaluate("document.activeElement.id") == "amount"


def test_a_paused_total_rests_until_it_is_resumed(page: Page, address: str, raise_to: Callable[..., None]) -> None:
    page.goto(f"{address}/appeals/hands-off-ali")
    asked = polls_of(page)

    page.click("#pause")
    expect(page.locator("#paused")).to_be_visible()
    before = page.inner_text("#total strong")
    raise_to("hands-off-ali", 5000)
    page.clock.run_for(60_000)
    page.wait_for_timeout(500)

    # it keeps asking whether the appeal is still there
    assert (page.inner_text("#total strong"), bool(asked)) == (before, True)
    page.click("#pause")
    page.clock.run_for(10_500)
    expect(page.locator("#total strong")).to_have_text("£50.00")


def test_an_appeal_that_closes_while_it_is_open_still_lets_go_when_it_is_hidden(
    page: Page, address: str, raise_to, change, complaints: list[str]
) -> None:
    page.goto(f"{address}/appeals/hands-off-ali")
    change("hands-off-ali", state="closed")
    raise_to("hands-off-ali", 5000)
    page.clock.run_for(10_500)
    expect(page.locator("#total strong")).to_have_text("£50.00")
    expect(page.locator("#pause")).to_be_hidden()

    change("hands-off-ali", visibility="dark")
    page.clock.run_for(10_500)

    expect(page.locator("h1")).to_have_text("Page not found")
    assert all("404" in one for one in complaints)
    complaints.clear()


def test_a_proposed_amount_fills_the_field_without_a_new_page(page: Page, address: str) -> None:
    page.goto(f"{address}/appeals/hands-off-ali")

    page.click("button[data-amount='50']")

    assert page.input_value("#amount") == "50"
    assert page.get_attribute("button[data-amount='50']", "aria-pressed") == "true"
    assert page.url == f"{address}/appeals/hands-off-ali"


def test_without_javascript_a_proposed_amount_presets_the_form_and_errors_come_back(
    chromium: Browser, address: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/appeals/hands-off-ali")

    page.click(".amounts >> text=£50")
    preset = page.input_value("#amount")
    page.fill("#amount", "lots")
    page.click("#give button[type=submit]")

    assert preset == "50"
    assert page.input_value("#amount") == "lots"
    assert page.is_visible("#errors")
    assert not page.is_visible("#pause")
    context.close()
