"""The journey of a donation as a supporter sees it: with JavaScript and without, with a card that is declined, with a
bank that asks, in Russian, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from donations.cli.stage import Stage
from donations.cli.stage import visitor as web
from tests.browser.conftest import CHALLENGED, DECLINED, GOOD, Visit, Visitor

pytestmark = pytest.mark.browser
SLUG = "hands-off-ali"


def raised(stage: Stage, slug: str = SLUG) -> int:
    minor: int = web.get_json(f"{stage.url}/appeals/{slug}/total.json")["raised_minor"]
    return minor


def wait_for_mail(stage: Stage, label: str) -> str:
    """The text of the mail that brings this receipt."""
    found: list[str] = []

    def has_come() -> bool:
        for mail in stage.mailbox.mails():
            body = mail.get_body(("plain",))
            if label in str(mail["Subject"]) and body is not None:
                found.append(str(body.get_content()))
        return bool(found)

    web.wait_for(f"the mail with {label}", has_come)
    return found[0]


@pytest.mark.parametrize("scripts", [True, False], ids=["with_javascript", "without_javascript"])
def test_a_supporter_gives_and_sees_it_arrive(stage: Stage, visit: Visit, scripts: bool) -> None:
    before = raised(stage)
    with visit(java_script_enabled=scripts) as visitor:
        page: Page = visitor.page
        prefix = "js" if scripts else "nojs"
        # given a supporter who finds the appeal
        visitor.go("/")
        visitor.picture(f"{prefix}-01-home")
        page.click("text=Hands Off Ali")
        visitor.picture(f"{prefix}-02-appeal")

        # when they type an invalid amount, their text is kept, with a link to the field
        fill_in_badly(page)
        check_error(visitor, prefix)

        # and when they have corrected it, a card is declined
        page.fill("#amount", "12.50")
        look_once_more(visitor, prefix)
        visitor.pay(DECLINED)
        expect(page.locator("#error")).to_be_visible()
        visitor.picture(f"{prefix}-04-declined-at-stripe")
        page.click("a.back")
        wait_for_outcome(page, "declined", scripts)
        visitor.picture(f"{prefix}-05-declined")
        assert raised(stage) == before

        # then with another card the donation arrives
        page.click("#outcome form button")
        visitor.pay(GOOD)
        page.wait_for_url(f"{stage.url}/donations/**")
        visitor.picture(f"{prefix}-06-back")
        visitor.wait_until_paid(by_itself=scripts)
        visitor.picture(f"{prefix}-07-paid")
        label = check_receipt(visitor, prefix)
        web.wait_for("the total to move", lambda: raised(stage) == before + 1250)  # It is kept for a second.
        visitor.go(f"/appeals/{SLUG}")
        assert visitor.total() == f"£{(before + 1250) / 100:,.2f}"
        visitor.picture(f"{prefix}-09-total")
        assert f"{stage.url}/receipts/" in wait_for_mail(stage, label)


def fill_in_badly(page: Page) -> None:
    page.fill("#amount", "a lot")
    page.fill("#name", "Maya Example")
    page.fill("#email", "maya@example.org")
    page.fill("#message", "Stay strong.\nWe are many.")
    page.click("#give button[type=submit]")


def look_once_more(visitor: Visitor, prefix: str) -> None:
    """The donation is shown before it is paid, and can be changed, with all text kept."""
    page = visitor.page
    page.click("#give button[type=submit]")
    expect(page.locator("#check .sum")).to_contain_text("£12.50")
    assert "maya@example.org" in page.inner_text("#check")
    visitor.picture(f"{prefix}-03-check")
    page.click("#check a.quiet")
    assert page.input_value("#message") == "Stay strong.\nWe are many."
    assert page.locator("#errors").count() == 0
    visitor.send()


def check_error(visitor: Visitor, prefix: str) -> None:
    page = visitor.page
    expect(page.locator("#errors")).to_be_visible()
    assert page.title().startswith("Please check")
    visitor.picture(f"{prefix}-03-error")
    page.click("#errors a")
    expect(page.locator("#amount")).to_be_focused()
    assert page.get_attribute("#amount", "aria-invalid") == "true"
    assert (page.input_value("#amount"), page.input_value("#name")) == ("a lot", "Maya Example")
    assert page.input_value("#message") == "Stay strong.\nWe are many."


def wait_for_outcome(page: Page, kind: str, by_itself: bool) -> None:
    """Until the donation's page says so; it may be ahead of the webhook."""
    outcome = page.locator(f"#outcome[data-kind={kind}]")
    for _ in range(0 if by_itself else 40):
        if outcome.is_visible():
            break
        page.reload()
    expect(outcome).to_be_visible()


def check_receipt(visitor: Visitor, prefix: str) -> str:
    """Follow the link to the receipt. Returns its number."""
    page = visitor.page
    page.click("#outcome a.button")
    expect(page.locator(".receipt .amount")).to_have_text("£12.50")
    visitor.picture(f"{prefix}-08-receipt")
    assert "Maya Example" in page.inner_text(".receipt")
    label = page.inner_text(".receipt .label")
    assert re.fullmatch(r"R-\d{6}", label)
    return label


def test_a_bank_that_asks_gets_its_answer(stage: Stage, visit: Visit) -> None:
    before = raised(stage)
    with visit() as visitor:
        # given a donation by a card whose bank asks for a confirmation
        visitor.go(f"/appeals/{SLUG}?amount=8&fund=ali")
        visitor.send()
        visitor.pay(CHALLENGED)
        visitor.picture("3ds-01-challenge")

        # when it is refused at first, and then confirmed
        visitor.page.click("text=Fail")
        expect(visitor.page.locator("#error")).to_be_visible()
        visitor.pay(CHALLENGED)
        visitor.page.click("text=Complete")

        # then it arrives, once
        visitor.wait_until_paid()
        web.wait_for("the total to move", lambda: raised(stage) == before + 800)


def test_the_journey_in_russian_is_russian_throughout(stage: Stage, visit: Visit) -> None:
    with visit(locale="ru-RU") as visitor:
        page = visitor.page
        visitor.go("/ru/")
        visitor.picture("ru-01-home")
        assert page.get_attribute("html", "lang") == "ru"
        page.click("text=Руки прочь от Али")
        expect(page.locator("h1")).to_have_text("Руки прочь от Али")
        assert re.fullmatch(r"[\d\s]+,\d\d\s£", visitor.total())
        visitor.picture("ru-02-appeal")

        page.fill("#amount", "7,50")
        page.fill("#name", "Майя Примерова")
        page.fill("#email", "maya@example.org")
        visitor.send()
        visitor.pay(GOOD)
        visitor.wait_until_paid()

        assert "/ru/donations/" in page.url
        expect(page.locator(".slip").first).to_contain_text(re.compile(r"7,50\s£"))
        visitor.picture("ru-03-paid")
        page.click("#outcome a.button")
        expect(page.locator(".receipt .amount")).to_have_text(re.compile(r"7,50\s£"))
        assert page.get_attribute("html", "lang") == "ru"
        visitor.picture("ru-04-receipt")
        label = page.inner_text(".receipt .label")
        mail = wait_for_mail(stage, label)
        assert f"{stage.url}/ru/receipts/" in mail
        assert "Майя Примерова" in mail


def test_a_gift_needs_no_more_than_thirteen_tab_stops(stage: Stage, visit: Visit) -> None:
    with visit() as visitor:
        # given a supporter with a keyboard alone, who leaves out nothing
        page = visitor.page
        visitor.go(f"/appeals/{SLUG}")
        stops = 0
        stops += reach(page, "a.skip")
        page.keyboard.press("Enter")
        stops += reach(page, ".hero a.button")
        page.keyboard.press("Enter")

        # when they choose a proposed amount, whom it is for, and say who they are
        stops += reach(page, "button[data-amount]")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert page.input_value("#amount") == "10"
        stops += reach(page, "#amount") + reach(page, "#currency") + reach(page, "input[name=fund]")
        page.keyboard.press("ArrowDown")
        stops += type_into(page, "#name", "Maya Example") + type_into(page, "#email", "maya@example.org")
        stops += type_into(page, "#message", "By keyboard.") + reach(page, "input[name=display]")
        stops += reach(page, "#give button[type=submit]")
        page.keyboard.press("Enter")
        page.wait_for_selector("#check")
        stops += reach(page, "#check form button")
        page.keyboard.press("Enter")

        # then they are at the payment page
        page.wait_for_url(f"{stage.sandbox_url}/c/pay/**")
        assert "10.00" in page.inner_text(".amount")
        assert stops <= 13  # The box to get updates is the thirteenth.


def reach(page: Page, selector: str) -> int:
    """Press Tab until this is focused. Everything on the way must show that it is. Returns how often it was pressed."""
    is_there: Callable[[], bool] = lambda: page.evaluate("s => document.activeElement.matches(s)", selector)  # noqa: E731
    for pressed in range(1, 60):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' || s.boxShadow !== 'none' || document.activeElement.type === 'radio' }"
        )
        assert shown, page.evaluate("document.activeElement.outerHTML")
        if is_there():
            return pressed
    raise AssertionError(f"Tab does not lead to {selector}")


def type_into(page: Page, selector: str, text: str) -> int:
    pressed = reach(page, selector)
    page.keyboard.type(text)
    return pressed
