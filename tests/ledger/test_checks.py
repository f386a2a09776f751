"""Every check of the ledger gives both answers: silent while the ledger is sound, and naming the fault when the
database is corrupted on purpose, without triggers in the test's own copy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from donations import ledger
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, triggers
from donations.money import Money
from tests.events import a_charge, a_transaction, fresh, hear
from tests.factories import NOON, a_donation, gbp


@pytest.fixture
def books(app: Flask) -> str:
    """A donation of 30.00 over three funds with its fee, one of 5.00 to the general fund, one that was declined, and
    one that is not ours. Returns the first one's charge."""
    with write_unit():
        split = a_donation(
            Appeal.any_by_slug("hands-off-ali"), split={"ali": 1800, "ali-family": 600, "sakharovo": 600}
        )
        other, refused = a_donation(Appeal.any_by_slug("fighting-fund"), gbp("5.00")), a_donation(split.appeal)
        references = split.reference, other.reference, refused.reference
    charge = a_charge(references[0], gbp("30.00"))
    hear(charge)
    hear(a_transaction(charge.charge_id, gbp("30.00"), 62, id="txn_1"))
    hear(a_charge(references[1], gbp("5.00"), at=NOON - timedelta(minutes=10)))
    hear(a_charge(references[2], gbp("20.00"), status="failed"))
    hear(a_charge(None, gbp("7.00")))
    return charge.charge_id


def findings() -> dict[str, list[str]]:
    fresh()
    told: dict[str, list[str]] = {}
    for finding in ledger.check(db.session.connection(), NOON).findings:
        told.setdefault(finding.invariant, []).append(finding.said)
    db.session.rollback()
    return told


def corrupt(*statements: str) -> None:
    """Run them as the owner of the database could, with its guards removed."""
    with write_unit() as conn:
        if conn.dialect.name == "postgresql":
            for table in ("posting", "entry", "receipt", "match"):
                conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for name in triggers.EXPECTED["sqlite"]:
                conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        for statement in statements:
            assert conn.execute(text(statement)).rowcount, statement


def test_sound_books_are_found_sound(books: str) -> None:
    report = ledger.check(db.session.connection(), NOON)
    assert report.findings == ()
    assert report.sound
    assert (report.entries, report.postings) == (4, 6 + 9 + 2 + 2)
    assert report.trial_balance == {
        (1100, "GBP"): 2938,
        (1105, "GBP"): 1200,
        (2010, "GBP"): -700,
        (4000, "GBP"): -3500,
        (5000, "GBP"): 62,
    }
    assert sum(report.trial_balance.values()) == 0


def test_empty_books_are_sound(app: Flask) -> None:
    report = ledger.check(db.session.connection(), NOON)
    assert (report.findings, report.open_items, report.entries) == ((), (), 0)


FIRST = "(SELECT min(id) FROM entry WHERE kind = 'settlement')"
ALI = "(SELECT id FROM fund WHERE slug = 'ali')"
ENTRY = (
    "INSERT INTO entry (id, entry_date, fact_date, posted_at, kind, idem_key, revision, reverses, actor, memo,"
    " source_type, source_id) SELECT {id}, entry_date, fact_date, posted_at, kind, {key}, {revision}, NULL, actor,"
    " memo, source_type, source_id FROM entry WHERE idem_key = 'bt:txn_1' AND revision = 1"
)
POSTING = (
    "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
    f" SELECT {{id}}, {{line}}, {{account}}, {ALI}, 'GBP', {{amount}}"
)


def an_entry(id: int, key: str, revision: int, *lines: tuple[int, int]) -> list[str]:
    postings = [
        POSTING.format(id=id, line=number, account=account, amount=amount)
        for number, (account, amount) in enumerate(lines, start=1)
    ]
    return [*postings, ENTRY.format(id=id, key=key, revision=revision)]


FAULTS = {
    "an entry that does not balance": (
        [f"UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_id = {FIRST} AND line = 1"],
        {"I1": "out of balance by £0.01", "I2": "out of balance by £0.01"},
    ),
    "an entry that balances only over its funds": (
        [
            f"UPDATE posting SET fund_id = (SELECT id FROM fund WHERE slug = 'kozlov') WHERE entry_id = {FIRST}"
            f" AND line = 1"
        ],
        {"I1": "is out of balance", "I2": "is out of balance"},
    ),
    "an entry that balances only over its currencies": (
        [f"UPDATE posting SET currency = 'EUR' WHERE entry_id = {FIRST} AND line = 2"],
        {"I1": "is out of balance", "I2": "is out of balance by €0.37"},
    ),
    "two entries of which each makes up for the other": (
        [
            *an_entry(1, "'x:1'", 1, (1100, 5), (5000, 5)),
            *an_entry(2, "'x:2'", 1, (1100, -5), (5000, -5)),
        ],
        {"I1": "entry 1 of fund "},
    ),
    "an entry of a single posting": (
        [*an_entry(1, "'x:1'", 1, (1100, 5))],
        {"I1": "entry 1 of", "I1 sealed": "entry 1 has 1 postings", "I2": "£0.05"},
    ),
    "an entry without a posting": ([*an_entry(1, "'x:1'", 1)], {"I1 sealed": "entry 1 has 0 postings"}),
    "a refund that no receipt was replaced for": (
        [
            "INSERT INTO refund (id, payment_id, amount_minor, currency, status, created_at) SELECT 're_1', id, 1000,"
            " 'GBP', 'succeeded', first_seen_at FROM payment WHERE amount_minor = 3000"
        ],
        {"I11 remaining": "the receipt says £30.00, but £20.00 remains"},
    ),
    "a balance transaction that was never booked": (
        [
            "INSERT INTO balance_transaction (id, number, payment_id, type, reporting_category, amount_minor,"
            " fee_minor, net_minor, currency, created_at, available_on) SELECT 'txn_2', 2, id, 'charge', 'charge',"
            " 5, 0, 5, 'GBP', first_seen_at, '2026-11-28' FROM payment WHERE amount_minor = 3000"
        ],
        {"I3": "Stripe transaction txn_2 has 0 entries"},
    ),
    "a balance transaction that was booked twice": (
        [*an_entry(1, "'bt:txn_1'", 2, (1100, 5), (5000, -5))],
        {"I3": "Stripe transaction txn_1 has 2 entries", "I12": "bt:txn_1 is recorded 2 times"},
    ),
    "a stored total that is a penny too high": (
        [f"UPDATE fund_total SET raised_minor = raised_minor + 1 WHERE fund_id = {ALI}"],
        {"I10": " is £18.01, but the ledger says £18.00"},
    ),
    "a stored total of another period": (
        [f"UPDATE fund_total SET period_start = '2026-10-01' WHERE fund_id = {ALI}"],
        {"I10": " is £18.00, but the ledger says £0.00"},
    ),
    "a stored total that is lost": (
        [f"DELETE FROM fund_total WHERE fund_id = {ALI}"],
        {"I10": " is £0.00, but the ledger says £18.00"},
    ),
    "income that no total knows of": (
        [*an_entry(1, "'x:1'", 1, (1105, 50), (4000, -50))],
        {"I10": " is £18.00, but the ledger says £18.50"},
    ),
    "a count that is too high": (
        ["UPDATE appeal_total SET donations = 2 WHERE donations = 1 AND period_start = '1970-01-01'"],
        {"I10 count": "shows 2 donations, not 1"},
    ),
    "a gift that is not counted": (
        ["UPDATE donation SET counted_in = NULL WHERE amount_minor = 500"],
        {"I10 count": "shows 1 donations, not 0"},
    ),
    "a count that is lost": (
        ["DELETE FROM appeal_total WHERE donations = 1 AND period_start = '1970-01-01'"],
        {"I10 count": "shows 0 donations, not 1"},
    ),
    "a number that was taken and has no receipt": (
        ["UPDATE receipt_series SET next_number = 4"],
        {"I11 gaps": "series R has used 3 numbers, but has 2 receipts and the last number is 2"},
    ),
    "a receipt that is gone": (
        ["DELETE FROM mail", "DELETE FROM receipt WHERE number = 1"],
        {"I11 gaps": "2 numbers, but has 1 receipts and the last number is 2", "I11 missing": "has no receipt"},
    ),
    "a receipt with a number that was not its turn": (
        ["UPDATE receipt SET number = 9 WHERE number = 2"],
        {"I11 gaps": "has used 2 numbers, but has 2 receipts and the last number is 9"},
    ),
    "a receipt that says more than was received": (
        ["UPDATE receipt SET amount_minor = 3001 WHERE number = 1"],
        {"I11 amount": "receipt R-000001 says £30.01, but £30.00 was received"},
    ),
    "a receipt for money that failed": (
        ["UPDATE payment SET failed_at = succeeded_at WHERE amount_minor = 500"],
        {"I11 amount": "receipt R-000002 says £5.00, but £0.00 was received"},
    ),
    "a receipt in another currency than the gift's": (
        ["UPDATE receipt SET currency = 'EUR' WHERE number = 1"],
        {"I11 amount": "receipt R-000001"},
    ),
    "a gift whose receipt was voided": (
        ["UPDATE receipt SET state = 'void' WHERE number = 1"],
        {"I11 missing": "has no receipt"},
    ),
    "two live entries for one thing": (
        [*an_entry(1, "'x:1'", 1, (1100, 5), (5000, -5)), *an_entry(2, "'x:1'", 2, (1100, 5), (5000, -5))],
        {"I12": "x:1 is recorded 2 times"},
    ),
    "an act that follows no other": (
        [
            "INSERT INTO audit (id, at, actor, act, about, details, previous_sha256, sha256)"
            " VALUES (1, '2026-11-21 12:00:00', 'x', 'x', 'x', '{}', 'x', 'x')"
        ],
        {"I13": "act 1 does not follow the one before it"},
    ),
    "a closed period that says something else": (
        [
            "INSERT INTO period (id, starts_on, ends_on, state) VALUES (7, '2026-11-01', '2026-11-30', 'closed')",
            "INSERT INTO period_balance (period_id, closed_at, figures, sha256)"
            " VALUES (7, '2026-12-01 12:00:00', '[]', 'what was signed')",
        ],
        {"I14": "closed period 7 no longer has the figures that were signed"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named(books: str, fault: str) -> None:
    # given a sound ledger
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
    assert found == set(ledger.checks.INVARIANTS) - set(ledger.bank_checks.QUESTIONS)  # test_bank_checks.py


def test_what_has_been_reversed_does_not_count_as_live(books: str) -> None:
    # given a donation that Stripe settles in another currency than was guessed, so that its entry was reversed
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("9.00")).reference
    charge = a_charge(reference, gbp("9.00"))
    hear(charge)
    hear(a_transaction(charge.charge_id, Money(1000, "EUR"), 30))
    # then that is not a fault
    assert findings() == {}


def test_open_items_say_what_waits_to_be_cleared_and_since_when(books: str) -> None:
    report = ledger.check(db.session.connection(), NOON)
    told = "\n".join(report.open_items)
    # The donation of 5.00 and the one that is not ours wait for their fee; the latter for a decision, too.
    assert len(report.open_items) == 3
    assert "1105 Charges and refunds in settlement: ch_" in told
    assert " £5.00 since 2026-11-21" in told
    assert "2010 Unidentified receipts: ch_" in told
    assert " -£7.00 since 2026-11-21" in told
    assert books not in told


def test_a_fee_that_is_late_by_an_hour_is_an_open_item_and_no_fault(books: str) -> None:
    def late(at_hours: float) -> list[str]:
        report = ledger.check(db.session.connection(), NOON + timedelta(hours=at_hours))
        assert report.sound
        return [item for item in report.open_items if "over an hour" in item]

    # given charges of 11:50 and 12:00 without a balance transaction
    assert late(0.5) == []
    assert late(0.9) == ["card payments without their processing fee for over an hour: 1"]
    assert late(1.1) == ["card payments without their processing fee for over an hour: 2"]


def test_a_check_changes_nothing(books: str) -> None:
    with write_unit() as conn:
        before = [conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("entry", "posting")]
        ledger.check(conn, NOON)
        after = [conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("entry", "posting")]
    assert before == after
