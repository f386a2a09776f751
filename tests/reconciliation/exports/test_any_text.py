"""Whatever a name or reference holds, a cell is no formula, and a line of an export keeps its content."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from donations.reconciliation import exports
from donations.reconciliation.exports import Balance, BookedEntry, BookedLine, Extract, Scope
from tests.reconciliation.exports.parsers import by_beancount, by_hledger_reader, rows_of_csv, sheets_of

DAY = date(2026, 11, 21)
ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAMED = ("account_name", "fund", "kind", "clear_ref")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def said(account: str, fund: str, other: str, kind: str, ref: str, organisation: str = "House") -> Extract:
    """Two funds with a donation of 1.00 each, all names as given."""
    lines = tuple(
        BookedLine(code, slug, "GBP", minor, ref)
        for slug in {fund, other}
        for code, minor in ((1100, 100), (4000, -100))
    )
    balances = tuple(Balance(line.account, line.fund, "GBP", 0, line.minor) for line in lines)
    accounts = {1100: (account, "asset"), 4000: ("Donations", "income")}
    entry = BookedEntry("7", DAY, DAY, kind, lines)
    return Extract(organisation, "GBP", Scope(), accounts, balances, len(lines), iter([entry]))


def written(format_name: str, books: Extract) -> bytes:
    file = io.BytesIO()
    exports.FORMATS[format_name].write(books, file)
    return file.getvalue()


@given(ODD, ODD, ODD, ODD)
@example("=cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "-2+3")
@example('"', "a,b", "\r\n", "'")
def test_no_cell_of_a_table_is_a_formula(account: str, fund: str, kind: str, ref: str) -> None:
    rows = rows_of_csv(written("csv", said(account, fund, "b", kind, ref)))
    assert len(rows) in (2, 4)
    for row in rows:
        assert not any(row[name].startswith(FORMULA) for name in NAMED)
        assert row["amount"] in ("1.00", "-1.00")
    assert rows[0]["kind"].removeprefix("'") == kind.removeprefix("'")


@given(ODD, ODD, ODD, ODD)
@example("=1+1", "@x", "http://example.org", "\x00\x0b")
def test_no_cell_of_a_workbook_is_a_formula(account: str, fund: str, kind: str, ref: str) -> None:
    _, postings = sheets_of(written("xlsx", said(account, fund, "b", kind, ref)))
    assert not any(cell.startswith(FORMULA) for row in postings[1:] for cell in (row[3], row[5], row[6], row[9]))


@given(ODD, ODD, ODD, ODD, ODD, ODD)
@example("Bank\n2026-01-01 open Equity:X", "a", "A", 'x"y\\', '"\\', '\\"\n')
@example("", "", "-", "", "", "")
def test_beancount_accepts_any_text(a: str, fund: str, other: str, kind: str, ref: str, house: str) -> None:
    books = said(a, fund, other, kind, ref, house)
    with TemporaryDirectory() as folder:
        errors, balances = by_beancount(written("beancount", books), Path(folder))
    assert errors == []
    assert len(balances) == books.postings  # Two funds stay two, whatever they are called.


@given(ODD, ODD, ODD, ODD, ODD, ODD)
@example("Bank  1.00 GBP", "a", "A", "x ; fact:2026-01-01", "a, b:c", "; x")
def test_a_journal_takes_any_text(a: str, fund: str, other: str, kind: str, ref: str, house: str) -> None:
    books = said(a, fund, other, kind, ref, house)
    assert len(by_hledger_reader(written("hledger", books))) == books.postings
