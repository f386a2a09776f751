"""`donations ledger resume` and `cure` while posting is stopped: what is wrong and how each is corrected, as text, and
the correction made from the command line; `doctor` says it too."""

from __future__ import annotations

import re

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from donations.cli.doctor import database
from donations.database import write_unit
from donations.errors import FindingGone, PostingStopped
from donations.extensions import db
from donations.models import Appeal, Correction, Organisation, PostingStop
from donations.worker.ledger_checks import check_ledger
from tests.events import a_charge, balances, fresh, hear
from tests.factories import NOON, a_donation, gbp


@pytest.fixture
def charge_id(app: Flask) -> str:
    """A donation of 20.00 to Ali."""
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    charge = a_charge(reference, gbp("20.00"))
    hear(charge)
    return charge.charge_id


def ledger(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", *words])


def spoil(statement: str) -> None:
    with write_unit() as conn:
        assert conn.execute(text(statement)).rowcount
    check_ledger(NOON)


def halted() -> bool:
    fresh()
    return db.session.get(PostingStop, 1) is not None


VOID = "UPDATE receipt SET state = 'void'"
TAKE_A_PENNY = "UPDATE fund_total SET raised_minor = raised_minor - 1"


def test_resume_says_what_is_wrong_what_it_means_and_how_it_is_corrected(app: Flask, charge_id: str) -> None:
    spoil(VOID)
    done = ledger(app, "resume")
    assert done.exit_code == 1
    assert f"Check failed (I11 missing): payment {charge_id} was received" in done.output
    assert f"Payment {charge_id} was received but has no receipt" in done.output
    assert "Every donation we received has one valid receipt." in done.output
    assert re.search(r'Reissue receipt: donations ledger cure \w{10} reissue --reason "..."', done.output)
    assert re.search(rf"Refund payment: donations ledger cure \w{{10}} refund {charge_id} --reason", done.output)
    assert "/treasury/posting-stop" in done.output


@pytest.mark.parametrize("broken", [VOID, TAKE_A_PENNY])
def test_the_first_command_that_resume_names_corrects_it(app: Flask, charge_id: str, broken: str) -> None:
    # given what resume says
    spoil(broken)
    said = re.findall(r"donations ledger (cure \w+ \w+) --reason", ledger(app, "resume").output)[0]
    # when it is done
    done = ledger(app, *said.split(), "--reason", "Found in the monthly check")
    # then posting is resumed, and there is nothing left to correct
    assert done.exit_code == 0
    assert "Done." in done.output
    assert ledger(app, "resume").output == "Posting goes on. Events to process: 0. Next: donations ledger check\n"
    again = ledger(app, *said.split(), "--reason", "Found in the monthly check")
    assert isinstance(again.exception, FindingGone)


def test_resume_goes_on_where_only_lesser_faults_are_left(app: Flask, charge_id: str) -> None:
    spoil(TAKE_A_PENNY)
    with write_unit() as conn:
        conn.execute(text("UPDATE fund_total SET raised_minor = raised_minor + 1"))
        conn.execute(
            text(
                "INSERT INTO balance_transaction (id, number, type, reporting_category, amount_minor, fee_minor,"
                " net_minor, currency, created_at, available_on) VALUES ('txn_astray', 7, 'x', 'fee', 5, 0, 5, 'GBP',"
                " '2026-11-21 12:00:00', '2026-11-21')"
            )
        )
    assert ledger(app, "check").exit_code == 1
    assert ledger(app, "resume").exit_code == 0


def test_a_charge_is_assigned_under_the_stop_where_that_is_a_correction(app: Flask, charge_id: str) -> None:
    spoil(VOID)
    done = ledger(app, "assign", charge_id, "kozlov", "--reason", "Her letter names Kozlov.")
    assert done.exit_code == 0
    fresh()
    assert balances()[4000, "kozlov", "GBP", None] == -2000
    assert ledger(app, "resume").exit_code == 0


def test_another_charge_is_not_assigned_under_the_stop(app: Flask, charge_id: str) -> None:
    other = a_charge(None, gbp("7.00"))
    hear(other)
    spoil(VOID)
    done = ledger(app, "assign", other.charge_id, "kozlov", "--reason", "Her letter names Kozlov.")
    assert isinstance(done.exception, PostingStopped)
    assert halted()


def test_where_two_must_approve_the_command_only_asks(app: Flask, charge_id: str) -> None:
    with write_unit():
        Organisation.get().approvals_required = 2
    spoil(VOID)
    done = ledger(app, "assign", charge_id, "kozlov", "--reason", "Her letter names Kozlov.")
    assert done.exit_code == 0
    assert "Another person must approve this" in done.output
    fresh()
    assert [row.state for row in db.session.query(Correction)] == ["requested"]
    assert balances()[4000, "ali", "GBP", None] == -2000


@pytest.mark.parametrize("words", [("x", "nothing"), ("x", "assign"), ("x", "assign", "ch_1", "--fund", "none")])
def test_wrong_usage_is_said(app: Flask, charge_id: str, words: tuple[str, ...]) -> None:
    spoil(VOID)
    assert ledger(app, "cure", *words, "--reason", "x").exit_code == 2
    assert ledger(app, "cure", "x", "reissue").exit_code == 2


def test_the_doctor_says_since_when_and_why(app: Flask, charge_id: str) -> None:
    spoil(TAKE_A_PENNY)
    with db.engine.connect() as conn:
        said = [one for one in database._content(conn) if one.what == "posting"]
    assert [one.level for one in said] == ["fault"]
    assert f"stopped since {NOON:%Y-%m-%d %H:%M:%S} UTC, because I10: the stored total of fund" in said[0].says
    assert "/treasury/posting-stop" in said[0].says


def test_the_check_shows_what_was_accepted(app: Flask, charge_id: str) -> None:
    spoil(
        "INSERT INTO audit (id, at, actor, act, about, details, previous_sha256, sha256)"
        " VALUES (1, '2026-11-21 12:00:00', 'x', 'x', 'x', '{}', 'x', 'y')"
    )
    said = re.findall(r"donations ledger (cure \w+ accept)", ledger(app, "resume").output)[0]
    assert ledger(app, *said.split(), "--reason", "Restored by hand in May").exit_code == 0
    done = ledger(app, "check")
    assert done.exit_code == 0
    assert "accepted I13: the audit log is broken at entry 1" in done.output
    assert "Restored by hand in May" in done.output
    assert '"accepted": [\n    {\n      "invariant": "I13"' in ledger(app, "check", "--json").output
