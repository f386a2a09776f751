"""An hledger journal: accounts declared, what was there before the period as its first transaction (carried), the
entries, and at the end a transaction of nothing that asserts the balance of each account."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from donations.reconciliation.exports import carried
from donations.reconciliation.exports.entries import BookedEntry, Extract, major
from donations.reconciliation.exports.names import Names, plain

_TYPES = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}
# What a comment or a description may not hold: a comma ends a tag, a semicolon begins a comment, a bar splits a payee,
# a colon would make a tag of the word before it.
_NOT_IN_A_TAG, _NOT_IN_WORDS = re.compile(r"[,;\n]+"), re.compile(r"[;|:()*!=\[\]]+")


def write(books: Extract, file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=False)
    names = Names(books.accounts)
    text.writelines(_head(books, names))
    last = books.scope.since
    for entry in books.entries:
        text.writelines(_transaction(entry, names))
        last = entry.entry_date
    closed = books.scope.until or last
    if closed is not None:
        text.writelines(_closing(books, names, closed))
    text.flush()
    text.detach()


def _head(books: Extract, names: Names) -> Iterator[str]:
    yield f"; {_words(books.organisation)}\ndecimal-mark .\n"
    for currency in sorted({each.currency for each in books.balances}):
        sample = major(1_000_000, currency)
        yield f"commodity {sample if '.' in sample else sample + '.'} {currency}\n"
    for name in dict.fromkeys(each.name for each in carried.closing(books, names)):
        yield f"account {name}  ; type:{_TYPES[name.partition(':')[0]]}\n"
    before = carried.opening(books, names)
    if before:
        yield f"\n{books.scope.since} * opening balances\n"
        for each in before:
            yield f"    {each.name}  {major(each.minor, each.currency)} {each.currency}\n"


def _transaction(entry: BookedEntry, names: Names) -> Iterator[str]:
    fact = f"  ; fact:{entry.fact_date}" if entry.fact_date != entry.entry_date else ""
    yield f"\n{entry.entry_date} * ({_words(entry.number)}) {_words(entry.kind)}{fact}\n"
    for line in entry.lines:
        ref = f"  ; clears:{_NOT_IN_A_TAG.sub(' ', plain(line.clear_ref))}" if line.clear_ref else ""
        yield f"    {names.of(line.account, line.fund)}  {major(line.minor, line.currency)} {line.currency}{ref}\n"


def _closing(books: Extract, names: Names, on: date) -> Iterator[str]:
    if books.balances:
        yield f"\n{on} * closing balances\n"
    for each in carried.closing(books, names):
        nothing, held = major(0, each.currency), major(each.minor, each.currency)
        yield f"    {each.name}  {nothing} {each.currency} = {held} {each.currency}\n"


def _words(words: str) -> str:
    return _NOT_IN_WORDS.sub(" ", plain(words)).strip()
