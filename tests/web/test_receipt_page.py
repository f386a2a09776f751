"""A receipt as a page: what was frozen, the person if there is one, and its state."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import privacy, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Receipt, ReceiptSeries
from donations.models.base import new_id
from tests.factories import a_donation

pytestmark = pytest.mark.databases("sqlite")
LABEL = "R-000041"


@pytest.fixture
def issued(app: Flask):
    """Writes a receipt as receipts.py freezes it; gives the path of its page."""

    def make(person: str = "", state: str = "live", **frozen: Any) -> str:
        payload = {
            "label": LABEL, "issued_on": "2026-11-22", "received_on": "2026-11-21", "amount_minor": 2050,
            "currency": "GBP", "organisation": "Solidarity Fighting Fund", "legal_name": None,
            "appeal_title": "Hands Off Ali", "fund_names": [], "restriction": "", "language": "en", "method": "card",
            "person_hash": None, **frozen,
        }  # fmt: skip
        text = json.dumps(payload)
        with write_unit():
            donation = a_donation(Appeal.by_slug("hands-off-ali"), state="paid")
            series = db.session.scalar(select(ReceiptSeries)) or ReceiptSeries(prefix="T")
            db.session.add(series)
            db.session.flush()
            db.session.add(
                Receipt(
                    id=new_id(), series_id=series.id, number=41, label=LABEL, donation_id=donation.id, state=state,
                    amount_minor=2050, currency="GBP", payload=text, issued_at=datetime.now(UTC),
                    payload_sha256=hashlib.sha256(text.encode()).hexdigest(),
                    person_sealed=privacy.seal(person, f"receipt:{LABEL}:person") if person else None,
                )
            )  # fmt: skip
        return f"/receipts/{tokens.for_receipt(LABEL)}"

    return make


def test_a_receipt_shows_what_was_frozen(client: FlaskClient, issued) -> None:
    answer = client.get(issued(person="Rosa Example", fund_names=["Ali Feruz"], legal_name="SFF Ltd"))

    for text in (LABEL, "£20.50", "21 November 2026", "22 November 2026", "Hands Off Ali", "Ali Feruz", "SFF Ltd"):
        assert text in answer.text
    assert "Rosa Example" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_receipt_names_nobody_and_nothing_that_was_not_frozen_into_it(client: FlaskClient, issued) -> None:
    page = client.get(issued(appeal_title="")).text

    assert "Received from" not in page
    assert "For the appeal" not in page
    assert "<dt>Fund</dt>" not in page


@pytest.mark.parametrize(("state", "said"), [("replaced", "A newer receipt"), ("void", "no longer counts")])
def test_a_receipt_that_no_longer_stands_says_so(client: FlaskClient, issued, state: str, said: str) -> None:
    assert said in client.get(issued(state=state)).text


def test_a_receipt_is_read_in_russian_too(client: FlaskClient, issued) -> None:
    page = client.get(f"/ru{issued()}").text

    assert "Квитанция" in page
    assert "21 ноября 2026" in page


def test_nothing_on_a_receipt_becomes_markup(client: FlaskClient, issued) -> None:
    page = client.get(
        issued(person="<script>alert(1)</script>", appeal_title="<img src=x>", restriction="<b>b</b>")
    ).text

    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>b</b>" not in page


@pytest.mark.parametrize("token", ["invented", "R-000041"])
def test_an_invented_link_finds_no_receipt(client: FlaskClient, token: str) -> None:
    assert client.get(f"/receipts/{token}").status_code == 404


def test_a_signed_link_to_no_receipt_finds_nothing(client: FlaskClient) -> None:
    assert client.get(f"/receipts/{tokens.for_receipt('R-999999')}").status_code == 404
