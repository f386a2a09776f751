"""Names of accounts and funds in plain-text accounting: a root by the account's kind, the account, the fund below
it. A name is only letters, figures and what the format takes, whatever someone typed."""

from __future__ import annotations

import re
import unicodedata

_ROOTS = {
    "asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses",
}  # fmt: skip
# Clearing accounts are of either sign: by their group in the chart.
_ROOTS_OF_CLEARING = {1: "Assets", 2: "Liabilities"}


def root_of(code: int, kind: str) -> str:
    return _ROOTS.get(kind) or _ROOTS_OF_CLEARING.get(code // 1000, "Equity")


class Names:
    """Names of accounts by (code, fund), no two the same. Beancount's parts begin with a capital or a figure and hold
    letters, figures and hyphens; they are good for hledger too."""

    def __init__(self, accounts: dict[int, tuple[str, str]]) -> None:
        self._accounts = accounts
        self._made: dict[tuple[int, str], str] = {}
        self._funds: dict[str, str] = {}

    def of(self, code: int, fund: str) -> str:
        key = (code, fund)
        if key not in self._made:
            name, kind = self._accounts[code]
            self._made[key] = f"{root_of(code, kind)}:{_part(f'{code}-{name}')}:{self._fund(fund)}"
        return self._made[key]

    def forward(self, fund: str) -> str:
        """The account of a fund's earlier income and expenses in a file that covers a part of the time."""
        return f"Equity:Brought-forward:{self._fund(fund)}"

    def _fund(self, slug: str) -> str:
        if slug not in self._funds:
            plain, taken = _part(slug), set(self._funds.values())
            number = 1
            while (part := plain if number == 1 else f"{plain}-{number}") in taken:
                number += 1
            self._funds[slug] = part
        return self._funds[slug]


def plain(words: str) -> str:
    """One line of text: no control characters, no line ends."""
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in words).split())


def _part(words: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-") or "X"
    return kept[0].upper() + kept[1:]
