"""What is kept of people goes when its date has come, whatever happens meanwhile, and the ledger stays as it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from donations import data_keys, ledger, retention
from donations.database import write_unit
from donations.extensions import db
from donations.giving import checkouts
from donations.models import (
    PaymentRequest,
    Receipt,
    StripeEvent,
)
from donations.reconciliation import file_store
from donations.worker import erasure
from donations.worker.jobs import JOBS
from tests.factories import NOON
from tests.fixtures.lived import CAMT, erase, gone, kept, sealed_values
from tests.house import ROOT
from tests.reconciliation.test_statements import bring

DAY = timedelta(days=1)
SEVEN_YEARS = timedelta(days=7 * 366)
PAGE = ROOT / "docs" / "personal-data.md"
# What other code erases, or what stays and why: docs/personal-data.md says it of each.
ELSEWHERE = ("data_key", "staff", "staff_change")


def test_nothing_goes_before_its_day_and_everything_after_it(lived: dict[str, Any]) -> None:
    # given something of every rule but the sessions of staff and what they unlock, who have none here
    assert [name for name, count in kept().items() if not count] == [
        "payers' accounts and counters of offline donations", "unlocked offline keys", "sessions of staff",
    ]  # fmt: skip
    before = kept()

    # then forms of the team go after eight hours, and what was not paid, with what belongs to it, after a day
    erase(NOON + timedelta(hours=9))
    assert gone(before) == ["forms of the team that came too late"]
    erase(NOON + timedelta(hours=25))
    soon = [
        "what was typed for donations that were not paid", "donations that were typed and not sent yet",
        "forms of the team that came too late", "networks that payment pages were opened from",
        "events that told of no money", "addresses of subscribers",
    ]  # fmt: skip
    assert gone(before) == soon

    # and addresses and brakes after 30 days, raw events after 35, and nothing else
    erase(NOON + 30 * DAY)
    assert gone(before) == soon
    erase(NOON + 31 * DAY)
    later = ["addresses of emails", "brakes on signing in"]
    assert sorted(gone(before)) == sorted(soon + later)
    erase(NOON + 35 * DAY)
    assert sorted(gone(before)) == sorted(soon + later)
    erase(NOON + 36 * DAY)
    assert sorted(gone(before)) == sorted([*soon, *later, "raw events of Stripe"])
    erase(NOON + 6 * 365 * DAY)
    later += ["raw events of Stripe", "questions that wait for the offline key"]
    assert sorted(gone(before)) == sorted([*soon, *later])

    # and after six years all of it, with the evidence
    assert file_store.read("evidence", lived["evidence"])
    erase(NOON + SEVEN_YEARS)
    assert set(kept().values()) == {0}
    assert list(sealed_values()) == []
    assert file_store.all_of("evidence") == []
    assert db.session.query(PaymentRequest.payee_masked, PaymentRequest.evidence_name).one() == ("…", None)


def test_a_job_that_is_killed_half_way_is_gone_on_with(lived: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    whole, calls = retention.erase, []

    def killed(*args: Any) -> int:
        calls.append(args)
        if len(calls) == 4:
            raise RuntimeError("killed")
        return whole(*args)

    monkeypatch.setattr(retention, "erase", killed)
    with pytest.raises(RuntimeError, match="killed"):
        erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert sum(kept().values()) > 0
    erase(NOON + SEVEN_YEARS)
    assert set(kept().values()) == {0}


def test_an_event_that_nobody_has_handled_is_kept_until_it_is(lived: dict[str, Any]) -> None:
    with write_unit():
        db.session.execute(update(StripeEvent).values(state="due", next_attempt_at=NOON))
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert kept()["raw events of Stripe"] == 2


def test_books_receipt_check_and_import_go_on(client: FlaskClient, lived: dict[str, Any]) -> None:
    receipt = db.session.query(Receipt).one()
    label, code = receipt.label, receipt.payload_sha256
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    db.session.rollback()
    assert ledger.check(db.session.connection(), NOON).findings == ()
    after = db.session.query(Receipt).one()
    assert (after.label, after.payload_sha256, after.state) == (label, code, "live")
    # the same bank statement brings nothing a second time
    account = db.session.merge(lived["account"])
    again = bring(account, CAMT, NOON + SEVEN_YEARS)
    assert (again.new, again.known > 0) == (0, True)


@pytest.mark.databases("sqlite")
def test_a_file_that_nothing_names_goes(lived: dict[str, Any]) -> None:
    file_store.keep("statements", b"a statement")
    lost = file_store.keep("evidence", b"%PDF-1.7 of a request that was never saved")
    now = datetime.now(UTC)
    erasure.erase_personal_data(now + timedelta(hours=23))
    assert [len(file_store.all_of(shelf)) for shelf in ("statements", "evidence")] == [1, 2]
    erasure.erase_personal_data(now + timedelta(hours=25))
    assert [len(file_store.all_of(shelf)) for shelf in ("statements", "evidence")] == [0, 2]
    erasure.erase_personal_data(now + 36 * DAY)
    assert [path.name for path in file_store.all_of("evidence")] == [lived["evidence"]] != [lost]


def test_the_doctor_names_what_is_kept_beyond_its_date(lived: dict[str, Any]) -> None:
    conn = db.session.connection()
    said = dict.fromkeys(says for _, _, says in retention.findings(conn, NOON + 4 * DAY))
    assert len(said) == 5, said  # what should have gone within a day
    found = list(retention.findings(conn, NOON + SEVEN_YEARS))
    assert len(found) == len(retention.RULES) - 3  # no offline donation, no session of staff
    assert {level for level, _, _ in found} == {"fault"}
    for job in ("erasure", "empty-unpaid", "forget-followers"):
        assert any(f"`{job}`" in says for _, _, says in found)
    erase(NOON + SEVEN_YEARS)
    db.session.rollback()
    assert [level for level, _, _ in retention.findings(db.session.connection(), NOON + SEVEN_YEARS)] == ["ok"]


def test_the_worker_carries_out_every_rule_and_most_of_them_each_ten_minutes() -> None:
    assert [job.every for job in JOBS if job.run is erasure.erase_personal_data] == [timedelta(minutes=10)]
    assert {rule.job for rule in retention.RULES} <= {job.name for job in JOBS}


def test_a_payment_page_is_over_before_what_was_typed_for_it_is_erased() -> None:
    assert retention.UNPAID_DONATIONS_KEPT > checkouts.LIFETIME


def test_every_column_with_personal_data_is_in_the_documentation() -> None:
    """Whatever is sealed, or hashed with a key, tells of a person."""
    told = set(re.findall(r"`(\w+)\.(\w+)`", PAGE.read_text(encoding="utf-8")))
    personal = set(data_keys.SEALED) | data_keys.LASTING_HASHES
    personal |= {(table, column) for (table, _), (column, _) in data_keys.HASHED.items()}
    personal |= {(rule.table.name, name) for rule in retention.RULES for name in (*rule.erased, *rule.blank)}
    personal |= {(table.name, column.name) for table in db.metadata.tables.values() for column in table.columns
                 if column.name == "personal_until" or column.name.endswith("_sealed")}  # fmt: skip
    assert personal - told == set()
    there = {(table.name, column.name) for table in db.metadata.tables.values() for column in table.columns}
    assert told - there == set()


def test_every_sealed_column_has_a_rule_or_another_way_to_go() -> None:
    ruled = {(rule.table.name, name) for rule in retention.RULES for name in rule.erased}
    whole = {rule.table.name for rule in retention.RULES if not rule.erased}
    ruled |= {(table, column) for table, column in data_keys.SEALED if table in whole}
    assert {table for table, _ in set(data_keys.SEALED) - ruled} == set(ELSEWHERE)
