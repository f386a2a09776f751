"""CSV: a row for each posting, with its entry's columns before it. Cells that a spreadsheet would take for a formula
are made text; columns of numbers hold numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from donations.reconciliation.exports.entries import BookedEntry, Extract, major

HEADINGS = (
    "entry_date", "fact_date", "number", "kind", "account", "account_name", "fund", "currency", "amount", "clear_ref",
)  # fmt: skip
# Some programs read the wide forms of these signs like the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write(books: Extract, file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADINGS)
    for entry in books.entries:
        rows.writerows(_rows(entry, books))
    text.flush()
    text.detach()


def safe(cell: str) -> str:
    """The text of a cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(entry: BookedEntry, books: Extract) -> Iterator[tuple[str | int, ...]]:
    head = (entry.entry_date.isoformat(), entry.fact_date.isoformat(), safe(entry.number), safe(entry.kind))
    for line in entry.lines:
        yield (
            *head,
            line.account,
            safe(books.accounts[line.account][0]),
            safe(line.fund),
            line.currency,
            major(line.minor, line.currency),
            safe(line.clear_ref or ""),
        )
