"""Who may post a public form: our own pages, in whatever browser; no other site."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask

from tests.web.conftest import Give, kept

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_another_site_is_refused_with_a_page_that_says_why(give: Give, headers: dict[str, str]) -> None:
    answer = give(headers=headers)

    assert answer.status_code == 403
    assert "This form came from another site" in answer.text
    assert kept() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_our_own_form_is_taken_in_any_browser(give: Give, headers: dict[str, str]) -> None:
    assert give(headers=headers).status_code == 303


def test_the_public_address_counts_as_ours_behind_a_proxy(app: Flask, give: Give, monkeypatch) -> None:
    settings = dataclasses.replace(app.config["SETTINGS"], public_url="https://fund.example.org")
    monkeypatch.setitem(app.config, "SETTINGS", settings)

    assert give(headers={"Origin": "https://fund.example.org", "Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_cookie_sent_along_changes_nothing(give: Give) -> None:
    answer = give(headers={"Cookie": "session=invented"})

    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
