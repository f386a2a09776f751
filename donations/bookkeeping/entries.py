"""What bookkeeping answers with: the entries that must exist, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A posting to be: `+` debit, `-` credit, whole minor units."""

    account: int
    fund_id: int
    currency: str
    minor: int
    clear_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry that must exist. `key` names what it is for; `happened_at` is when, by its fact."""

    key: str
    kind: str
    happened_at: datetime
    lines: tuple[Line, ...]


def entry(key: str, kind: str, happened_at: datetime, lines: Iterable[Line]) -> list[Wanted]:
    """The entry of these lines, those of nothing left out; none if nothing moves."""
    moved: dict[tuple[int, int, str, str | None], int] = {}
    for line in lines:
        place = (line.account, line.fund_id, line.currency, line.clear_ref)
        moved[place] = moved.get(place, 0) + line.minor
    kept = tuple(Line(a, f, c, minor, ref) for (a, f, c, ref), minor in moved.items() if minor)
    return [Wanted(key, kind, happened_at, kept)] if kept else []
