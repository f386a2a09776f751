"""What a file of plain-text accounting begins and ends with, where it holds a part of the time. Income and expenses
begin at nothing: what they were before is carried forward as equity of each fund, so that an income statement of the
file is that of its own days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from donations.reconciliation.exports.entries import Balance, Extract
from donations.reconciliation.exports.names import Names


class Carried(NamedTuple):
    """An account by its name, and what it holds in minor units."""

    name: str
    currency: str
    minor: int


def opening(books: Extract, names: Names) -> list[Carried]:
    """What was there before the first day; it comes to nothing in each currency of each fund."""
    forward: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for each in books.balances:
        if _restarts(books, each):
            forward[each.fund, each.currency] += each.opening
        elif each.opening:
            found.append(Carried(names.of(each.account, each.fund), each.currency, each.opening))
    found += (Carried(names.forward(fund), currency, minor) for (fund, currency), minor in forward.items() if minor)
    return found


def closing(books: Extract, names: Names) -> Iterator[Carried]:
    """What each account holds in the file after the last day."""
    for each in books.balances:
        held = each.closing - (each.opening if _restarts(books, each) else 0)
        yield Carried(names.of(each.account, each.fund), each.currency, held)
    equity = {names.forward(each.fund) for each in books.balances}
    yield from (each for each in opening(books, names) if each.name in equity)


def _restarts(books: Extract, balance: Balance) -> bool:
    return books.accounts[balance.account][1] in ("income", "expense")
