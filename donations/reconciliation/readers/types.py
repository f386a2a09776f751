"""The results of readers: statements and their lines as plain values, whatever the format, with the limits of a file.
Nothing here reads a file or knows the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from donations.errors import BadStatement, BadStatementLine, StatementTooLarge
from donations.i18n import N_ as N_
from donations.money import Money
from donations.reconciliation.readers.column_maps import ColumnMap

MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 200_000
MAX_STATEMENTS = 5_000
MAX_TEXT_LENGTH = 20_000  # characters of one line of a statement, with all that it says


class Entry(NamedTuple):
    """A collective entry of which a line is one part."""

    ref: str  # the bank's own number of the entry; "" where there is none
    minor: int  # what the whole entry comes to, in minor units


class ReadLine(NamedTuple):
    """One line of a statement; "" where the file says nothing. A tuple, because a file may hold 200,000."""

    place: int  # its line in the file; in camt, which is often one long line, the number of its entry
    booked_on: date
    value_on: date | None
    amount: Money  # `+` came in, `-` went out
    native_id: str
    name: str  # of the other side
    account: str  # of the other side
    text: str
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """One statement of one account. Balances are None where the file states none."""

    account: str  # as in the file; "" where it does not say
    currency: str
    opening: Money | None
    closing: Money | None
    starts_on: date | None
    ends_on: date | None
    lines: tuple[ReadLine, ...]
    pending: int = 0  # lines left out, because they are not booked yet
    empty: int = 0  # lines left out, because they move nothing


@dataclass(frozen=True, slots=True)
class ReadStatements:
    """A whole file. Of a CSV table: how it was read, what it tells for certain of its days and amounts, and the
    headings of columns with text that nothing was taken from."""

    format: str
    statements: tuple[ReadStatement, ...]
    column_map: ColumnMap | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    @property
    def pending(self) -> int:
        """How many lines were left out because they are not booked yet."""
        return sum(each.pending for each in self.statements)


@dataclass(slots=True)
class Draft:
    """A statement while it is being read."""

    account: str = ""
    currency: str = ""
    opening: Money | None = None
    closing: Money | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    lines: list[ReadLine] = field(default_factory=list)
    pending: int = 0
    empty: int = 0

    def add(self, line: ReadLine) -> None:
        """Take a booked line; one that moves nothing is only counted."""
        if len(line.text) + len(line.name) + len(line.native_id) + len(line.account) > MAX_TEXT_LENGTH:
            raise broken(line.place, line.text, N_("this text is too long"))
        if not line.amount.minor:
            self.empty += 1
            return
        self.lines.append(line)

    def done(self) -> ReadStatement:
        days = [line.booked_on for line in self.lines]
        if self.starts_on is None:
            self.starts_on = min(days, default=self.ends_on)
        if self.ends_on is None:
            self.ends_on = max(days, default=self.starts_on)
        return ReadStatement(
            self.account, self.currency, self.opening, self.closing, self.starts_on, self.ends_on, tuple(self.lines),
            self.pending, self.empty,
        )  # fmt: skip


FETCH_AGAIN = N_("Download the file from your bank again.")
FIX_LINE = N_("Do not change the file by hand. Download it from your bank again.")


def check_count(lines: int) -> None:
    """Raises StatementTooLarge."""
    if lines > MAX_LINES:
        raise StatementTooLarge(most=f"{MAX_LINES} lines")


def broken(line: int, text: str, fault: str, fix: str = FETCH_AGAIN) -> BadStatementLine:
    """The error for a line that cannot be read, with no more of it than a person needs to find it."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:60])
    return BadStatementLine(line=line, text=shown, fault=fault, fix=fix)


def unreadable(fault: str, fix: str = FETCH_AGAIN) -> BadStatement:
    return BadStatement(fault=fault, fix=fix)


@lru_cache(maxsize=4096)
def money(minor: int, currency: str) -> Money:
    """The same amounts come again and again; they are made once."""
    return Money(minor, currency)
