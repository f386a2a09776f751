"""What migrations 0024 and 0025 make of a database from before: every old link opens, no address is left in what Stripe
was asked, and each fund and region has a name for Stripe."""

from __future__ import annotations

import json
from collections.abc import Iterator

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from donations import tokens
from donations.extensions import db
from donations.models import Installation
from tests.fixtures.databases import app_of_version
from tests.test_migration_of_debits import AT, a_donation, insert

pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
ADDRESS = "https://fund.example.org/donations/TOKEN"
PAYLOAD = {
    "label": "R-000357", "issued_on": "2026-11-21", "received_on": "2026-11-21", "amount_minor": 777, "currency": "GBP",
    "organisation": "Fund", "legal_name": None, "appeal_title": "", "fund_names": [], "restriction": "",
    "language": "en", "method": "card", "person_hash": None,
}  # fmt: skip


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Flask]:
    """The app on a database of the version before."""
    with app_of_version("0016", empty_database_url) as app:
        yield app


def test_old_links_open_and_no_address_is_left(before: Flask) -> None:
    # given a donation with its receipt and its attempts, some of which were never answered
    asked = {"mode": "payment", "metadata": {"donation": "r"}, "success_url": ADDRESS, "cancel_url": ADDRESS}
    with db.engine.begin() as conn:
        insert(conn, "organisation", id=1, languages=["en"], timezone="Europe/London", settlement_currencies=["GBP"],
               offered_currencies=["GBP"], currency="GBP", approvals_required=1)  # fmt: skip
        appeal = insert(
            conn, "appeal", slug="ali", state="open", visibility="shown", fee_bearer="fund", currency="GBP", title={}
        )
        insert(conn, "fund", appeal_id=appeal, slug="ali", kind="detainee", name={"en": "Ali"})
        insert(conn, "area", appeal_id=appeal, name="Leeds", target_minor=1)
        donation = a_donation(conn, appeal, "paid", ["complete"])
        insert(conn, "checkout_attempt", donation_id=donation, number=2, state="starting")
        reference = conn.execute(text("SELECT reference FROM donation")).scalar_one()
        table = "checkout_attempt"
        conn.execute(text(f"UPDATE {table} SET url = :url, params = :params"),
                     {"url": ADDRESS, "params": json.dumps(asked)})  # fmt: skip
        series = conn.execute(text("SELECT id FROM receipt_series")).scalar()
        series = series or insert(conn, "receipt_series", prefix="R", next_number=358)
        insert(conn, "receipt", series_id=series, number=357, label="R-000357", donation_id=donation, state="live",
               amount_minor=777, currency="GBP", payload=json.dumps(PAYLOAD), issued_at=AT)  # fmt: skip
        insert(conn, "mail", kind="receipt", state="due", created_at=AT)
    # when the database is brought up to date
    flask_migrate.upgrade()
    # then no address is left, and what Stripe was asked otherwise is
    with db.engine.connect() as conn:
        for (params,) in conn.execute(text("SELECT params FROM checkout_attempt")):
            assert (json.loads(params) if isinstance(params, str) else params) == {
                "mode": "payment", "metadata": {"donation": "r"},
            }  # fmt: skip
        assert conn.execute(text("SELECT opaque_id FROM fund WHERE slug = 'ali'")).scalar_one()
        assert conn.execute(text("SELECT opaque_id FROM area")).scalar_one()
        assert conn.execute(text("SELECT state FROM mail")).scalar_one() == "due"
    assert Installation.get().opaque_id
    # and the links that are about open
    client = before.test_client()
    assert "£7.77" in client.get(f"/receipts/{tokens.for_receipt('R-000357')}").text
    assert client.get(f"/donations/{tokens.for_donation(reference)}").status_code == 200
