"""The step-up in a real browser and under our own content policy: it solves the proof of work by itself and leads on to
payment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from donations import card_testing
from donations.cli.stage import Stage, free_port
from donations.cli.stage import visitor as web
from tests.browser.conftest import GOOD, Visitor

pytestmark = pytest.mark.browser
SLUG = "hands-off-ali"


@pytest.fixture(scope="module")
def busy_stage(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Stage]:
    """A stage of its own, on which so many payment pages were left unpaid that it asks for the step-up."""
    ports = [free_port() for _ in range(3)]
    made = Stage(
        tmp_path_factory.mktemp("busy"), port=ports[0], sandbox_port=ports[1], smtp_port=ports[2], database_url="",
        sandbox_options=["--bt-delay", "0.2"],
    )  # fmt: skip
    try:
        made.start()
        for _ in range(card_testing.UNPAID_HERE):
            web.give(made.url, SLUG, {"amount": "20", "currency": "GBP"})
        yield made
    finally:
        made.stop()


def test_the_browser_solves_it_by_itself_and_goes_on_to_payment(busy_stage: Stage, chromium: Browser) -> None:
    context = chromium.new_context()
    visitor = Visitor(busy_stage, context.new_page())
    page, loaded = visitor.page, []
    page.on("request", lambda request: loaded.append(request.url))
    # given a supporter who has filled in the form: nothing of the proof of work is loaded
    visitor.go(f"/appeals/{SLUG}")
    page.fill("#amount", "20")
    page.click("#give button[type=submit]")
    page.wait_for_url("**/donations/check/*")
    assert not any("altcha" in url for url in loaded)
    # when they go on to payment
    page.click("#check form button")
    # then their browser proves some work without being asked, and they pay
    visitor.pay(GOOD)
    assert any("altcha-pbkdf2" in url for url in loaded)
    visitor.wait_until_paid()
    assert [one for one in visitor.complaints if "status of 429" not in one] == []
    context.close()
