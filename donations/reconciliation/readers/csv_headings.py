"""Where a CSV table begins and what its columns mean: by what a person enters now, else by what was entered before and
still fits, else by a bank's profile or a guess from the headings. No row of amounts is read here."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice

from donations.errors import BadStatement
from donations.reconciliation.readers import column_maps, profiles
from donations.reconciliation.readers.column_maps import NO_COLUMN, ColumnMap, plainly
from donations.reconciliation.readers.types import N_

DELIMITERS = (";", ",", "\t", "|")
HEAD_ROWS, SHOWN_ROWS = 100, 5
Row = list[str]


@dataclass(frozen=True, slots=True)
class Heading:
    """The row of headings, and the map. `at` is its line, 0 where columns are named by number and there is none."""

    delimiter: str
    at: int
    row: Row
    columns: ColumnMap


@dataclass(frozen=True, slots=True)
class Outline:
    """What a table looks like, for a person who says what its columns are: their names, or numbers where it has no
    headings, the first rows, and the map as far as it was guessed."""

    delimiter: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: ColumnMap


Map = ColumnMap | None


def find(lines: list[str], given: Map, remembered: Map, older: Map = None) -> Heading:
    """The first delimiter under which a row is understood, a bank that we know before a guess. `given` must fit,
    `remembered` counts where it does, and `older`, which may have been a guess, where no profile does. Raises
    BadStatement."""
    delimiters = (given.delimiter,) if given and given.delimiter else DELIMITERS
    if given and given.is_numbered:
        return _numbered(lines, delimiters, given)
    understood: list[Heading] = []
    for delimiter in delimiters:
        for number, row in islice(_head(lines, delimiter), HEAD_ROWS):
            row = _without_empty_end(row)
            columns = _map_for(row, given, remembered, older)
            if columns is not None:
                understood.append(Heading(delimiter, number, row, columns))
                break
    if understood:
        return max(understood, key=lambda each: (bool(each.columns.bank), len(each.columns.headings())))
    numbered = next((each for each in (remembered, older) if each and each.is_numbered), None)
    if numbered and not (given and given.headings()):
        return _numbered(lines, delimiters, _overlaid(numbered, given))
    raise _not_understood(given)


def outline(text: str, given: Map, remembered: Map, older: Map = None) -> Outline | None:
    """What to show of a table that a person must explain; None if this is no table."""
    lines = lines_of(text)
    found: Heading | None
    try:
        found = find(lines, given, remembered, older)
    except BadStatement:
        found = _guessed_heading(lines, given)
    if found is None:
        return None
    rows = islice((row for _, row in _head(lines[found.at :], found.delimiter) if any(row)), SHOWN_ROWS)
    return Outline(
        found.delimiter, tuple(found.row), tuple(tuple(row[: len(found.row)]) for row in rows), found.columns
    )


def lines_of(text: str) -> list[str]:
    return (text if "\n" in text else text.replace("\r", "\n")).split("\n")


def parsed(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, Row]]:
    """(line, cells) of each row. Raises csv.Error."""
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter, strict=True)
    for row in reader:
        yield reader.line_num, row


def _numbered(lines: list[str], delimiters: Sequence[str], given: ColumnMap) -> Heading:
    delimiter = max(delimiters, key=lambda each: sum(line.count(each) for line in lines[:HEAD_ROWS]))
    width = len(next(parsed(lines, delimiter))[1])
    return Heading(delimiter, 0, [str(number) for number in range(1, width + 1)], given)


def _head(lines: list[str], delimiter: str) -> Iterator[tuple[int, Row]]:
    """Rows before the table may be anything, so a fault among them ends the search only."""
    try:
        yield from parsed(lines[: HEAD_ROWS * 2], delimiter)
    except csv.Error:
        return


def _without_empty_end(row: Row) -> Row:
    """Some banks end the row of headings, and no other, with a delimiter."""
    width = len(row)
    while width > 1 and not row[width - 1].strip():
        width -= 1
    return row[:width]


def _map_for(row: Row, given: Map, remembered: Map, older: Map) -> Map:
    if given and given.headings() and not _is_present_in(row, given):
        return None
    profile = profiles.recognised(row)
    if (
        profile is None
        and not (given and given.headings())
        and older
        and older.is_complete
        and not older.is_numbered
        and _is_present_in(row, older)
    ):
        return _overlaid(older, given)
    guess = profile or column_maps.guessed(row, is_whole=False)
    made = _overlaid(_overlaid(guess, remembered if remembered and _is_present_in(row, remembered) else None), given)
    return made if made.is_complete else None


def _is_present_in(row: Row, columns: ColumnMap) -> bool:
    plain = {plainly(heading) for heading in row}
    return all(plainly(each) in plain or _is_place(each, row) for each in columns.headings())


def _is_place(heading: str, row: Row) -> bool:
    """Whether it names a column by its number, where a heading cannot be written."""
    return heading.isascii() and heading.isdecimal() and 0 < int(heading[:4]) <= len(row)


def _overlaid(guess: ColumnMap, given: ColumnMap | None) -> ColumnMap:
    if given is None:
        return guess
    said = {each.name: getattr(given, each.name) for each in fields(given)}
    if given.amount and given.amount != NO_COLUMN:
        guess = replace(guess, debit="", credit="")
    elif any(each and each != NO_COLUMN for each in (given.debit, given.credit)):
        guess = replace(guess, amount="")
    return replace(guess, **{name: value for name, value in said.items() if value})


def _guessed_heading(lines: list[str], given: ColumnMap | None) -> Heading | None:
    """The row that most likely names the columns: the first of the width that most rows have, without a figure."""
    delimiters = (given.delimiter,) if given and given.delimiter else DELIMITERS
    delimiter = max(delimiters, key=lambda each: sum(line.count(each) for line in lines[:HEAD_ROWS]))
    rows = [(number, row) for number, row in islice(_head(lines, delimiter), HEAD_ROWS) if any(row)]
    widths = [len(row) for _, row in rows]
    width = max(widths, key=widths.count, default=0)
    if width < 2:
        return None
    of_width = [(number, row) for number, row in rows if len(_without_empty_end(row)) in (width, width - 1)]
    at, row = next(iter(of_width), (0, rows[0][1]))
    if any(character.isdecimal() for cell in row for character in cell):
        return Heading(delimiter, 0, [str(number) for number in range(1, width + 1)], given or ColumnMap())
    row = _without_empty_end(row)
    return Heading(delimiter, at, row, _overlaid(column_maps.guessed(row, is_whole=False), given))


def _not_understood(given: ColumnMap | None) -> BadStatement:
    if given and given.headings():
        return BadStatement(
            fault=N_("no row has all the headings that the column map names"),
            fix=N_("Compare the headings with the file. Without a map, we detect the columns."),
        )
    return BadStatement(
        fault=N_("this is not a statement that we know, or we do not understand the columns of the table"),
        fix=N_("Name the columns of the date and the amount: --map date=HEADING --map amount=HEADING"),
    )
