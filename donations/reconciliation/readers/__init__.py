"""Bank statements of every format as plain values: the format is known by what the file holds, not by its name. Readers
know no database; what cannot be read for certain is refused with its line."""

from __future__ import annotations

import re

from donations.errors import StatementTooLarge
from donations.reconciliation.readers import camt, column_maps, mt940, ofx, qif, table
from donations.reconciliation.readers.column_maps import ColumnMap
from donations.reconciliation.readers.decoding import refuse_packed, text_of
from donations.reconciliation.readers.said import MOST_BYTES, N_, ReadLine, ReadStatement, ReadStatements, unreadable

__all__ = ["ColumnMap", "ReadLine", "ReadStatement", "ReadStatements", "column_maps", "read"]

_XML = re.compile(rb"^(\xef\xbb\xbf)?\s*<|^\xff\xfe\s*<\x00|^\xfe\xff\s*\x00<")


def read(data: bytes, *, column_map: ColumnMap | None = None, name: str = "", currency: str = "GBP") -> ReadStatements:
    """Every statement in a file, whole. `currency` is that of formats which say none (QIF, most CSV); `name` is not
    needed to know the format. Raises BadStatement, BadStatementLine, StatementAskedFor or StatementTooLarge."""
    if len(data) > MOST_BYTES:
        raise StatementTooLarge(most=f"{MOST_BYTES // 1024 // 1024} MB")
    if not data.strip():
        raise unreadable(N_("the file is empty"))
    refuse_packed(data)
    if ofx.RECOGNISED.match(data.removeprefix(b"\xef\xbb\xbf")[:2000]):
        return ofx.read(data)
    if _XML.match(data[:200]):
        return camt.read(data)
    text = text_of(data)
    if mt940.RECOGNISED.search(text[:4000]):
        return mt940.read(text)
    if qif.RECOGNISED.match(text):
        given = column_map or ColumnMap()
        return qif.read(text, currency=currency, dates=given.dates, decimal=given.decimal)
    return table.read(text, given=column_map, currency=currency)
