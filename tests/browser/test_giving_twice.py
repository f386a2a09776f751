"""Back, reload, history and languages, in a real browser: what was typed stays, a second donation is a second donation,
and a used form shows nothing of the person before."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from donations.cli.stage import Stage
from donations.cli.stage import visitor as web
from tests.browser.conftest import GOOD, Visit

pytestmark = pytest.mark.browser
SLUG = "hands-off-ali"


def figures(stage: Stage) -> tuple[int, int]:
    said = web.get_json(f"{stage.url}/appeals/{SLUG}/total.json")
    return said["raised_minor"], said["donations"]


def fill_in(page: Page, amount: str = "8") -> None:
    page.fill("#amount", amount)
    page.fill("#name", "Maya Example")
    page.fill("#message", "Stay strong.")


def typed(page: Page) -> tuple[str, str, str]:
    return page.input_value("#amount"), page.input_value("#name"), page.input_value("#message")


@pytest.mark.parametrize("scripts", [True, False], ids=["with_javascript", "without_javascript"])
def test_who_goes_back_and_gives_again_gives_twice(stage: Stage, visit: Visit, scripts: bool) -> None:
    minor, donations = figures(stage)
    with visit(java_script_enabled=scripts) as visitor:
        page: Page = visitor.page
        # given a tablet at a stall, and one who has given
        visitor.go(f"/appeals/{SLUG}")
        fill_in(page)
        page.click("#give button[type=submit]")
        page.wait_for_url("**/donations/check/*")
        check = page.url
        page.click("#check form button")
        visitor.pay(GOOD)
        visitor.wait_until_paid(by_itself=scripts)
        # when the next one goes back to the check, they are told that it was used, and see nothing of the first
        page.goto(check)
        expect(page.locator("#check-over h1")).to_have_text("This form has been used. Start a new donation.")
        for word in ("Maya", "8.00", "R-0"):
            assert word not in page.inner_text("body")
        visitor.picture("used-form")
        # and the button there leads to a new form, which gives the same
        page.click("#check-over a.button")
        fill_in(page)
        visitor.send()
        visitor.pay(GOOD)
        visitor.wait_until_paid(by_itself=scripts)
    # then both are counted
    web.wait_for("both to be counted", lambda: figures(stage) == (minor + 1600, donations + 2))


def test_back_to_the_form_by_history_gives_twice_too(stage: Stage, visit: Visit) -> None:
    minor, donations = figures(stage)
    with visit() as visitor:
        page = visitor.page
        visitor.go(f"/appeals/{SLUG}")
        fill_in(page)
        visitor.send()
        visitor.pay(GOOD)
        visitor.wait_until_paid()
        # three steps back is the form as it was left
        page.evaluate("history.go(-3)")
        page.wait_for_url(f"**/appeals/{SLUG}")
        page.fill("#amount", "8")
        visitor.send()
        visitor.pay(GOOD)
        visitor.wait_until_paid()
    web.wait_for("both to be counted", lambda: figures(stage) == (minor + 1600, donations + 2))


def test_reload_back_history_and_another_language_keep_what_was_typed(stage: Stage, visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.go(f"/appeals/{SLUG}")
        fill_in(page)
        page.click("#give button[type=submit]")
        expect(page.locator("#check .sum")).to_contain_text("£8.00")
        # a reload, and the same in Russian
        page.reload()
        expect(page.locator("#check")).to_contain_text("Stay strong.")
        page.click("a[hreflang=ru]")
        expect(page.locator("#check .sum")).to_contain_text(re.compile(r"8,00\s£"))
        expect(page.locator("#check")).to_contain_text("Maya Example")
        # back twice is the form, with all text; forward is the check again
        page.go_back()
        page.go_back()
        assert typed(page) == ("8", "Maya Example", "Stay strong.")
        page.go_forward()
        expect(page.locator("#check")).to_contain_text("Stay strong.")
        # and so it is when something is changed
        page.click("#check a.quiet")
        assert typed(page) == ("8", "Maya Example", "Stay strong.")
        page.click("a[hreflang=ru]")
        assert typed(page) == ("8", "Maya Example", "Stay strong.")


def test_who_comes_back_from_the_payment_page_unpaid_goes_on_to_the_same_one(stage: Stage, visit: Visit) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.go(f"/appeals/{SLUG}?amount=9")
        visitor.send()
        page.wait_for_url(f"{stage.sandbox_url}/c/pay/**")
        first = page.url
        page.go_back()
        expect(page.locator("#check .sum")).to_contain_text("£9.00")
        page.click("#check form button")
        page.wait_for_url(f"{stage.sandbox_url}/c/pay/**")
        assert page.url == first
