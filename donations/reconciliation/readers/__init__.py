"""Bank statements of every format as plain values: the format is known by what the file holds, not by its name. Readers
know no database; what cannot be read for certain is refused with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from donations.errors import DonationsError, StatementTooLarge
from donations.reconciliation.readers import camt, column_maps, csv_file, csv_headings, mt940, ofx, qif
from donations.reconciliation.readers.column_maps import ColumnMap
from donations.reconciliation.readers.csv_headings import Outline
from donations.reconciliation.readers.encoding import refuse_packed, text_of
from donations.reconciliation.readers.types import MAX_BYTES, N_, ReadLine, ReadStatement, ReadStatements, unreadable

__all__ = [
    "ColumnMap",
    "Memory",
    "Outline",
    "ReadLine",
    "ReadStatement",
    "ReadStatements",
    "column_maps",
    "outline",
    "read",
]

_XML = re.compile(rb"^(\xef\xbb\xbf)?\s*<|^\xff\xfe\s*<\x00|^\xfe\xff\s*\x00<")


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier files of an account have taught: what a person entered for CSV tables and QIF files, what CSV tables
    showed for certain of their days and amounts, and an old column map that may have been a guess."""

    said: ColumnMap | None = None
    older: ColumnMap | None = None
    told: ColumnMap | None = None
    qif: ColumnMap | None = None


NOTHING = Memory()


def read(
    data: bytes, *, column_map: ColumnMap | None = None, memory: Memory = NOTHING, currency: str = "GBP"
) -> ReadStatements:
    """Every statement in a file, whole. `currency` is for formats that name none (QIF, most CSV); `column_map` was
    entered for this file. Raises BadStatement, BadStatementLine, StatementAskedFor or StatementTooLarge."""
    if len(data) > MAX_BYTES:
        raise StatementTooLarge(most=f"{MAX_BYTES // 1024 // 1024} MB")
    if not data.strip():
        raise unreadable(N_("the file is empty"))
    refuse_packed(data)
    if ofx.RECOGNISED.match(data.removeprefix(b"\xef\xbb\xbf")[:2000]):
        return ofx.read(data)
    if _XML.match(data[:200]):
        return camt.read(data)
    text = text_of(mt940.without_frame(data))
    if mt940.RECOGNISED.search(text[:4000]):
        return mt940.read(text)
    if qif.RECOGNISED.match(text):
        given = column_map or memory.qif or ColumnMap()
        return qif.read(text, currency=currency, dates=given.dates, decimal=given.decimal)
    return csv_file.read(
        text, given=column_map, remembered=memory.said, older=memory.older, told=memory.told, currency=currency
    )


def outline(data: bytes, *, column_map: ColumnMap | None = None, memory: Memory = NOTHING) -> Outline | None:
    """What a CSV table looks like, for a person to say what its columns are; None for any other file."""
    try:
        refuse_packed(data)
        if (
            not data.strip()
            or _XML.match(data[:200])
            or ofx.RECOGNISED.match(data.removeprefix(b"\xef\xbb\xbf")[:2000])
        ):
            return None
        text = text_of(mt940.without_frame(data))
    except DonationsError:
        return None
    if mt940.RECOGNISED.search(text[:4000]) or qif.RECOGNISED.match(text):
        return None
    return csv_headings.outline(text, column_map, memory.said, memory.older)
