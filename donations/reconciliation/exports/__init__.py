"""The ledger in files for other programs: entries with their postings, by period, fund and currency. One module for
each format, all over the same entries (entries), so that every format holds the same. No person is named here: entries
are described by number and kind, never by free text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy.engine import Connection

from donations.reconciliation.exports import beancount, hledger, table, workbook
from donations.reconciliation.exports.entries import Balance, BookedEntry, BookedLine, Extract, Scope, extract

__all__ = ["FORMATS", "Balance", "BookedEntry", "BookedLine", "Extract", "Scope", "extract", "write"]


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is called outside, and what writes it."""

    suffix: str
    media_type: str
    write: Callable[[Extract, BinaryIO], None]


FORMATS = {
    "csv": Format("csv", "text/csv", table.write),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.write),
    "beancount": Format("beancount", "text/plain", beancount.write),
    "hledger": Format("journal", "text/plain", hledger.write),
}


def write(
    conn: Connection, scope: Scope, format_name: str, file: BinaryIO, *, progress: Callable[[int], None] | None = None
) -> int:
    """Write the part of the ledger within the scope; memory does not grow with it. `progress` is called with the
    postings written so far. Returns their number. Call it inside a snapshot, so that opening, entries and closing
    agree."""
    books = extract(conn, scope, progress=progress)
    FORMATS[format_name].write(books, file)
    return books.postings
