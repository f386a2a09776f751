"""`donations stripe import`: what it says, and that a refused report changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations.errors import BadReportLine
from tests.events import fresh, rows
from tests.reconciliation.stripe_reports.report_files import as_csv
from tests.reconciliation.stripe_reports.test_parser import CHARGE, FEE, PAYOUT


@pytest.fixture
def import_reports(app: Flask, tmp_path: Path):
    def run(cells: list[dict[str, str]], *more: str) -> Result:
        file = tmp_path / "report.csv"
        file.write_bytes(as_csv(cells))
        return app.test_cli_runner().invoke(args=["stripe", "import", str(file), *more])

    return run


def test_what_was_taken_in_is_said(import_reports) -> None:
    members = [{**each, "automatic_payout_id": "po_1"} for each in (CHARGE, FEE)]
    done = import_reports([members[1]])
    assert done.output.splitlines() == [
        "payout reconciliation: 1 new transactions, 0 known, 0 payouts",
        "  po_1: unknown payout. Import the payouts report too",
    ]
    assert "do not add up yet" in import_reports([PAYOUT]).output
    assert import_reports(members).output == "payout reconciliation: 1 new transactions, 1 known, 0 payouts\n"
    fresh()
    assert (rows("balance_transaction"), rows("payout")) == (3, 1)
    assert rows("audit") == 3


def test_it_is_said_for_machines(import_reports) -> None:
    done = import_reports([CHARGE, FEE], "--json")
    assert json.loads(done.output) == {
        "report": "balance change from activity", "movements": 2, "known": 0, "payouts": 0, "incomplete": [],
        "unknown": [],
    }  # fmt: skip


def test_a_report_that_is_refused_changes_nothing(import_reports) -> None:
    done = import_reports([CHARGE, {**FEE, "net": "7"}])
    assert isinstance(done.exception, BadReportLine)
    assert "Line 3" in str(done.exception)
    fresh()
    assert (rows("balance_transaction"), rows("audit")) == (0, 0)


def test_a_zone_that_is_none_is_refused(import_reports) -> None:
    done = import_reports([CHARGE], "--timezone", "Moon/Base")
    assert done.exit_code == 2
    assert "Unknown time zone" in done.output
