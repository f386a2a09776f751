"""Code checks, and the database checks again: rows that no code of ours would write are refused by name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, insert, select
from sqlalchemy.exc import IntegrityError

from donations.extensions import db
from donations.models import Appeal, Area, Organisation
from tests.factories import NOON, a_donation
from tests.models import decision_rows

# (table, what is wrong in a row that is otherwise good, the constraint's name or, on SQLite, its columns)
REFUSED = [
    ("organisation", {"id": 2}, "only_one"),
    ("organisation", {"id": 1}, "pk_organisation|organisation.id"),
    ("appeal", {"state": "ended"}, "state_known"),
    ("appeal", {"visibility": "hidden"}, "visibility_known"),
    ("appeal", {"state_before_hiding": "ended"}, "state_before_hiding_known"),
    ("appeal", {"visibility_before_hiding": "hidden"}, "visibility_before_hiding_known"),
    ("appeal", {"fee_bearer": "donor"}, "fee_bearer_known"),
    ("appeal", {"period": "week"}, "period_known"),
    ("appeal", {"goal_minor": 0}, "goal_positive"),
    ("appeal", {"slug": "hands-off-ali"}, "appeal_slug|appeal.slug"),
    ("appeal", {"title": None}, "title"),
    ("fund", {"kind": "prisoner"}, "kind_known"),
    ("fund", {"appeal_id": None}, "has_an_appeal"),
    ("fund", {"share": -1}, "share_not_negative"),
    ("fund", {"slug": "ali"}, "fund_slug|fund.slug"),
    ("fund", {"kind": "general"}, "uq_fund_general|fund.kind"),
    ("fund", {"appeal_id": 999_999}, "fk_fund_appeal_id_appeal|FOREIGN KEY"),
    ("area", {"target_minor": 0}, "target_positive"),
    ("donation", {"amount_minor": 0}, "amount_positive"),
    ("donation", {"state": "given"}, "state_known"),
    ("donation", {"source": "stripe"}, "source_known"),
    ("donation", {"display": "full"}, "display_known"),
    ("donation", {"interval": "week"}, "interval_known"),
    ("donation", {"fee_bearer": "donor"}, "fee_bearer_known"),
    ("donation", {"form_key": "taken"}, "form_key"),
    ("donation", {"currency": None}, "currency"),
    ("payment", {"amount_minor": -1}, "amount_positive"),
    ("payment", {"charge_id": None}, "charge_id"),
    ("balance_transaction", {"net_minor": 99}, "net_is_amount_less_fee"),
    ("refund", {"amount_minor": 0}, "amount_positive"),
    ("posting_stop", {"id": 2}, "only_one"),
    ("stripe_event", {"state": "done"}, "state_known"),
    ("mail", {"state": "lost"}, "state_known"),
    ("webhook_arrival", {"outcome": "lost"}, "outcome_known"),
    ("archive_record", {"act": "lost"}, "act_known"),
    ("receipt_series", {"next_number": 0}, "next_number_positive"),
    ("receipt_series", {"prefix": "R"}, "prefix"),
    ("receipt_series", {"numbering": "secret"}, "numbering_known"),
    ("receipt", {"amount_minor": 0}, "amount_positive"),
    ("receipt", {"state": "gone"}, "state_known"),
    ("receipt_event", {"kind": "lost"}, "kind_known"),
    ("checkout_attempt", {"state": "paid"}, "state_known"),
    ("allocation", {"amount_minor": 0}, "amount_positive"),
    ("period", {"ends_on": date(2026, 1, 1)}, "ends_after_start"),
    ("period", {"state": "ended"}, "state_known"),
    ("account", {"kind": "other"}, "kind_known"),
    ("organisation", {"approvals_required": 3}, "approvals_one_or_two"),
    ("approval_rule", {"approvals_required": 0}, "one_or_two"),
    ("approval_rule", {"one_up_to_minor": -1}, "limit_not_negative"),
    ("approval_rule", {"state": "maybe"}, "state_known"),
    ("bank_account", {"name": "Taken"}, "name"),
    ("statement_line", {"amount_minor": 0}, "amount_not_zero"),
    ("statement_line", {"dedupe_key": b"taken"}, "dedupe_key"),
    ("match", {"kind": "guess"}, "kind_known"),
    ("match", {"state": "maybe"}, "state_known"),
    ("match", {"amount_minor": 0}, "amount_not_zero"),
    ("match", {"statement_line_id": 999_999}, "fk_match_statement_line_id_statement_line|FOREIGN KEY"),
    ("offline_donation", {"method": "card"}, "method_known"),
    ("branch_return", {"method": "card"}, "method_known"),
    ("branch_return", {"state": "lost"}, "state_known"),
    ("branch_return", {"amount_minor": 0}, "amount_positive"),
    ("branch_return", {"to_on": date(2026, 1, 1)}, "ends_after_start"),
    ("branch_return", {"state": "accepted"}, "accepted_is_a_donation"),
    ("branch_return", {"area_id": 999_999}, "fk_branch_return_area_id_area|FOREIGN KEY"),
    ("offline_donation", {"state": "lost"}, "state_known"),
    ("paying_in_slip", {"expected_count": 0}, "expected_count_positive"),
    ("paying_in_slip", {"expected_minor": 0}, "expected_positive"),
    ("payment_request", {"state": "gone"}, "state_known"),
    ("payment_request", {"amount_minor": 0}, "amount_positive"),
    ("approval", {"verdict": "perhaps"}, "verdict_known"),
    ("adjustment", {"kind": "gift"}, "kind_known"),
    ("adjustment", {"state": "gone"}, "state_known"),
    ("adjustment", {"amount_minor": 0}, "amount_not_zero"),
    ("message_decision", {"verdict": "perhaps"}, "verdict_known"),
    ("embedding_site", {"times": 0}, "times_positive"),
    ("refund_attempt", {"amount_minor": 0}, "amount_positive"),
    ("refund_attempt", {"state": "gone"}, "state_known"),
    ("refund_attempt", {"state": "made"}, "made_with_its_refund"),
    ("refund_attempt", {"reason": "boredom"}, "reason_known"),
    ("goal_change", {"after_minor": None}, "says_something"),
    ("subscriber", {"state": "perhaps"}, "state_known"),
    ("milestone", {"percent": 0}, "percent_positive"),
    ("period_signature", {"act": "burn"}, "act_known"),
    ("staff", {"state": "gone"}, "state_known"),
    ("staff", {"email_hash": b"taken"}, "email_hash"),
    ("staff_role", {"role": "king"}, "role_known"),
    ("staff_session", {"stage": "third", "fresh_at": NOON}, "stage_known"),
    ("staff_session", {"stage": "full"}, "full_was_fresh"),
    ("audit", {"previous_sha256": "taken"}, "previous_sha256"),
    ("receipt_event", {"cause": "weather"}, "cause_known"),
    ("installation", {"id": 2}, "only_one"),
    ("recovery", {"outcome": "perhaps"}, "outcome_known"),
    ("recovery", {"reason": "weather"}, "reason_known"),
    *decision_rows.REFUSED,
]


@pytest.fixture
def good(app: Flask) -> dict[str, dict[str, Any]]:
    """A row of each table that the database would take."""
    appeal = Appeal.any_by_slug("hands-off-ali")
    donation = a_donation(appeal, form_key="taken")
    attempt = {"donation_id": donation.id, "number": 1, "idempotency_key": "k", "params": {}}
    money = {"amount_minor": 2000, "currency": "GBP"}
    receipt = {"id": 1, "series_id": 1, "number": 1, "label": "R-1", "donation_id": donation.id, "payload": "{}"}
    receipt_row = receipt | money | {"payload_sha256": "x", "issued_at": NOON}
    texts = {name: {"en": "x"} for name in ("summary", "story", "surplus", "outcome", "message_prompt")}
    organisation = Organisation.get()
    return {
        "organisation": {c.name: getattr(organisation, c.name) for c in db.metadata.tables["organisation"].columns},
        "appeal": {"slug": "new", "state": "open", "currency": "GBP", "title": {"en": "New"}, **texts},
        "fund": {"appeal_id": appeal.id, "slug": "new", "kind": "campaign", "name": {"en": "New"}},
        "area": {"appeal_id": appeal.id, "name": "Leeds", "target_minor": 1},
        "donation": {
            "reference": "new", "appeal_id": appeal.id, "source": "card", "language": "en", "fee_bearer": "fund",
            "terms": {}, "donor_id": "d", "personal_until": NOON.date(), "created_at": NOON, **money,
        },
        "payment": {"id": 1, "charge_id": "ch_1", "first_seen_at": NOON},
        "balance_transaction": {
            "id": "txn_1", "number": 1, "type": "charge", "reporting_category": "charge", "amount_minor": 100,
            "fee_minor": 2, "net_minor": 98, "currency": "GBP", "created_at": NOON, "available_on": NOON.date(),
        },
        "refund": {"id": "re_1", "payment_id": 1, "status": "succeeded", "created_at": NOON, **money},
        "stripe_event": {"id": "evt_1", "type": "x", "created_at": NOON, "received_at": NOON, "state": "handled"},
        "mail": {"id": 1, "kind": "receipt", "dedupe_key": "k", "language": "en", "created_at": NOON},
        "receipt_series": {"prefix": "X"},
        "receipt": receipt_row,
        "receipt_event": {"id": 1, "receipt_id": 1, "kind": "voided", "actor": "test", "at": NOON},
        "checkout_attempt": {**attempt, "created_at": NOON, "expires_at": NOON},
        "allocation": {"donation_id": donation.id, "fund_id": appeal.funds[1].id, "amount_minor": 1},
        "period": {"starts_on": NOON.date(), "ends_on": NOON.date()},
        "account": {"code": 9999, "name": "New", "kind": "asset"},
        **_of_the_treasury(donation.id, appeal.funds[0].id),
        **_of_appeals(money), **_of_branches(), **_of_staff(), **_of_the_installation(),
        **decision_rows.rows(appeal.id, donation.id, appeal.funds[0].id),
    }  # fmt: skip


def _of_the_installation() -> dict[str, dict[str, Any]]:
    return {
        "archive_record": {"act": "written", "at": NOON, "made_at": NOON, "name": "a.ffarchive", "bytes": 1},
        "approval_rule": {
            "form_key": "k", "approvals_required": 2, "one_up_to_minor": 0, "reason": "r", "state": "requested",
            "requested_by": "test", "requested_at": NOON,
        },
        "webhook_arrival": {"outcome": "accepted", "count": 1, "first_at": NOON, "last_at": NOON},
    }  # fmt: skip


def _of_the_treasury(donation_id: int, fund_id: int) -> dict[str, dict[str, Any]]:
    money = {"amount_minor": 100, "currency": "GBP"}
    line = _a_statement_line(money)
    disbursement = {
        "form_key": "k", "fund_id": fund_id, "purpose": "x", "payee_masked": "x", "approvals_required": 1,
        "state": "requested", "requested_by": "test", "requested_at": NOON, **money,
    }  # fmt: skip
    periods, payment_requests = db.metadata.tables["period"], db.metadata.tables["payment_request"]
    db.session.execute(insert(periods).values(id=9, starts_on=date(2020, 1, 1), ends_on=date(2020, 1, 31)))
    db.session.execute(insert(payment_requests).values(id=9, **disbursement))
    return {
        "bank_account": {"name": "New", "currency": "GBP"},
        "statement_line": line | {"id": 2, "dedupe_key": b"new"},
        "match": {
            "id": 1, "statement_line_id": 1, "kind": "charge", "amount_minor": 1, "state": "confirmed",
            "rule": "by hand", "actor": "test", "made_at": NOON,
        },
        "offline_donation": {
            "id": 1, "donation_id": donation_id, "method": "cash", "state": "recorded", "received_on": NOON.date(),
            "recorded_by": "test", "recorded_at": NOON,
        },
        "paying_in_slip": {
            "bank_account_id": 9, "expected_count": 1, "expected_minor": 1, "currency": "GBP", "made_by": "test",
            "made_at": NOON,
        },
        "payment_request": disbursement | {"form_key": "new"},
        "approval": {"payment_request_id": 9, "actor": "test", "verdict": "yes", "at": NOON},
        "adjustment": {
            "form_key": "new", "kind": "opening", "state": "made", "fund_id": fund_id, "dated_on": NOON.date(),
            "reason": "x", "authority": "x", "requested_by": "test", "requested_at": NOON, **money,
        },
        "message_decision": {"donation_id": donation_id, "appeal_id": 1, "verdict": "approved"},
        "period_signature": {"period_id": 9, "act": "close", "actor": "test", "at": NOON},
    }  # fmt: skip


def _of_appeals(money: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "posting_stop": {"id": 1, "since": NOON, "reason": "test"},
        "installation": {"id": 1, "opaque_id": "x", "created_at": NOON},
        "recovery": {"payment_id": 1, "outcome": "exact", "at": NOON},
        "embedding_site": {
            "appeal_id": 1, "origin": "x", "times": 1, "first_seen_on": NOON.date(), "last_seen_on": NOON.date(),
        },
        "refund_attempt": {
            "id": 1, "form_key": "k", "reference": "r", "payment_id": 1, "reason": "duplicate", "note": "x",
            "state": "asked", "requested_by": "test", "requested_at": NOON, **money,
        },
        "goal_change": {
            "id": 1, "appeal_id": 1, "currency": "GBP", "after_minor": 1, "valid_from": NOON.date(),
            "changed_by": "test", "changed_at": NOON,
        },
        "subscriber": {
            "id": 1, "reference": "r", "appeal_id": 1, "language": "en", "state": "asked", "asked_at": NOON,
        },
        "milestone": {"appeal_id": 1, "period_start": NOON.date(), "percent": 25, "reached_at": NOON},
    }  # fmt: skip


def _of_branches() -> dict[str, dict[str, Any]]:
    return {
        "webhook_arrival": {"outcome": "accepted", "count": 1, "first_at": NOON, "last_at": NOON},
        "branch_return": {
            "id": 1, "area_id": db.session.scalars(select(Area.id)).first(), "version": 1, "state": "new",
            "method": "cash", "from_on": NOON.date(), "to_on": NOON.date(), "lines": {}, "reason": "",
            "personal_until": NOON.date(), "language": "en", "form_key": "k", "sent_at": NOON, "amount_minor": 100,
            "currency": "GBP",
        },
    }  # fmt: skip


def _of_staff() -> dict[str, dict[str, Any]]:
    staff = {
        "id": 9, "fs_uniquifier": "x", "state": "active", "email_sealed": b"x", "email_hash": b"taken",
        "language": "en", "link_key": "x", "invited_at": NOON,
    }  # fmt: skip
    act = {"id": 1, "at": NOON, "actor": "test", "act": "x", "about": "x", "details": {}, "sha256": "x"}
    for table, row in (("staff", staff), ("audit", act | {"previous_sha256": "taken"})):
        db.session.execute(insert(db.metadata.tables[table]).values(**row))
    return {
        "staff": staff | {"id": 10, "fs_uniquifier": "y", "email_hash": b"new"},
        "staff_role": {"staff_id": 9, "role": "auditor"},
        "staff_session": {
            "id": 1, "key_hash": b"x", "staff_id": 9, "stage": "first", "made_at": NOON, "seen_at": NOON,
            "address_hash": b"x", "browser": "x",
        },
        "audit": act | {"id": 2, "previous_sha256": "x"},
    }  # fmt: skip


def _a_statement_line(money: dict[str, Any]) -> dict[str, Any]:
    """One line that is there, of an account and a statement that are there."""
    statement = {
        "id": 9, "bank_account_id": 9, "file_name": "x", "file_sha256": "x", "format": "csv", "lines_new": 1,
        "lines_known": 0, "imported_by": "test", "imported_at": NOON,
    }  # fmt: skip
    line = {
        "id": 1, "bank_account_id": 9, "statement_id": 9, "position": 1, "booked_on": NOON.date(), **money,
        "personal_until": NOON.date(), "dedupe_key": b"taken", "occurrence": 1,
    }  # fmt: skip
    account = {"id": 9, "name": "Taken", "currency": "GBP"}
    for table, row in (("bank_account", account), ("statement", statement), ("statement_line", line)):
        db.session.execute(insert(db.metadata.tables[table]).values(**row))
    return line


def test_the_good_rows_are_taken(good: dict[str, dict[str, Any]]) -> None:
    for table, row in good.items():
        if table not in ("organisation", "installation"):  # One row of these is there.
            db.session.execute(insert(db.metadata.tables[table]).values(**row))


@pytest.mark.parametrize(("table", "wrong", "said"), REFUSED, ids=[f"{t} {next(iter(w))} {s}" for t, w, s in REFUSED])
def test_a_row_that_breaks_a_rule_is_refused_by_name(
    good: dict[str, dict[str, Any]], table: str, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(IntegrityError, match=said):
        db.session.execute(insert(db.metadata.tables[table]).values(**good[table] | wrong))


def test_every_check_of_the_models_has_been_tried() -> None:
    tried = {f"ck_{table}_{said}" for table, _, said in REFUSED}
    checks = {
        str(constraint.name)
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    # Those of the ledger are tried in test_ledger_triggers.py, the rest by the types that carry them.
    assert {name for name in checks - tried if not name.startswith(("ck_posting", "ck_entry"))} == set()
