"""The lines of a file held against those that are here: each is new, known, or in doubt. What decides, identity.py
says; what follows from it is written by insert.py."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from donations.reconciliation.readers import ReadLine, ReadStatement

OLD = timedelta(days=730)


class Doubt(NamedTuple):
    """A line of the file that may be a stored one. `reason`: twin (day and amount are those of a line that this
    file does not hold), moved (amount and words, a few days away), number (the bank's number of another line), entry
    (it belongs to a collective entry stored with another amount)."""

    line_id: int
    reason: str


class Verdict(NamedTuple):
    """What is thought of one line. `reasons`: those of a Doubt; future, old (more than two years): look at it;
    updated: it is here, and this file says more of it."""

    line: ReadLine
    verdict: str  # new, known, suspicious
    reasons: tuple[str, ...]


class Compared:
    """A file and what was found of its lines. Lines are named by their place in it, from 0."""

    def __init__(self, statements: tuple[ReadStatement, ...], at: datetime) -> None:
        self.statements, self.today = statements, at.date()
        self.keys: list[bytes] = []
        # For each line: which occurrence of its key it is as a new line; 0 where it is here already.
        self.occurrences = array("l")
        self.doubts: dict[int, Doubt] = {}
        # Stored lines with another wording: (the line, how this one is it: the same, a part of it, or its whole).
        self.updates: dict[int, tuple[int, str]] = {}
        self.known = 0

    @property
    def new(self) -> int:
        """New lines, those in doubt among them."""
        return len(self.keys) - self.known

    def lines(self) -> Iterator[ReadLine]:
        for statement in self.statements:
            yield from statement.lines

    def verdicts(self) -> Iterator[Verdict]:
        is_odd = self._oddities()
        for place, (line, occurrence) in enumerate(zip(self.lines(), self.occurrences, strict=True)):
            if not occurrence:
                yield Verdict(line, "known", ("updated",) if place in self.updates else ())
                continue
            doubt = self.doubts.get(place)
            reasons = (*((doubt.reason,) if doubt else ()), *is_odd(line.booked_on))
            yield Verdict(line, "suspicious" if reasons else "new", reasons)

    def odd(self) -> int:
        """How many new lines have a day that is not expected."""
        is_odd = self._oddities()
        return sum(
            occurrence > 0 and bool(is_odd(line.booked_on))
            for line, occurrence in zip(self.lines(), self.occurrences, strict=True)
        )

    def _oddities(self) -> Callable[[date], tuple[str, ...]]:
        # It may be tomorrow already where the bank is.
        first, last = self.today - OLD, self.today + timedelta(days=1)
        return lambda day: ("future",) if day > last else ("old",) if day < first else ()

    def places_of(self, statement: int) -> range:
        """The places of the lines of a statement of the file."""
        start = sum(len(each.lines) for each in self.statements[:statement])
        return range(start, start + len(self.statements[statement].lines))

    def first_doubt(self) -> str:
        """The first line that is in doubt, to be named in a sentence."""
        wanted = min(self.doubts)
        line = next(line for place, line in enumerate(self.lines()) if place == wanted)
        return f"{line.booked_on} {line.amount.plain()} {line.amount.currency}"
