"""XLSX: the rows of the table as sheets of real days and numbers, and a sheet of balances. Written row by row to files
of the temporary folder, so that memory does not grow with the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

from donations.money import Money, exponent
from donations.reconciliation.exports.entries import BookedEntry, Extract
from donations.reconciliation.exports.table import HEADINGS, safe

MAX_ROWS = 1_048_576  # of a sheet; further rows go to the next one
_WIDTHS = (11, 11, 21, 20, 9, 30, 24, 9, 14, 30)
_BALANCE_HEADINGS = ("account", "account_name", "fund", "currency", "opening", "change", "closing")
_OPTIONS = {
    "constant_memory": True,
    # Nothing of a cell's text is read as anything but text.
    "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


def write(books: Extract, file: BinaryIO) -> None:
    book = xlsxwriter.Workbook(file, _OPTIONS)
    styles = _Styles(book)
    _write_balances(book, styles, books)
    sheets = _Sheets(book, styles)
    for entry in books.entries:
        sheets.add(entry, books)
    book.close()


class _Styles:
    def __init__(self, book: Any) -> None:
        self._book = book
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._amounts: dict[int, Any] = {}

    def amount(self, currency: str) -> Any:
        places = exponent(currency)
        if places not in self._amounts:
            point = "." + "0" * places if places else ""
            self._amounts[places] = self._book.add_format({"num_format": f"#,##0{point};[Red]-#,##0{point}"})
        return self._amounts[places]


class _Sheets:
    """The sheets of postings: a new one where the last is full, never in the middle of an entry."""

    def __init__(self, book: Any, styles: _Styles) -> None:
        self._book, self._styles, self._count = book, styles, 0
        self._begin()

    def add(self, entry: BookedEntry, books: Extract) -> None:
        if self._row + len(entry.lines) > MAX_ROWS:
            self._begin()
        sheet, styles = self._sheet, self._styles
        for line in entry.lines:
            sheet.write_datetime(self._row, 0, entry.entry_date, styles.day)
            sheet.write_datetime(self._row, 1, entry.fact_date, styles.day)
            sheet.write_string(self._row, 2, safe(entry.number))
            sheet.write_string(self._row, 3, safe(entry.kind))
            sheet.write_number(self._row, 4, line.account)
            sheet.write_string(self._row, 5, safe(books.accounts[line.account][0]))
            sheet.write_string(self._row, 6, safe(line.fund))
            sheet.write_string(self._row, 7, line.currency)
            sheet.write_number(self._row, 8, _major(line.minor, line.currency), styles.amount(line.currency))
            sheet.write_string(self._row, 9, safe(line.clear_ref or ""))
            self._row += 1

    def _begin(self) -> None:
        self._count += 1
        self._sheet = self._book.add_worksheet("Postings" if self._count == 1 else f"Postings {self._count}")
        for column, width in enumerate(_WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        _write_head(self._sheet, HEADINGS, self._styles)
        self._row = 1


def _write_balances(book: Any, styles: _Styles, books: Extract) -> None:
    sheet = book.add_worksheet("Balances")
    for column, width in enumerate((9, 30, 24, 9, 14, 14, 14)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    _write_head(sheet, _BALANCE_HEADINGS, styles)
    for row, each in enumerate(books.balances, 1):
        sheet.write_number(row, 0, each.account)
        sheet.write_string(row, 1, safe(books.accounts[each.account][0]))
        sheet.write_string(row, 2, safe(each.fund))
        sheet.write_string(row, 3, each.currency)
        for column, minor in enumerate((each.opening, each.closing - each.opening, each.closing), 4):
            sheet.write_number(row, column, _major(minor, each.currency), styles.amount(each.currency))


def _write_head(sheet: Any, headings: tuple[str, ...], styles: _Styles) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, styles.head)


def _major(minor: int, currency: str) -> Decimal:
    return Money(minor, currency).major
