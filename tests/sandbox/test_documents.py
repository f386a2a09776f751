"""The README names every control order and every option, and nothing else; the page can give the orders."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from donations.sandbox import app
from donations.sandbox.command import sandbox as command
from donations.sandbox.settings import Settings
from donations.sandbox.world import World

from .money import gift
from .processes import Running

README = (Path(__file__).parents[2] / "donations" / "sandbox" / "README.md").read_text(encoding="utf-8")


def orders() -> set[str]:
    rules = app.create(World(Settings())).url_map.iter_rules()
    found = {rule.rule.removeprefix("/sandbox/") for rule in rules if rule.rule.startswith("/sandbox/")}
    return found - {"", "static/<path:filename>", "<path:rest>"}


def first_cells(title: str) -> Iterator[str]:
    part = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    for row in part.splitlines():
        if row.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", row.split("|")[1])


def test_every_order_is_in_the_readme_and_exists() -> None:
    assert set(first_cells("Control API")) == orders()


def test_every_option_is_in_the_readme_and_exists() -> None:
    assert set(first_cells("Options")) == {option.opts[0] for option in command.params}


class Forms(HTMLParser):
    """Each form of a page: where it goes, and what it sends if nothing is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given["action"] or "", {}))
        if tag == "input" and given.get("type") != "checkbox" and self.found:
            self.found[-1][1][given["name"] or ""] = given.get("value") or ""


def forms(sandbox: Running) -> list[tuple[str, dict[str, str]]]:
    page = Forms()
    page.feed(sandbox.http("GET", "/sandbox/").text)
    return page.found


@pytest.fixture
def busy(sandbox: Running) -> Running:
    """One of everything, so that every button is there."""
    sandbox.v1.refunds.create({"charge": gift(sandbox), "amount": 2500})
    gift(sandbox, card="pm_card_createDispute")
    gift(sandbox, card="pm_card_createDisputeInquiry")
    gift(sandbox, card="4000000000005423")
    gift(sandbox, 5000, "bacs_success")
    gift(sandbox, card="pm_card_bypassPending")
    sandbox.order("movements", kind="topup", amount=50000)
    sandbox.order("payouts")
    sandbox.order("balance_transactions/hold")
    gift(sandbox)
    sandbox.session()
    return sandbox


def test_every_form_of_the_page_gives_an_order_that_exists(busy: Running) -> None:
    known = [re.compile("/sandbox/" + re.sub("<id>", "[^/]+", order)) for order in orders()]
    found = forms(busy)

    for action, _ in found:
        assert any(pattern.fullmatch(action) for pattern in known), action
    named = {pattern.pattern for action, _ in found for pattern in known if pattern.fullmatch(action)}
    assert len(named) >= 25


def test_a_button_does_its_work_and_comes_back_to_its_place(busy: Running) -> None:
    charge = busy.v1.refunds.list().data[0].charge

    answer = busy.form("/sandbox/refunds", charge=charge, amount="", status="succeeded", at="refunds")

    assert (answer.status, answer.headers["Location"]) == (303, "/sandbox/#refunds")
    assert [each.amount for each in busy.v1.refunds.list()] == [7500, 2500]


def test_a_button_that_cannot_do_its_work_says_why_on_a_page(busy: Running) -> None:
    answer = busy.form("/sandbox/refunds", charge="ch_none", at="refunds")

    assert (answer.status, "No such charge" in answer.text, 'href="/sandbox/"' in answer.text) == (404, True, True)


def test_every_button_of_the_page_can_be_pressed(busy: Running) -> None:
    for action, values in forms(busy):
        assert busy.form(action, **values).status in (303, 400, 404), action

    assert busy.http("GET", "/sandbox/").status == 200
