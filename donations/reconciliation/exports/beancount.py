"""Beancount: every account of every fund opened, what was there before the period as its first transaction, the
entries, and at the end a balance directive for each account, so that `bean-check` proves that nothing was lost."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import BinaryIO

from donations.reconciliation.exports import carried
from donations.reconciliation.exports.entries import BookedEntry, Extract, major
from donations.reconciliation.exports.names import Names, plain

_OPENED = date(1970, 1, 1)
_LINK = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_/.]*")


def write(books: Extract, file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=False)
    names = Names(books.accounts)
    text.writelines(_head(books, names))
    last = books.scope.since or _OPENED
    for entry in books.entries:
        text.writelines(_transaction(entry, names))
        last = entry.entry_date
    text.writelines(_closing(books, names, (books.scope.until or last) + timedelta(days=1)))
    text.flush()
    text.detach()


def _head(books: Extract, names: Names) -> Iterator[str]:
    yield f'option "title" {_quoted(books.organisation)}\n'
    yield f'option "operating_currency" "{books.currency}"\n\n'
    for currency in sorted({each.currency for each in books.balances}):
        yield f"{_OPENED} commodity {currency}\n"
    opened: dict[str, set[str]] = {}
    for each in carried.closing(books, names):
        opened.setdefault(each.name, set()).add(each.currency)
    for name, currencies in opened.items():
        yield f"{_OPENED} open {name} {','.join(sorted(currencies))}\n"
    before = carried.opening(books, names)
    if before:
        yield f'\n{books.scope.since} * "opening balances"\n'
        for each in before:
            yield f"  {each.name}  {major(each.minor, each.currency)} {each.currency}\n"


def _transaction(entry: BookedEntry, names: Names) -> Iterator[str]:
    cleared = dict.fromkeys(line.clear_ref for line in entry.lines if line.clear_ref)
    links = "".join(f" ^{ref}" for ref in cleared if _LINK.fullmatch(ref))
    yield f"\n{entry.entry_date} * {_quoted(entry.kind)}{links}\n  number: {_quoted(entry.number)}\n"
    if entry.fact_date != entry.entry_date:
        yield f"  fact: {entry.fact_date}\n"
    for line in entry.lines:
        yield f"  {names.of(line.account, line.fund)}  {major(line.minor, line.currency)} {line.currency}\n"
        if line.clear_ref:
            yield f"    clears: {_quoted(line.clear_ref)}\n"


def _closing(books: Extract, names: Names, on: date) -> Iterator[str]:
    yield "\n"
    for each in carried.closing(books, names):
        yield f"{on} balance {each.name}  {major(each.minor, each.currency)} {each.currency}\n"


def _quoted(words: str) -> str:
    return '"' + plain(words).replace("\\", "\\\\").replace('"', '\\"') + '"'
