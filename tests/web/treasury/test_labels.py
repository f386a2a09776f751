"""Every code that a page may meet has a name in both languages: Stripe's statuses and reasons, our own kinds of log
entries. A code that is younger than the tables is shown beside a neutral word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from donations import mail_kinds, stripe_statuses
from donations.inbox.handlers import HANDLERS
from donations.paper import amounts_in_words, stripe_labels
from donations.reconciliation.to_do import KINDS
from donations.web.filters import label
from donations.web.staff import audit_labels
from donations.web.treasury import labels, to_do_labels

pytestmark = pytest.mark.databases("sqlite")
STATUSES = (
    (stripe_statuses.DisputeStatus, labels.DISPUTE_STATES),
    (stripe_statuses.RefundStatus, labels.REFUND_STATES),
    (stripe_statuses.PayoutStatus, labels.PAYOUT_STATES),
)
# What Stripe's description of its interface lists for each.
REASONS = {
    "dispute_reasons": "bank_cannot_process check_returned credit_not_processed customer_initiated "
    "debit_not_authorized duplicate fraudulent general incorrect_account_details insufficient_funds noncompliant "
    "product_not_received product_unacceptable subscription_canceled unrecognized",
    "fraud_types": "card_never_received fraudulent_card_application made_with_counterfeit_card made_with_lost_card "
    "made_with_stolen_card misc unauthorized_use_of_card",
    "refund_failures": "lost_or_stolen_card expired_or_canceled_card charge_for_pending_refund_disputed "
    "insufficient_funds declined merchant_request unknown never_arrived",
    "pending_reasons": "charge_pending insufficient_funds processing",
    "transaction_types": "charge charge_failure dispute dispute_reversal fee other_adjustment "
    "partial_capture_reversal payout payout_reversal refund refund_failure risk_reserved_funds topup topup_reversal "
    "transfer transfer_reversal",
}
# Kinds whose name is put together where they are written.
PUT_TOGETHER = (
    "appeal.paused", "appeal.hidden", "appeal.opened", "appeal.shown", "message.approved", "message.hidden",
    "pay_in_link.made", "pay_in_link.revoked", "disbursement.approved", "disbursement.refused", "disbursement.sent",
    "disbursement.not_sent", "staff.change_made", "staff.change_refused",
)  # fmt: skip
_SOURCES = Path(audit_labels.__file__).parents[2]
_KIND = re.compile(r"[a-z_]+\.[a-z_]*[a-z]")
_RECORDING = {"record": 2, "act": 0, "_note": 0, "note": 1}  # the place of the kind among the arguments


def _written_kinds() -> Iterator[str]:
    """The kinds of log entries that stand in the sources, in a call or in a name of a module for them."""
    for path in _SOURCES.rglob("*.py"):
        if path.parent.name == "sandbox":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in _RECORDING and len(call.args) > _RECORDING[name]:
                for part in ast.walk(call.args[_RECORDING[name]]):
                    if isinstance(part, ast.Constant) and _KIND.fullmatch(str(part.value)):
                        yield str(part.value)


def _has_both(found: Mapping[Any, Any], code: str) -> bool:
    if code not in found:
        return False
    with force_locale("en"):
        english = str(found[code])
    with force_locale("ru"):
        russian = str(found[code])
    return bool(english) and bool(re.search("[а-яё]", russian))


@pytest.mark.parametrize(("statuses", "named"), STATUSES)
def test_every_status_of_stripes_has_a_name_in_both_languages(app: Flask, statuses: Any, named: Any) -> None:
    with app.test_request_context():
        assert [status for status in statuses if not _has_both(named, status)] == []


@pytest.mark.parametrize("table", REASONS)
def test_every_reason_of_stripes_has_a_name_in_both_languages(app: Flask, table: str) -> None:
    with app.test_request_context():
        assert [code for code in REASONS[table].split() if not _has_both(labels.known()[table], code)] == []


def test_every_event_that_is_handled_belongs_to_a_family_with_a_name(app: Flask) -> None:
    with app.test_request_context():
        families = {kind.rpartition(".")[0] for kind in HANDLERS}
        assert [one for one in families if not _has_both(stripe_labels.EVENT_FAMILIES, one)] == []


def test_every_kind_of_log_entry_has_a_name_in_both_languages(app: Flask) -> None:
    written = {*_written_kinds(), *PUT_TOGETHER}

    assert len(written) > 80, "the sources are read"
    with app.test_request_context():
        assert sorted(kind for kind in written if not _has_both(audit_labels.ACTS, kind)) == []


def test_every_kind_of_the_to_do_list_and_of_emails_has_a_name(app: Flask) -> None:
    with app.test_request_context():
        assert [kind for kind in KINDS if not _has_both(to_do_labels.OPEN_ITEMS, kind)] == []
        assert [kind for kind in mail_kinds.KINDS if not _has_both(to_do_labels.MAILS, kind)] == []


def test_a_code_that_is_younger_than_the_tables_is_shown_beside_a_neutral_word(app: Flask) -> None:
    with app.test_request_context():
        with force_locale("en"):
            assert label("cosmic_rays", stripe_labels.DISPUTE_REASONS) == "other: cosmic rays"
            assert amounts_in_words.method("shells") == "Other method (shells)"
        with force_locale("ru"):
            assert label("cosmic_rays", stripe_labels.DISPUTE_REASONS) == "другое: cosmic rays"
        assert label(None, stripe_labels.DISPUTE_REASONS) == ""
