"""Migrating a database that is in use: donations that were paid twice or in two currencies by the rules of before."""

from __future__ import annotations

from collections.abc import Iterator

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from donations.extensions import db
from tests.fixtures.databases import app_of_version


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Flask]:
    """The tables as they were before a second charge was held for a person."""
    with app_of_version("0016", empty_database_url) as app:
        yield app


APPEAL = (
    "INSERT INTO appeal (id, slug, state, visibility, currency, discreet, names_on_receipt, fee_bearer, title, summary,"
    " story, surplus, outcome, message_prompt, suggested_minor, position)"
    " VALUES (1, 'a', 'open', 'shown', 'GBP', false,"
    " false, 'fund', '{}', '{}', '{}', '{}', '{}', '{}', '[]', 0)"
)
DONATION = (
    "INSERT INTO donation (id, reference, appeal_id, source, state, amount_minor, currency, interval, language,"
    " display, fee_bearer, terms, donor_id, personal_until, created_at)"
    " VALUES (:id, :reference, 1, 'card', 'paid', 2000, 'GBP',"
    " 'once', 'en', 'secret', 'fund', '{}', 'x', '2030-01-01', '2026-11-01 12:00:00')"
)
PAYMENT = (
    "INSERT INTO payment (id, charge_id, donation_id, amount_minor, currency, succeeded_at, first_seen_at)"
    " VALUES (:id, :charge_id, :donation_id, 2000, :currency, '2026-11-01 12:00:00', :first_seen_at)"
)


def test_what_was_counted_together_stays_so_and_two_currencies_wait_for_a_person(before: Flask) -> None:
    # given one donation paid once, one paid twice, and one with a charge in another currency
    with db.engine.begin() as conn:
        conn.execute(text(APPEAL))
        for number in (1, 2, 3):
            conn.execute(text(DONATION), {"id": number, "reference": f"d{number}"})
        for number, donation, currency in ((1, 1, "GBP"), (2, 2, "GBP"), (3, 2, "GBP"), (4, 3, "GBP"), (5, 3, "EUR")):
            seen = f"2026-11-0{number} 12:00:00"
            row = {"id": number, "charge_id": f"ch_{number}", "donation_id": donation, "currency": currency}
            conn.execute(text(PAYMENT), {**row, "first_seen_at": seen})
    # when it is migrated
    flask_migrate.upgrade()
    # then the charges of the second are kept together up to the last of them, and the odd one is held
    with db.engine.connect() as conn:
        joint = conn.execute(text("SELECT id, joint_until FROM donation WHERE joint_until IS NOT NULL")).all()
        strays = conn.execute(text("SELECT payment_id, donation_id, reason FROM stray_payment")).all()
    assert [(number, str(until)[:10]) for number, until in joint] == [(2, "2026-11-03")]
    assert strays == [(5, 3, "other_currency")]
