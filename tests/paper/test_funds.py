"""The statement of funds on paper: a table for each currency, in the reader's language, to be archived and signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.paper.pdf_text import claims, words
from tests.reconciliation.a_month import happen

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def ask(app: Flask, tmp_path: Path):
    """Runs the command; gives its result and the file it wrote."""

    def run(*more: str, since: str = "2026-11-01", until: str = "2026-11-30") -> tuple[Result, Path]:
        file = tmp_path / "funds.pdf"
        asked = ["ledger", "statement", "--from", since, "--to", until, "--output", str(file), *more]
        return app.test_cli_runner().invoke(args=asked), file

    return run


def test_a_statement_shows_each_fund_its_movements_and_places(ask) -> None:
    happen()
    done, file = ask()
    assert (done.exit_code, done.output) == (0, f"Saved 4 funds: {file}\n")
    said = words(file.read_bytes())
    for text in (
        "Statement of funds", "1–30 Nov 2026", "British Pound (GBP)", "Euro (EUR)", "598.30", "250.00",
        "−300.00", "478.30", "Receipts and payments", "Closing balance by location", "Of which committed", "50.00",
        "Treasurer",
        "Checked by", "Signature", "11.93",
    ):  # fmt: skip
        assert text in said, text
    assert said.index("(GBP)") < said.index("(EUR)")  # The organisation's own comes first.
    assert "tara" not in said
    assert "Maya" not in said


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_can_be_archived_and_read_aloud(ask, language: str) -> None:
    happen()
    _, file = ask("--language", language)
    said = claims(file.read_bytes())
    assert said | {"pages": 0, "title": ""} == {
        "pages": 0, "language": language, "title": "", "author": "Solidarity Fighting Fund", "tagged": True,
        "archive": True, "accessible": True,
    }  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_statement_of_nothing_says_so(ask) -> None:
    done, file = ask()
    assert done.exit_code == 0
    assert "No receipts or payments in this period" in words(file.read_bytes())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--language", "fr"), "Choose a language of the organisation: en, ru"),
        (("--from", "2026-12-01"), "before it begins"),
        (("--to", "yesterday"), "does not match the format"),
    ],
)
def test_what_cannot_be_meant_is_refused(ask, asked: tuple[str, ...], said: str) -> None:
    done, file = ask(*asked)
    assert done.exit_code == 2
    assert said in done.output
    assert not file.exists()
