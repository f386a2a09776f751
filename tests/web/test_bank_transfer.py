"""Giving by bank transfer: our account and the appeal's reference, first of all without JavaScript, and no empty box
where there is no account to show."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from donations import references
from donations.database import write_unit
from donations.models import Appeal, Organisation

ADDRESS = "/appeals/hands-off-ali"


@pytest.fixture
def code(app: Flask) -> str:
    """The reference of an appeal whose organisation has an account."""
    with write_unit():
        Organisation.get().bank_details = {"account_name": "The Fund", "iban": "GB33BUKB20201555555555"}
    return references.code_of_appeal(Appeal.by_slug("hands-off-ali"))


def test_an_appeal_shows_our_account_and_its_reference(client: FlaskClient, code: str) -> None:
    page = client.get(ADDRESS).text
    # for who has no JavaScript, before the form; for others behind it
    first, form, last = page.index("<noscript>"), page.index("<form"), page.rindex(code)
    assert first < page.index(code) < form < last
    assert page.count("GB33BUKB20201555555555") == 2
    assert '<details id="bank_transfer">' in page


def test_so_does_the_check_before_payment(client: FlaskClient, code: str) -> None:
    said = {"amount": "20", "currency": "GBP", "interval": "once", "fund": "", "display": "secret"}
    page = client.get(client.post(f"{ADDRESS}/donations", data=said).location).text
    assert code in page[page.index("<noscript>") :]


@pytest.mark.parametrize("how", ["paused", "closed"])
def test_an_appeal_that_takes_no_gifts_asks_for_no_transfer(client: FlaskClient, code: str, how: str) -> None:
    with write_unit():
        Appeal.by_slug("hands-off-ali").state = how
    assert code not in client.get(ADDRESS).text


def test_where_amounts_are_hidden_gifts_are_still_asked_for(client: FlaskClient, code: str) -> None:
    with write_unit():
        Appeal.by_slug("hands-off-ali").visibility = "amounts_hidden"
    assert code in client.get(ADDRESS).text


def test_without_an_account_there_is_no_empty_box(client: FlaskClient) -> None:
    page = client.get(ADDRESS).text
    assert "bank_transfer" not in page
    assert 'class="bank"' not in page
    assert "page needs JavaScript" in page
