"""Every table that keeps the key of a form, so that it acts once, has a test of what the used form says."""

from __future__ import annotations

from donations.extensions import db
from tests.house import ROOT

# table: the file in which its used form is tried
HELD = {
    "donation": "tests/web/test_paying_twice.py",  # by the check of a donation, and by the form of an offline one
    "refund_attempt": "tests/web/treasury/test_used_forms.py",
    "adjustment": "tests/web/treasury/test_used_forms.py",
    "payment_request": "tests/web/treasury/test_used_forms.py",
    "branch_return": "tests/web/treasury/test_used_forms.py",
    "approval_rule": "tests/web/treasury/test_approvals.py",
    "appeal_update": "tests/web/campaigns/test_used_forms.py",
    "appeal_draft": "tests/web/campaigns/test_used_forms.py",
}


# What such a form sets for one item, a second one of the same form would only set again.
OF_ONE_THING = {
    "correction": "one correction of exactly one finding, which is gone when it is made",
    "classification": "what one payment or Stripe transaction is",
}


def test_each_form_that_acts_once_is_tried_after_it_was_used() -> None:
    keyed = {table.name for table in db.metadata.tables.values() if "form_key" in table.columns}
    assert keyed == set(HELD) | set(OF_ONE_THING)
    for table, file in HELD.items():
        assert "been used" in (ROOT / file).read_text(encoding="utf-8"), table
