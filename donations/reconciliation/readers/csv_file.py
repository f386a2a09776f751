"""CSV statements: the row of headings is found, the whole table tells how its days and amounts are written, and then
each row becomes a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace

from donations.reconciliation.readers import csv_headings
from donations.reconciliation.readers.column_maps import ColumnMap
from donations.reconciliation.readers.csv_headings import Heading, parsed
from donations.reconciliation.readers.csv_hints import Hints, Known
from donations.reconciliation.readers.csv_rows import TOTALS, Columns, Rows
from donations.reconciliation.readers.types import N_, ReadStatements, broken

Row = list[str]


def read(
    text: str, *, given: ColumnMap | None = None, remembered: ColumnMap | None = None, older: ColumnMap | None = None,
    told: ColumnMap | None = None, currency: str = "",
) -> ReadStatements:  # fmt: skip
    """`given` was entered for this file, `remembered` for an earlier one, `older` was entered or guessed, `told` is
    what an earlier file showed of its days and amounts. Raises BadStatement, BadStatementLine, StatementAskedFor or
    StatementTooLarge."""
    lines = csv_headings.lines_of(text)
    heading = csv_headings.find(lines, given, remembered, older)
    here = Columns.found(heading.columns, heading.row)
    hints = Hints(here, heading.row)
    hints.take(_rows(lines, heading, here))
    before = remembered or ColumnMap()
    before = ColumnMap(
        dates=before.dates or heading.columns.dates or (told.dates if told else ""),
        decimal=before.decimal or heading.columns.decimal or (told.decimal if told else ""),
    )
    columns = hints.of(heading.columns, Known(given or ColumnMap(), before))
    here = Columns.found(columns, heading.row)
    rows = Rows(here, columns, currency, is_inverse=hints.is_inverse)
    for number, row in _rows(lines, heading, here):
        rows.take(number, row)
    statements = tuple(draft.done() for draft in rows.done())
    columns = replace(columns, delimiter=heading.delimiter)
    return ReadStatements("CSV", statements, columns, hints.told, hints.passed_over)


def _rows(lines: list[str], heading: Heading, here: Columns) -> Iterator[tuple[int, Row]]:
    """The rows of the table itself, each as wide as its headings. Raises BadStatementLine."""
    at, width = heading.at, len(heading.row)
    begun = at + 1
    day, others = here.date, here.figures
    needed = max(day, *others) + 1
    ends_well = not lines[-1].strip()
    try:
        for number, row in parsed(lines[at:], heading.delimiter):
            if len(row) != width:
                is_last = number + at == len(lines)
                row = _fitted(row, width, needed if ends_well or not is_last else width, number + at)
            # A row without day and amount is a rule, a remark or a title between the lines.
            if row and row[day].strip().rstrip(":").casefold() in TOTALS:
                row = []
            if row and (row[day].strip() or any(row[other].strip() for other in others)):
                yield number + at, row
            begun = number + at + 1
    except csv.Error as error:
        raise broken(
            begun, lines[begun - 1], N_("a quotation mark is missing or extra, or the file is cut off")
        ) from error


def _fitted(row: Row, width: int, needed: int, number: int) -> Row:
    """A row that is wider than its headings only by empty cells, or shorter by cells that a bank leaves out at the end
    because they are empty; never one that ends before its amount, or where the file does."""
    if not any(cell.strip() for cell in row):
        return []
    if len(row) > width and not any(cell.strip() for cell in row[width:]):
        return row[:width]
    if needed <= len(row) < width or (len(row) < width and not any(cell.strip() for cell in row[:1])):
        return [*row, *[""] * (width - len(row))]
    fault = N_("this line has more cells than there are headings")
    if len(row) < width:
        fault = N_("this line has fewer cells than there are headings, or the file is cut off here")
    raise broken(number, " ".join(row), fault)
