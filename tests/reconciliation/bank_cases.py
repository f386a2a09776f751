"""The table of tests/reconciliation/bank_files/README.md: small statements, and the right result of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "bank_files"


class Case(NamedTuple):
    """A file, the currency of the account it goes into, the mapping of its columns, the file imported before it, and
    its lines as (day, amount, words that must be found in it), with how many are left out as pending."""

    file: str
    currency: str
    said: dict[str, str]
    after: str
    is_refused: bool
    lines: list[tuple[str, str, list[str]]]
    pending: int


def _case(row: str) -> Case:
    file, currency, said, after, right, _ = (cell.strip() for cell in row.strip("|\n ").split("|"))
    parts = re.split(r"; (?=20[0-9]{2}-|[0-9]+ pending)", right)
    lines = [match for part in parts if (match := re.match(r"(\S+) \+?(-?[0-9.]+)(?: with (.*))?$", part))]
    pending = [int(part.split()[0]) for part in parts if part.endswith("pending left out")]
    return Case(
        file,
        currency,
        dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", said)),
        after.strip("-"),
        right.startswith("refused"),
        [(match[1], match[2], (match[3] or "").split(", ")) for match in lines],
        sum(pending),
    )


_ROWS = (FOLDER / "README.md").read_text(encoding="utf-8").partition("|---|---|---|---|---|---|\n")[2]
CASES = [_case(row) for row in _ROWS.splitlines()]
