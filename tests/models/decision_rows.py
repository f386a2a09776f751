"""Rows of what people decided and what waits for them, each with what the database refuses in it: for the tests of
constraints."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from donations.extensions import db
from tests.factories import NOON

REFUSED = [
    ("classification", {"state": "lost"}, "state_known"),
    ("classification", {"account": None}, "account_of_transaction"),
    ("classification", {"payment_id": 77}, "of_one_thing"),
    ("correction", {"kind": "pray"}, "kind_known"),
    ("correction", {"state": "lost", "decided_by": "test"}, "state_known"),
    ("correction", {"state": "made"}, "decided_by_a_person"),
    ("receipt_gap", {"last_number": 1}, "is_a_range"),
    ("appeal_wording", {"number": 0}, "number_from_one"),
    ("appeal_wording", {"source": "hearsay"}, "source_known"),
    ("stray_payment", {"reason": "unlucky"}, "reason_known"),
    ("statement_line_evidence", {"kind": "hearsay"}, "kind_known"),
    ("statement_line_question", {"state": "lost", "answered_by": "test"}, "state_known"),
    ("statement_line_question", {"state": "same"}, "answered_by_a_person"),
    ("statement_line_question", {"amount_minor": 0}, "amount_not_zero"),
    ("staff_change", {"kind": "crown"}, "kind_known"),
    ("staff_change", {"state": "maybe", "decided_at": NOON}, "state_known"),
    ("staff_change", {"state": "made"}, "decided_is_dated"),
]


def rows(appeal_id: int, donation_id: int, fund_id: int) -> dict[str, dict[str, Any]]:
    """A row of each of these tables that the database would take."""
    transaction = {
        "id": "txn_9", "number": 9, "type": "x", "reporting_category": "x", "amount_minor": 1, "fee_minor": 0,
        "net_minor": 1, "currency": "GBP", "created_at": NOON, "available_on": NOON.date(),
    }  # fmt: skip
    payment = {"id": 77, "charge_id": "ch_77", "first_seen_at": NOON}
    for table, row in (("balance_transaction", transaction), ("payment", payment)):
        db.session.execute(insert(db.metadata.tables[table]).values(**row))
    asked = {"form_key": "k", "reason": "x", "state": "requested", "requested_by": "test", "requested_at": NOON}
    return {
        "staff_change": {
            "reference": "x", "kind": "invitation", "state": "waiting", "asked_by": "test", "asked_at": NOON,
            "takes_effect_at": NOON,
        },
        "classification": {**asked, "balance_transaction_id": "txn_9", "account": 5020, "fund_id": fund_id},
        "correction": {
            **asked, "kind": "recalculate", "invariant": "I10", "subject": "fund:1", "figure": "1", "said": "x",
            "target": "",
        },
        "receipt_gap": {
            "series_id": 1, "first_number": 2, "last_number": 2, "reason": "x", "actor": "test", "at": NOON,
        },
        "appeal_wording": {
            "appeal_id": appeal_id, "number": 9, "surplus": {}, "funds": [], "sha256": "x", "valid_from": NOON,
            "keeps_earlier": False, "written_by": "test", "reason": "", "source": "page",
        },
        "statement_line_evidence": {"statement_line_id": 1, "kind": "number", "hash": b"x"},
        "statement_line_question": {
            "id": 1, "statement_line_id": 1, "statement_id": 9, "position": 1, "reason": "twin",
            "booked_on": NOON.date(), "amount_minor": 100, "currency": "GBP", "personal_until": NOON.date(),
            "dedupe_key": b"x", "state": "open",
        },
        "stray_payment": {"payment_id": 77, "donation_id": donation_id, "reason": "paid_already", "since": NOON},
    }  # fmt: skip
