"""CSV statements: finds the row of headings, takes or guesses what the columns mean, and lets the whole file tell how
days and amounts are written before the first of them is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import islice

from donations.errors import BadStatement, StatementAskedFor
from donations.reconciliation.readers import column_maps, figures, profiles
from donations.reconciliation.readers.column_maps import ColumnMap, plainly
from donations.reconciliation.readers.qif import asked_for_dates, asked_for_decimal
from donations.reconciliation.readers.said import N_, ReadStatements, broken, check_count
from donations.reconciliation.readers.table_rows import Columns, Rows

DELIMITERS = (";", ",", "\t", "|")
HEAD_ROWS = 100
Row = list[str]


def read(text: str, *, given: ColumnMap | None = None, currency: str = "") -> ReadStatements:
    """Raises BadStatement, BadStatementLine, StatementAskedFor or StatementTooLarge."""
    lines = _lines(text)
    delimiter, at, headings, columns = _heading(lines, given)
    here = Columns.found(columns, headings)
    columns = _told(lines, delimiter, at, len(headings), here, columns, currency)
    rows = Rows(here, columns, currency)
    for number, row in _rows(lines, delimiter, at, len(headings), here):
        rows.take(number, row)
    statements = tuple(draft.done() for draft in rows.done())
    return ReadStatements("CSV", statements, replace(columns, delimiter=delimiter))


def fits(text: str, given: ColumnMap | None = None) -> bool:
    """Whether this looks like a table whose columns we know."""
    try:
        _heading(_lines(text), given)
    except BadStatement:
        return False
    return True


def _lines(text: str) -> list[str]:
    return (text if "\n" in text else text.replace("\r", "\n")).split("\n")


def _heading(lines: list[str], given: ColumnMap | None) -> tuple[str, int, Row, ColumnMap]:
    """(delimiter, number of the heading's line, headings, map): the first delimiter under which a row is understood, a
    bank that we know before a guess. Where columns are named by number there is no heading, and the line is 0."""
    delimiters = (given.delimiter,) if given and given.delimiter else DELIMITERS
    if given and given.is_numbered:
        delimiter = max(delimiters, key=lambda each: sum(line.count(each) for line in lines[:HEAD_ROWS]))
        width = len(next(_parsed(lines, delimiter))[1])
        return delimiter, 0, [str(number) for number in range(1, width + 1)], given
    understood: list[tuple[bool, str, int, Row, ColumnMap]] = []
    for delimiter in delimiters:
        for number, row in islice(_head(lines, delimiter), HEAD_ROWS):
            columns = _map_for(row, given)
            if columns is not None:
                understood.append((bool(columns.bank), delimiter, number, row, columns))
                break
    if not understood:
        raise _not_understood(given)
    best = max(understood, key=lambda each: (each[0], len(each[4].headings())))
    return best[1:]


def _head(lines: list[str], delimiter: str) -> Iterator[tuple[int, Row]]:
    """Rows before the table may be anything, so a fault among them ends the search only."""
    try:
        yield from _parsed(lines[: HEAD_ROWS * 2], delimiter)
    except csv.Error:
        return


def _map_for(row: Row, given: ColumnMap | None) -> ColumnMap | None:
    if given and given.is_complete:
        plain = {plainly(heading) for heading in row}
        return given if all(plainly(heading) in plain for heading in given.headings()) else None
    guess = profiles.recognised(row) or column_maps.guessed(row)
    return guess and _overlaid(guess, given)


def _overlaid(guess: ColumnMap, given: ColumnMap | None) -> ColumnMap:
    if given is None:
        return guess
    said = {each.name: getattr(given, each.name) for each in fields(given)}
    return replace(guess, **{name: value for name, value in said.items() if value})


def _not_understood(given: ColumnMap | None) -> BadStatement:
    if given and given.is_complete:
        return BadStatement(
            fault=N_("no row holds all the headings that the column map names"),
            mend=N_("Compare them with the file, or leave the map out to have it guessed."),
        )
    return BadStatement(
        fault=N_("it is no statement that we know, or a table whose columns we do not understand"),
        mend=N_("Say which columns hold the day and the amount: --map date=HEADING --map amount=HEADING"),
    )


def _parsed(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, Row]]:
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, strict=True)
    for row in reader:
        yield reader.line_num, row


def _rows(lines: list[str], delimiter: str, at: int, width: int, here: Columns) -> Iterator[tuple[int, Row]]:
    """The rows of the table itself, each as wide as its headings. Raises BadStatementLine."""
    begun = at + 1
    day, others = here.date, here.figures
    try:
        for number, row in _parsed(lines[at:], delimiter):
            if len(row) != width:
                row = _fitted(row, width, number + at)
            # A row without day and amount is a rule, a remark or a title between the lines.
            if row and (row[day].strip() or any(row[other].strip() for other in others)):
                yield number + at, row
            begun = number + at + 1
    except csv.Error as error:
        raise broken(
            begun, lines[begun - 1], N_("a quotation mark is missing or too much, or the file is cut off")
        ) from error


def _fitted(row: Row, width: int, number: int) -> Row:
    if not any(cell.strip() for cell in row):
        return []
    if len(row) > width and not any(cell.strip() for cell in row[width:]):
        return row[:width]
    fault = N_("it has more cells than there are headings")
    if len(row) < width:
        fault = N_("it has fewer cells than there are headings, or the file is cut off here")
    raise broken(number, " ".join(row), fault)


def _told(
    lines: list[str], delimiter: str, at: int, width: int, here: Columns, columns: ColumnMap, currency: str
) -> ColumnMap:
    """The map, with what the whole file tells of its days and amounts. Raises StatementAskedFor where it does not."""
    days: dict[str, int] = {}
    amounts: dict[str, int] = {}
    count = 0
    for number, row in _rows(lines, delimiter, at, width, here):
        count += 1
        days.setdefault(row[here.date].strip(), number)
        for each in here.figures:
            amounts.setdefault(row[each], number)
    check_count(count)
    if not columns.dates:
        columns = replace(columns, dates=_order(days))
    if not columns.decimal:
        columns = replace(columns, decimal=_decimal(amounts))
    return columns


def _order(days: dict[str, int]) -> str:
    try:
        return figures.day_order(days) or "ymd"
    except figures.Unclear as error:
        raise asked_for_dates(str(error)) from error
    except figures.NotRead as error:
        fault = N_("the days of this file are not all written in one order")
        raise broken(days[str(error)], str(error), fault) from error


def _decimal(amounts: dict[str, int]) -> str:
    try:
        return figures.decimal_sign(amounts)
    except figures.Unclear as error:
        raise asked_for_decimal(str(error)) from error


__all__ = ["StatementAskedFor", "fits", "read"]
