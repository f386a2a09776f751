"""What a whole CSV table shows before its rows are read: the order of days and months, the decimal separator, and the
column with the direction of unsigned amounts. What it does not show is asked for, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from donations.errors import StatementAskedFor
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.column_maps import BOOKED, NOT_BOOKED, PENDING, ColumnMap, plainly
from donations.reconciliation.readers.csv_rows import IN, OUT, Columns
from donations.reconciliation.readers.qif import asked_for_dates, asked_for_decimal
from donations.reconciliation.readers.types import N_, broken, check_count

Row = list[str]
_YEAR_LAST = re.compile(r"[./\-' ][0-9]{4}(?:[T ,].*)?$")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of days and decimals apart from the file: `now` was entered for it, `before` was entered or found
    for earlier ones."""

    now: ColumnMap
    before: ColumnMap


class Hints:
    """Takes every row once. Then `of(columns)` is the map with what the file tells, `told` what it told for certain,
    `passed_over` the headings of columns with text that nothing was taken from."""

    def __init__(self, here: Columns, headings: Row) -> None:
        self.here, self.headings = here, headings
        self.days: dict[str, int] = {}
        self.amounts: dict[str, int] = {}
        self.told: dict[str, str] = {}
        self._has_minus = self._has_plus = False
        free = [place for place in range(len(headings)) if place not in {here.date, here.value_date, *here.figures}]
        self._signs: dict[int, set[str]] = {place: set() for place in free}
        # For each column: its values while all of them are booking states; None once one is not.
        self._states: dict[int, set[str] | None] = {place: set() for place in free} if here.state < 0 else {}
        self._pending: dict[int, int] = {}
        unused = set(range(len(headings))) - here.used
        self._unread: dict[int, bool] = dict.fromkeys(sorted(unused), False)

    def take(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Raises BadStatementLine or StatementTooLarge."""
        here, count = self.here, 0
        for number, row in rows:
            count += 1
            self.days.setdefault(row[here.date].strip(), number)
            for each in here.figures:
                self.amounts.setdefault(row[each], number)
            if self._signs:
                self._look_for_signs(row)
            if self._states:
                self._look_for_states(row, number)
            if here.credit < 0 <= here.debit:
                self._has_plus |= bool(row[here.debit].strip()) and not _is_negative(row[here.debit])
                self._has_minus |= _is_negative(row[here.debit])
            if count <= 200:
                for place in self._unread:
                    self._unread[place] |= any(character.isalpha() for character in row[place])
        check_count(count)

    @property
    def passed_over(self) -> tuple[str, ...]:
        return tuple(self.headings[place] for place, has_text in self._unread.items() if has_text)

    @property
    def is_inverse(self) -> bool:
        """Whether the only column of amounts is one of debits, and some of them come back."""
        return self.here.credit < 0 <= self.here.debit and self._has_plus and self._has_minus

    def of(self, columns: ColumnMap, known: Known) -> ColumnMap:
        """Raises StatementAskedFor where neither the file nor a person tells, and BadStatementLine."""
        return replace(
            columns,
            dates=self._order(columns, known),
            decimal=self._decimal(columns, known),
            sign=columns.sign or self._sign(),
            state=columns.state or self._state(),
        )

    def _order(self, columns: ColumnMap, known: Known) -> str:
        before = known.before.dates or columns.dates
        if known.now.dates:
            return known.now.dates
        if before == "ymd" and not any(_YEAR_LAST.search(day) for day in self.days):
            return before
        try:
            told = amounts.day_order(self.days)
        except amounts.Unclear as error:
            if before in ("dmy", "mdy"):
                return before
            raise asked_for_dates(str(error)) from error
        except amounts.NotRead as error:
            fault = N_("the dates in this file are not all in the same order")
            raise broken(self.days[str(error)], str(error), fault) from error
        if told:
            self.told["dates"] = told
        return told or "ymd"

    def _decimal(self, columns: ColumnMap, known: Known) -> str:
        if known.now.decimal:
            return known.now.decimal
        try:
            told = amounts.decimal_sign(self.amounts)
        except amounts.Unclear as error:
            before = known.before.decimal or columns.decimal
            if before:
                return before
            raise asked_for_decimal(str(error)) from error
        if told:
            self.told["decimal"] = told
        return told or known.before.decimal or columns.decimal or "."

    def _look_for_signs(self, row: Row) -> None:
        if not self._has_minus and any(_is_negative(row[each]) for each in self.here.figures):
            self._has_minus = True
        if self._has_minus:
            self._signs.clear()
        for place in list(self._signs):
            word = row[place].strip().casefold().rstrip(".")
            if word and word not in IN and word not in OUT:
                del self._signs[place]
            elif word:
                self._signs[place].add(word)

    def _look_for_states(self, row: Row, number: int) -> None:
        for place, words in self._states.items():
            word = plainly(row[place])
            if word in PENDING:
                self._pending.setdefault(place, number)
            if word not in BOOKED and word not in NOT_BOOKED and words is not None:
                self._states[place] = None
            elif words is not None:
                words.add(word)

    def _state(self) -> str:
        """A column with a value for lines that are not booked yet."""
        for place, number in self._pending.items():
            if self._states[place] is not None:
                return self.headings[place]
            raise StatementAskedFor(
                fault=N_("a line says that the bank has not booked it yet"),
                text=f"{self.headings[place][:20]}, {number}",
                fix=N_(
                    "Name the column that shows this: --map state=HEADING, or --map state= if the bank has booked "
                    "all lines."
                ),
            )
        return ""

    def _sign(self) -> str:
        """The one column that holds nothing but words for in and out, where no amount has a sign."""
        if self.here.amount < 0 or self._has_minus:
            return ""
        found = {place: words for place, words in self._signs.items() if words & OUT}
        clear = [place for place, words in found.items() if words & IN or max(map(len, words)) > 2]
        if len(clear) == 1:
            return self.headings[clear[0]]
        if found:
            place = next(iter(clear or found))
            raise StatementAskedFor(
                fault=N_("the amounts have no sign, and a column may say if money came in or went out"),
                text=self.headings[place][:20],
                fix=N_("Name this column: --map sign=HEADING, or --map sign= if there is no such column."),
            )
        return ""


def _is_negative(text: str) -> bool:
    bare = text.strip().rstrip(".").casefold()
    return bool(re.search(r"[-−–‐‑﹣－(]", bare)) or bare.endswith(("dr", "db", "d", "s"))
