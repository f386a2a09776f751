"""What is kept of people goes when its date has come, whatever happens meanwhile, and the books stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import LargeBinary, insert, select, update

from donations import data_keys, database, inbox, ledger, privacy, retention, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import (
    Area,
    BankLine,
    BankLineVersion,
    Brake,
    Disbursement,
    Fund,
    LineQuestion,
    MatchRule,
    PayIn,
    Receipt,
    StripeEvent,
)
from donations.models.base import Model
from donations.reconciliation import files
from donations.worker import erasure
from donations.worker.jobs import JOBS
from tests import events
from tests.factories import NOON
from tests.house import ROOT
from tests.reconciliation.readers.examples import example
from tests.reconciliation.steps import banked
from tests.reconciliation.test_spending import ask_for
from tests.reconciliation.test_statements import an_account, bring
from tests.worker.steps import received

DAY = timedelta(days=1)
SEVEN_YEARS = timedelta(days=7 * 366)
PAGE = ROOT / "docs" / "personal-data.md"
CAMT = example("camt053.xml").decode()
# What other code erases, or what stays and why: docs/personal-data.md says it of each.
ELSEWHERE = ("data_key", "donation_check", "kept_form", "mail", "staff", "subscription")


@pytest.fixture(autouse=True)
def files_folder(app: Flask, tmp_path: Path) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path / "files")


@pytest.fixture
def lived(app: Flask) -> dict[str, Any]:
    """An installation in which something of each kind has happened at NOON. Gives what must be gone later."""
    reference = "r" * 20
    received(reference=reference, **{
        f"{what}_sealed": privacy.seal(text, f"donation:{reference}:{what}")
        for what, text in (("name", "Maya Example"), ("email", "maya@example.org"), ("message", "Hold on"))
    })  # fmt: skip
    said = events.as_text(events.event("charge.succeeded", events.charge(reference)))
    assert inbox.receive(stripe_gateway.parse_event(said), said.encode(), at=NOON) in ("handled", "ignored")
    account = an_account("Current account")
    assert bring(account, CAMT, NOON).new > 0
    banked(50000)
    evidence = files.keep("evidence", b"%PDF-1.7 an invoice")
    spent = ask_for(
        1000, evidence_name="Ivanov.pdf", evidence_sha256=evidence, evidence_type="application/pdf"
    )  # fmt: skip
    in_rows_of_their_own(spent)
    return {"account": account, "evidence": evidence, "sealed": list(sealed_values())}  # fmt: skip


def in_rows_of_their_own(spent: int) -> None:
    """What takes many steps to come about, written as it then stands."""
    until = privacy.donor_data_until(NOON.date())
    with write_unit() as conn:
        db.session.get_one(Disbursement, spent).state = "cancelled"
        line, amount = db.session.query(BankLine).first(), {"amount_minor": 100, "currency": "GBP"}
        assert line is not None
        rows: tuple[tuple[type[Model], str, dict[str, Any]], ...] = (
            (BankLineVersion, "details", {"bank_line_id": line.id, "replaced_at": NOON}),
            (LineQuestion, "details", {
                "bank_line_id": line.id, "statement_id": line.statement_id, "position": 1, "reason": "near",
                "state": "open", "booked_on": line.booked_on, "dedupe_key": b"k", **amount,
            }),
            (PayIn, "words", {
                "area_id": conn.scalar(select(Area.id)), "version": 1, "state": "new", "method": "cash",
                "from_on": NOON.date(), "to_on": NOON.date(), "lines": {"collection": 100}, "language": "en",
                "form_key": "form", "sent_at": NOON, **amount,
            }),
        )  # fmt: skip
        for model, what, columns in rows:
            sealed = privacy.seal("{}", f"{model.__tablename__}:1:{what}")
            conn.execute(insert(model).values(id=1, personal_until=until, **{f"{what}_sealed": sealed}, **columns))
        fund_id = db.session.scalar(select(Fund.id))
        db.session.add(Brake(key_hash=b"k" * 32, failures=1, failed_at=NOON, wait_until=NOON))
        db.session.add(MatchRule(payer_hash=b"p" * 32, fund_id=fund_id, accepted_by="maya", accepted_at=NOON))


def sealed_values() -> Iterator[bytes]:
    """Every sealed value that a rule erases, as it stands in the database."""
    db.session.rollback()
    for rule in retention.RULES:
        for name in rule.erased:
            if isinstance(rule.table.c[name].type, LargeBinary):
                column = rule.table.c[name]
                yield from db.session.scalars(select(column).where(column.is_not(None)))
    db.session.rollback()


def kept() -> dict[str, int]:
    db.session.rollback()
    return {one.name: one.kept for one in retention.progress(db.session.connection(), NOON)}


def test_nothing_goes_before_its_day_and_everything_after_it(lived: dict[str, Any]) -> None:
    # given something of every rule but the sessions of staff, who have none here
    assert [name for name, count in kept().items() if not count] == [
        "payers' accounts and counters of offline donations", "sessions of staff",
    ]  # fmt: skip
    before = kept()

    # then the raw events go after 35 days, and brakes after 30, and nothing else
    erasure.erase_personal_data(NOON + 35 * DAY)
    assert kept() == before | {"brakes on signing in": 0}
    erasure.erase_personal_data(NOON + 36 * DAY)
    assert kept() == before | {"brakes on signing in": 0, "raw events of Stripe": 0}
    erasure.erase_personal_data(NOON + 6 * 365 * DAY)
    assert kept() == before | {"brakes on signing in": 0, "raw events of Stripe": 0}

    # and after six years all of it, with the evidence
    assert files.read("evidence", lived["evidence"])
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert set(kept().values()) == {0}
    assert list(sealed_values()) == []
    assert files.all_of("evidence") == []
    assert db.session.query(Disbursement.payee_masked, Disbursement.evidence_name).one() == ("…", None)


@pytest.mark.databases("sqlite")
def test_not_a_byte_of_it_is_left_in_the_files_of_sqlite(app: Flask, lived: dict[str, Any]) -> None:
    database.truncate_wal()
    file = app.config["SETTINGS"].database_file
    inside = [value for value in lived["sealed"] if value in bytes_of(file)]
    assert len(inside) > 5, "what is looked for stands there before"
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert [value for value in lived["sealed"] if value in bytes_of(file)] == []


def bytes_of(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))


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
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert set(kept().values()) == {0}


def test_an_event_that_nobody_has_handled_is_kept_until_it_is(lived: dict[str, Any]) -> None:
    with write_unit():
        db.session.execute(update(StripeEvent).values(state="due", next_attempt_at=NOON))
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    assert kept()["raw events of Stripe"] == 1


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
    files.keep("statements", b"a statement")
    lost = files.keep("evidence", b"%PDF-1.7 of a request that was never saved")
    now = datetime.now(UTC)
    erasure.erase_personal_data(now + timedelta(hours=23))
    assert [len(files.all_of(shelf)) for shelf in ("statements", "evidence")] == [1, 2]
    erasure.erase_personal_data(now + timedelta(hours=25))
    assert [len(files.all_of(shelf)) for shelf in ("statements", "evidence")] == [0, 2]
    erasure.erase_personal_data(now + 36 * DAY)
    assert [path.name for path in files.all_of("evidence")] == [lived["evidence"]] != [lost]


def test_the_doctor_names_what_is_kept_beyond_its_date(lived: dict[str, Any]) -> None:
    conn = db.session.connection()
    assert [level for level, _, _ in retention.findings(conn, NOON + 37 * DAY)] == ["fault"]  # the brake
    found = list(retention.findings(conn, NOON + SEVEN_YEARS))
    assert len(found) > 8
    assert all(level == "fault" and "`erasure`" in says for level, _, says in found)
    erasure.erase_personal_data(NOON + SEVEN_YEARS)
    db.session.rollback()
    assert [level for level, _, _ in retention.findings(db.session.connection(), NOON + SEVEN_YEARS)] == ["ok"]


def test_the_worker_erases_each_hour() -> None:
    assert [job.every for job in JOBS if job.run is erasure.erase_personal_data] == [timedelta(hours=1)]


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
    assert {table for table, _ in set(data_keys.SEALED) - ruled} == set(ELSEWHERE)
