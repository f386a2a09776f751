"""Receipts guard themselves: what was issued is frozen and no number is given up, in plain SQL, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from donations.extensions import db

RECEIPT = text("INSERT INTO receipt (id, series_id, number, label, donation_id, state, amount_minor, currency, payload,"
               " payload_sha256, issued_at) SELECT 1, 1, 1, 'R-1', id, 'live', 2000, 'GBP', '{}', 'x',"
               " '2026-11-21 12:00:00' FROM donation")  # fmt: skip


@pytest.fixture
def receipt(app: Flask) -> Iterator[Connection]:
    """A connection to a ledger with one issued receipt."""
    with db.engine.connect() as conn:
        _issue(conn)
        yield conn


def _issue(conn: Connection) -> None:
    conn.execute(text("INSERT INTO donation (id, reference, appeal_id, source, state, amount_minor, currency, interval,"
                      " language, display, fee_bearer, terms, donor_id, personal_until, created_at, wording_id)"
                      " SELECT 1, 'r', a.id, 'card', 'paid', 2000, 'GBP', 'once', 'en', 'secret', 'fund', '{}', 'd',"
                      " '2032-01-01', '2026-11-21 12:00:00', w.id FROM appeal a JOIN appeal_wording w"
                      " ON w.appeal_id = a.id WHERE slug = 'hands-off-ali'"))  # fmt: skip
    conn.execute(RECEIPT)
    conn.commit()


@pytest.mark.parametrize(
    "change",
    ["number = 2", "label = 'R-2'", "amount_minor = 1", "currency = 'EUR'", "payload = 'x'", "payload_sha256 = 'y'",
     "issued_at = '2026-11-22 12:00:00'", "series_id = 2", "id = 2"],
)  # fmt: skip
def test_what_a_receipt_says_is_frozen(receipt: Connection, change: str) -> None:
    with pytest.raises(IntegrityError, match="receipts: what was issued is frozen"):
        receipt.execute(text(f"UPDATE receipt SET {change}"))


def test_a_receipts_number_is_never_given_up(receipt: Connection) -> None:
    with pytest.raises(IntegrityError, match="receipts: a number is never given up"):
        receipt.execute(text("DELETE FROM receipt"))


def test_a_receipt_may_be_voided_and_its_person_erased(receipt: Connection) -> None:
    receipt.execute(text("UPDATE receipt SET state = 'void', person_sealed = NULL"))
    receipt.commit()
    assert receipt.execute(text("SELECT state FROM receipt")).scalar_one() == "void"
