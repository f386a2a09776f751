"""`donations ledger export`: the file whole or not at all, for its owner, of what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from donations.reconciliation import exports
from tests.reconciliation.a_month import happen
from tests.reconciliation.exports.parsers import by_beancount, rows_of_csv


@pytest.fixture
def ask(app: Flask, tmp_path: Path):
    """Runs the command; gives its result and the file it wrote."""
    happen()
    (tmp_path / "out").mkdir()

    def run(*more: str) -> tuple[Result, Path]:
        file = tmp_path / "out" / "books"
        return app.test_cli_runner().invoke(args=["ledger", "export", "--output", str(file), *more]), file

    return run


@pytest.mark.parametrize("format_name", exports.FORMATS)
def test_every_format_is_written_for_its_owner(ask, format_name: str) -> None:
    done, file = ask("--format", format_name)
    assert done.exit_code == 0
    assert done.output.endswith(f" postings: {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600


def test_period_fund_and_currency_narrow_it(ask, tmp_path: Path) -> None:
    whole = rows_of_csv(ask()[1].read_bytes())
    part = rows_of_csv(
        ask("--from", "2026-11-01", "--to", "2026-11-30", "--fund", "ali", "--currency", "gbp")[1].read_bytes()
    )
    wanted = [r for r in whole if (r["fund"], r["currency"]) == ("ali", "GBP") and r["entry_date"] >= "2026-11-01"]
    assert part == wanted
    assert 0 < len(part) < len(whole)


def test_beancount_accepts_a_month_in_which_everything_happened(ask, tmp_path: Path) -> None:
    for more in ((), ("--from", "2026-11-01"), ("--fund", "ali")):
        errors, balances = by_beancount(ask("--format", "beancount", *more)[1].read_bytes(), tmp_path)
        assert errors == []
        assert balances


@pytest.mark.databases("sqlite")
def test_what_was_there_stays_if_it_fails(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    _, file = ask()
    before = file.read_bytes()
    monkeypatch.setattr("donations.reconciliation.exports.table._rows", lambda *_: 1 / 0)
    done, _ = ask()
    assert isinstance(done.exception, ZeroDivisionError)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--fund", "nobody"), "No fund is called nobody"),
        (("--currency", "xxx"), "Unknown currency"),
        (("--from", "2026-12-02", "--to", "2026-12-01"), "before it begins"),
        (("--format", "pdf"), "'pdf' is not one of"),
        (("--from", "21.11.2026"), "does not match the format"),
    ],
)
def test_what_cannot_be_meant_is_refused(ask, asked: tuple[str, ...], said: str) -> None:
    done, file = ask(*asked)
    assert done.exit_code == 2
    assert said in done.output
    assert not file.exists()


@pytest.mark.databases("sqlite")
def test_a_folder_that_is_not_there_is_said(ask, tmp_path: Path) -> None:
    done, _ = ask("--output", str(tmp_path / "nowhere" / "books.csv"))
    assert done.exit_code == 1
    assert "No such file or directory" in done.output
