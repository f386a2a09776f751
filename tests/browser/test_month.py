"""The month that the demo begins with, as its treasurer finds it: a sound ledger, what is left to do, and pages that
show it. With SCREENSHOTS the pictures of the treasury are taken here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from donations.cli.stage import Stage, free_port, month, people
from donations.cli.stage import visitor as web
from tests.needs import program

pytestmark = pytest.mark.browser
TREASURER = "treasurer@demo.example"
PICTURES = {
    "dashboard": "/treasury/",
    "payouts": "/treasury/payouts",
    "lines": "/treasury/statement-lines",
    "gifts": "/treasury/offline-donations",
    "gift": "/treasury/offline-donations/new?method=cash",
    "spending": "/treasury/payment-requests",
    "statement": "/treasury/bank-accounts/1",
    "periods": "/treasury/periods",
    "disputes": "/treasury/disputes",
    "fund": "/treasury/funds/ali",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The demo's installation after its month."""
    program("chromium", "/usr/bin/chromium", "/usr/bin/chromium-browser")  # Without it, nothing need be started.
    ports = [free_port() for _ in range(3)]
    behind = ["--behind", str(month.DAYS * month.DAY_SECONDS)]
    stage = Stage(
        tmp_path_factory.mktemp("month"),
        port=ports[0],
        sandbox_port=ports[1],
        smtp_port=ports[2],
        database_url="",
        sandbox_options=["--bt-delay", "5", *behind],
    )
    try:
        stage.start()
        month.live_through(stage, lambda _: None)
        yield stage
    finally:
        stage.stop()


@pytest.fixture(scope="module")
def page(chromium: Browser, lived: Stage) -> Iterator[Page]:
    """The demo's treasurer, signed in."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page.goto(f"{lived.url}/treasury/")
    page.fill("#email", TREASURER)
    page.fill("#password", people.PASSWORD)
    page.click(".sheet button")
    page.fill("#code", lived.command("staff", "code", TREASURER).strip())
    page.click(".sheet button[type=submit]")
    yield page
    page.close()


def test_the_books_of_the_month_are_sound(lived: Stage) -> None:
    said = json.loads(lived.command("ledger", "check", "--json"))
    assert said["sound"], said["findings"]
    balances = {(line["account"], line["currency"]): line["minor"] for line in said["trial_balance"]}
    assert balances[1100, "GBP"] == at_stripe(lived)
    assert "complete and unchanged" in lived.command("audit", "verify")


def test_something_is_left_to_do(lived: Stage, page: Page) -> None:
    page.goto(f"{lived.url}/treasury/")
    kinds = {each.get_attribute("data-kind") for each in page.query_selector_all(".open-kind")}
    assert kinds >= {"dispute", "payout", "line"}
    assert lived.command("bank", "lines").strip().splitlines()[-1] == "4 unmatched lines"


def test_a_payout_of_the_month_is_explained_to_the_penny(lived: Stage, page: Page) -> None:
    page.goto(payout_in_bank(lived, page))
    assert page.inner_text("[data-part=unexplained] td") == "£0.00"
    assert page.locator("[data-kind=good]", has_text="matched").is_visible()
    picture(page, "payout")


def test_every_picture_fits_its_page(lived: Stage, page: Page) -> None:
    for name, path in PICTURES.items():
        page.goto(lived.url + path)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        picture(page, name)


def at_stripe(stage: Stage) -> int:
    settled = web.get_json(f"{stage.sandbox_url}/sandbox/summary")["balance"]
    held = [*settled["available"], *settled["pending"]]
    return sum(int(one["amount"]) for one in held if one["currency"] == "gbp")


def payout_in_bank(stage: Stage, page: Page) -> str:
    page.goto(f"{stage.url}/treasury/payouts")
    path = page.get_attribute("tr:has([data-kind=good]) th a", "href")
    return f"{stage.url}{path}"


def picture(page: Page, name: str) -> None:
    """As desk and phone see it, by day and by night, where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"treasury-{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
