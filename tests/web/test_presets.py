"""A link may preset the form: our own field names only, good values only, nothing reflected as markup."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.databases("sqlite")


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    return found[1] if found else ""


def is_chosen(page: str, name: str, value: str) -> bool:
    return re.search(rf'name="{name}" value="{value}"[^>]* checked', page) is not None


def test_a_link_presets_every_field(client: FlaskClient) -> None:
    page = client.get(
        "/appeals/hands-off-ali?amount=12.50&currency=EUR&fund=sakharovo&name=Rosa&email=rosa@example.org"
        "&message=Courage&display=name&interval=once"
    ).text

    assert (field(page, "amount"), field(page, "name"), field(page, "email")) == ("12.50", "Rosa", "rosa@example.org")
    assert '<option value="EUR" selected>' in page
    assert is_chosen(page, "fund", "sakharovo")
    assert is_chosen(page, "display", "name")
    assert ">\nCourage</textarea>" in page
    assert 'id="errors"' not in page


@pytest.mark.parametrize(
    "query",
    [
        "amount=lots",
        "amount=-5",
        "amount=lots&currency=XXX",
        "amount=0.01",
        "currency=JPY",
        "fund=kozlov",
        "display=everywhere",
        "interval=month",
        "email=rosa@",
        f"name={'x' * 200}",
        f"message={'x' * 5000}",
        "token=invented",
        "unknown=field",
    ],
)
def test_a_bad_preset_is_ignored(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/appeals/hands-off-ali?{query}")

    assert answer.status_code == 200
    assert 'id="errors"' not in answer.text
    assert field(answer.text, "amount") == ""
    assert field(answer.text, "interval") == "once"
    assert is_chosen(answer.text, "display", "secret")
    assert is_chosen(answer.text, "fund", "")


@pytest.mark.parametrize("name", ["amount", "currency", "fund", "name", "email", "message", "display", "interval"])
def test_a_preset_never_becomes_markup(client: FlaskClient, name: str) -> None:
    page = client.get("/appeals/hands-off-ali", query_string={name: "\"'><script>alert(1)</script></textarea>"}).text

    assert "<script>alert" not in page


def test_the_proposed_amounts_are_links_that_preset_the_form(client: FlaskClient) -> None:
    page = client.get("/appeals/fighting-fund").text

    for amount in ("5", "10", "20", "50"):
        assert f'href="/appeals/fighting-fund?amount={amount}&amp;currency=GBP#give"' in page
