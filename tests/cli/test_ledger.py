"""`donations ledger check`: sound or not, as text, for machines, and by its exit code."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from donations.database import write_unit
from donations.models import Appeal
from tests.events import a_charge, a_transaction, hear
from tests.factories import a_donation, gbp


def check(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", "check", *words])


@pytest.fixture
def charge_id(app: Flask) -> str:
    """Row 1a: a donation of 100.00 with its fee of 1.70, and one of 5.00 without."""
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        references = [a_donation(appeal, gbp("100.00")).reference, a_donation(appeal, gbp("5.00")).reference]
    charge = a_charge(references[0], gbp("100.00"))
    hear(charge)
    hear(a_transaction(charge.charge_id, gbp("100.00"), 170))
    hear(a_charge(references[1], gbp("5.00")))
    return charge.charge_id


def test_empty_books_are_sound(app: Flask) -> None:
    done = check(app)
    assert (done.exit_code, done.output) == (0, "0 entries, 0 postings: all checks passed\n")


def test_sound_books_are_shown_with_their_trial_balance(app: Flask, charge_id: str) -> None:
    done = check(app)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["1100", "1105", "4000", "5000"]
    assert lines[0].split()[-1] == "£98.30"
    assert lines[-1] == "3 entries, 7 postings: all checks passed"
    assert any(line.startswith("open: 1105 Charges and refunds in settlement: ch_") for line in lines)


def test_for_machines(app: Flask, charge_id: str) -> None:
    done = check(app, "--json")
    said = json.loads(done.output)
    assert (done.exit_code, said["sound"], said["findings"]) == (0, True, [])
    assert (said["entries"], said["postings"]) == (3, 7)
    balance = {(line["account"], line["currency"]): line["minor"] for line in said["trial_balance"]}
    assert balance == {(1100, "GBP"): 9830, (1105, "GBP"): 500, (4000, "GBP"): -10500, (5000, "GBP"): 170}
    # The donation of 5.00 waits for its fee, which is late by now.
    assert len(said["open_items"]) == 2


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_books_that_are_not_sound_fail_the_command_and_name_the_fault(
    app: Flask, charge_id: str, words: tuple[str, ...]
) -> None:
    with write_unit() as conn:
        conn.execute(text("UPDATE fund_total SET raised_minor = raised_minor - 1"))
    done = check(app, *words)
    assert done.exit_code == 1
    assert "is £104.99, but the ledger says £105.00" in done.output
    if words:
        said = json.loads(done.output)
        assert (said["sound"], [finding["invariant"] for finding in said["findings"]]) == (False, ["I10"])
    else:
        assert "Check failed (I10)" in done.output
        assert "CHECKS FAILED" in done.output
