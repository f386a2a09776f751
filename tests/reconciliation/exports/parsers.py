"""Exports read back into balances, each by a reader that did not write it: beancount's own loader, Python's csv, the
XML inside a workbook, and as much of hledger's syntax as our journals use."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core import data
from defusedxml import ElementTree

Balances = dict[tuple[str, str], Decimal]  # by (account's name, currency)
_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_POSTING = re.compile(
    r"    (?P<account>[A-Z][^\s;]*(?: \S+)*)  (?P<amount>-?\d+(?:\.\d+)?) (?P<currency>[A-Z]{3})"
    r"(?: = (?P<asserted>-?\d+(?:\.\d+)?) [A-Z]{3})?(?:  ; clears:[^,;]*)?"
)
_TRANSACTION = re.compile(r"\d{4}-\d\d-\d\d \* (?:\(E?\d+\) )?[^;|:()]*(?:  ; fact:\d{4}-\d\d-\d\d)?")
_DIRECTIVE = re.compile(r"decimal-mark \.|commodity \d+\.\d* [A-Z]{3}|account \S+  ; type:[ALERX]|; [^;|:]*|")


def by_beancount(written: bytes, folder: Path) -> tuple[list[Any], Balances]:
    """Its errors, and the balances it comes to."""
    file = folder / "books.beancount"
    file.write_bytes(written)
    entries, errors, _ = loader.load_file(str(file))
    sums: Balances = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                sums[posting.account, posting.units.currency] += posting.units.number
    return errors, {place: amount for place, amount in sums.items() if amount}


def by_hledger_reader(written: bytes) -> Balances:
    """The balances, after each transaction was seen to balance and each assertion to hold."""
    sums: Balances = defaultdict(Decimal)
    for block in written.decode().split("\n\n"):
        lines = block.strip("\n").split("\n")
        if not _TRANSACTION.fullmatch(lines[0]):
            assert [line for line in lines if not _DIRECTIVE.fullmatch(line)] == []
            continue
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines[1:]:
            said = _POSTING.fullmatch(line)
            assert said is not None, line
            amount = Decimal(said["amount"])
            moved[said["currency"]] += amount
            sums[said["account"], said["currency"]] += amount
            if said["asserted"] is not None:
                assert sums[said["account"], said["currency"]] == Decimal(said["asserted"]), line
        assert not any(moved.values()), lines
    return {place: amount for place, amount in sums.items() if amount}


def rows_of_csv(written: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written.decode(), newline="")))


def sheets_of(written: bytes) -> list[list[list[str]]]:
    """The sheets of a workbook as rows of texts, in order. Fails at the first formula."""
    with zipfile.ZipFile(io.BytesIO(written)) as packed:
        names = [name for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
        roots = [ElementTree.fromstring(packed.read(name)) for name in sorted(names)]
    assert not any(root.iter(f"{_XML}f") for root in roots if next(root.iter(f"{_XML}f"), None) is not None)
    return [[["".join(cell.itertext()) for cell in row] for row in root.iter(f"{_XML}row")] for root in roots]
