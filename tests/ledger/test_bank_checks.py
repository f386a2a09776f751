"""The invariants of payouts, the bank and offline donations: a sound ledger passes, and each check has a fault that it
finds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from donations import ledger
from donations.ledger import bank_checks
from donations.reconciliation.matches import Said
from tests.factories import NOON
from tests.ledger.test_checks import an_entry, corrupt, findings
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, banked, match

STATED = date(2026, 11, 20)
MOMENT = "'2026-11-20 12:00:00'"
PAYOUT = (
    "INSERT INTO payout (id, amount_minor, currency, status, automatic, reconciliation_status, members_listed,"
    f" created_at, arrival_on, said_at) VALUES ('po_1', 500, 'GBP', 'paid', {{yes}}, 'completed', {{yes}}, {MOMENT},"
    f" '2026-11-20', {MOMENT})"
)
OPENING = (
    "INSERT INTO adjustment (form_key, kind, state, fund_id, bank_account_id, amount_minor, currency, dated_on, reason,"
    " authority, requested_by, requested_at) SELECT 'k', 'opening', 'made', f.id, a.id, 100, 'GBP', '2026-11-01', '',"
    f" '', 'test', {MOMENT} FROM fund f, bank_account a WHERE f.slug = 'ali'"
)
FAULTS = {
    "a payout of more than its members": (
        [PAYOUT.format(yes="true")],
        {"I5": "is £5.00, but its transactions add up to £0.00"},
    ),
    "a transfer that only left": (
        [
            statement.replace("idem_key = 'bt:txn_1'", "kind = 'gift'")
            for statement in an_entry(1, "'x:1'", 1, (3100, 5), (1000, -5))
        ],
        {"I8": "add up to £0.05 instead of 0"},
    ),
    "a bank that has more than the books": (
        [OPENING, "UPDATE statement SET closing_minor = 500, ends_on = '2026-11-20'"],
        {"I7": "should say £5.00, but it says £0.00"},
    ),
    "a gift that was accepted and has no receipt": (
        ["UPDATE offline_donation SET state = 'accepted' WHERE state = 'recorded'"],
        {"I11 offline": "the receipt says £0.00, but £7.00 remains"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named(app: Flask, fault: str) -> None:
    # given a sound ledger with cash that is accepted and cash that is not
    a_bank_account()
    accepted(5000)
    a_gift(700)
    assert findings() == {}
    # when they are corrupted
    statements, expected = FAULTS[fault]
    corrupt(*statements)
    # then exactly the questions that it concerns say so
    told = findings()
    assert set(told) == set(expected)
    for invariant, words in expected.items():
        assert any(words in said for said in told[invariant]), told[invariant]


def test_every_question_has_a_fault_that_it_finds() -> None:
    found = {invariant for _, expected in FAULTS.values() for invariant in expected}
    assert found == set(bank_checks.QUESTIONS) <= set(ledger.checks.INVARIANTS)


def test_a_later_line_without_a_balance_leaves_the_last_balance_as_it_was(app: Flask) -> None:
    # given an account that begins with 100.00, and a statement to the 20th on which 50.00 came: 150.00
    account = banked(10000)
    matched = a_line(account, 5000, on=STATED)
    corrupt(
        "UPDATE statement SET closing_minor = 15000, ends_on = '2026-11-20'",
        "UPDATE adjustment SET dated_on = '2026-11-01'",
        "UPDATE entry SET fact_date = '2026-11-01' WHERE kind = 'opening'",
    )
    assert findings() == {}
    # when a file without balances brings a line of a later day, and both are matched, the earlier one after the close
    later = a_line(account, 2500, on=STATED + timedelta(days=5))
    assert findings() == {}
    match(later, Said("unidentified", 2500))
    match(matched, Said("unidentified", 5000), at=NOON + timedelta(days=40))
    # then the ledger still agrees with the bank's balance of the 20th
    assert findings() == {}
    # and an earlier line that is missing from the ledger is still found
    corrupt("DELETE FROM match WHERE amount_minor = 5000")
    assert list(findings()) == ["I7"]
