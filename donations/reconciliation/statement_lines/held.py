"""A file while its lines are compared with those of the account: which are still to be found, which stored lines have
no line of the file yet, and what is found by equal wording and by the bank's own number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Connection

from donations.models import BankAccount, Statement, StatementLine, StatementLineQuestion
from donations.prepared import Prepared
from donations.reconciliation.readers import ReadLine
from donations.reconciliation.readers.types import Entry
from donations.reconciliation.statement_lines import details, evidence
from donations.reconciliation.statement_lines.comparison import Compared, Doubt
from donations.reconciliation.statement_lines.evidence import Hashes, Here

# How far the day of a line may move from pending to booked without a question, and with one. A week is
# too far: there are weekly donations, and files whose numbers are the payer's own.
SHIFTED, MOVED = timedelta(days=5), timedelta(days=10)


class Held:
    """The lines of a file that are still to be found (`left`), and the stored lines of its days that no line of the
    file was found to be yet (`strays`)."""

    def __init__(self, conn: Connection, account_id: int, compared: Compared, form: str) -> None:
        self.conn, self.account_id, self.compared = conn, account_id, compared
        self.form, self.family = form, _family(form)
        self.lines = list(compared.lines())
        self.hashes = Hashes(account_id)
        self.left: dict[int, ReadLine] = {}
        self.last_occurrence: dict[bytes, int] = {}
        self.claimed: dict[int, int] = {}  # stored line -> position of the line of the file found to be it
        days = [line.booked_on for line in self.lines] or [compared.today]
        self.first, self.last = min(days), max(days)
        self.has_lines = bool(self.lines) and conn.execute(_ANY, {"of_account": account_id}).first() is not None
        # Lines whose counter is on another day: counters begin again, so a twin of the same day goes before.
        self.renumbered: dict[int, Here] = {}
        self._strays: dict[int, Here] | None = None
        self._older: dict[bytes, list[int]] | None = None
        self._said: dict[int, details.Details] = {}
        self._locked: set[int] = set()
        self._kinds: dict[int, set[str]] = {}

    def claim_by_words(self) -> None:
        """Lines that say the very same, as often as they are here; questions that wait count as here."""
        here = self._by_words() if self.has_lines else {}
        for place, (key, line) in enumerate(zip(self.compared.keys, self.lines, strict=True)):
            ids = here.get(key)
            if ids:
                self.claimed.setdefault(ids.pop(), place)
            else:
                self.left[place] = line

    def _by_words(self) -> dict[bytes, list[int]]:
        """The lines that are here by the keys of the file, the first one last."""
        here: dict[bytes, list[int]] = {}
        counts, window = Counter(self.compared.keys), self._window()
        wanted = counts.keys()
        several = {evidence.nth(key, n): key for key, count in counts.items() for n in range(2, count + 1)}
        others = evidence.wordings(self.conn, self.account_id, window["first"], window["last"])
        for hashed, line_id in [*others, *_waiting(self.conn, self.account_id)]:
            key = several.get(hashed, hashed)
            if key in wanted:
                here.setdefault(key, []).append(line_id)
        for row in _KEYS_HERE.all(self.conn, window):
            key = bytes(row.dedupe_key)
            if key in wanted:
                here.setdefault(key, []).append(row.id)
                self.last_occurrence[key] = max(self.last_occurrence.get(key, 0), row.occurrence)
        return here

    def claim_by_number(self) -> None:
        """Lines whose number the bank gave to one line only, here and in the file: with the amount, it decides."""
        numbers = {place: number for place, line in self.left.items() if (number := self.number(line))}
        found = self.numbered(self.hashes.number(number) for number in numbers.values())
        for place, number in numbers.items():
            here = found.get(self.hashes.number(number), ())
            if len(here) == 1 and here[0].id not in self.claimed:
                self._judge(place, self.left[place], here[0], evidence.is_counter(number))

    def _judge(self, place: int, line: ReadLine, here: Here, is_counter: bool) -> None:
        away = abs(line.booked_on - here.booked_on)
        alike = bool(details.words(self.said(here)) & details.words(details.of_line(line)))
        if (here.amount_minor, here.currency) != (line.amount.minor, line.amount.currency):
            is_near = (not away and alike) if is_counter else away <= MOVED
            if is_near and not self.is_of_entry(line, here):
                self.doubt(place, here, "number")
        elif (not away and (alike or not is_counter)) or (
            away <= SHIFTED and not is_counter and details.is_same_party(self.said(here), details.of_line(line))
        ):
            self.know(place, here)
        elif not is_counter or not away:
            self.doubt(place, here, "number")
        elif alike and away <= MOVED:
            self.renumbered[place] = here

    def is_of_entry(self, line: ReadLine, here: Here) -> bool:
        """Whether the two are a collective entry and a part of it: collective.py judges those."""
        if line.entry is not None:
            return True
        return "total" in self.kinds(here)

    def number(self, line: ReadLine) -> str:
        """The bank's own number of a line, where it is meaningful: it occurs once in the file."""
        number = evidence.number_of(line.native_id)
        return number if number and self._numbers_in_file[number] == 1 else ""

    def ref(self, entry: Entry) -> str:
        """The bank's own number of a collective entry, where no other entry of the file has it."""
        number = evidence.number_of(entry.ref)
        return number if number and self._refs_in_file[number] == 1 and not evidence.is_counter(number) else ""

    @cached_property
    def _refs_in_file(self) -> Counter[str]:
        alone = [evidence.number_of(line.native_id) for line in self.lines if line.entry is None]
        entries = {id(line.entry): line.entry.ref for line in self.lines if line.entry is not None}
        return Counter([*alone, *map(evidence.number_of, entries.values())])

    @cached_property
    def _numbers_in_file(self) -> Counter[str]:
        return Counter(evidence.number_of(line.native_id) for line in self.lines)

    def numbered(self, hashes: Iterable[bytes]) -> dict[bytes, list[Here]]:
        """The lines that have these numbers, also where evidence is not complete yet."""
        wanted = list(dict.fromkeys(hashes))
        found = evidence.found(self.conn, "number", wanted)
        older = self._older_numbers()
        for hashed in wanted if older else ():
            if hashed in older:
                found.setdefault(hashed, []).extend(_by_ids(self.conn, older[hashed]))
        return found

    def _older_numbers(self) -> dict[bytes, list[int]]:
        if self._older is None:
            self._older = {}
            asked = select(_account.c.evidence_complete).where(_account.c.id == self.account_id)
            if not self.conn.scalar(asked):
                for line_id, hashed in evidence.missing(self.conn, self.account_id):
                    self._older.setdefault(hashed, []).append(line_id)
        return self._older

    @property
    def strays(self) -> dict[int, Here]:
        """The stored lines of these days that no line of the file was found to be, by id."""
        if self._strays is None:
            self._strays = {row[0]: Here(*row) for row in _HERE.all(self.conn, self._window())}
        for line_id in self.claimed:
            self._strays.pop(line_id, None)
        return self._strays

    def said(self, here: Here) -> details.Details:
        found = self._said.get(here.id)
        if found is None:
            sealed = here.details_sealed or self.conn.scalar(_SEALED, {"of_line": here.id})
            found = self._said[here.id] = details.opened(sealed, details.identity(here.id))
            if details.is_locked(sealed):
                self._locked.add(here.id)
        return found

    def is_locked(self, here: Here) -> bool:
        """Whether the text of this line is unreadable: it may be any of its day and amount, and a person is asked."""
        self.said(here)
        return here.id in self._locked

    def kinds(self, here: Here) -> set[str]:
        """Which kinds of evidence there are of a line."""
        if here.id not in self._kinds:
            self._kinds[here.id] = evidence.kinds_of(self.conn, here.id)
        return self._kinds[here.id]

    def family_of(self, here: Here) -> str:
        return _family(here.format)

    def know(self, place: int, here: Here, how: str = "same") -> None:
        """This line is stored already: the `same` with another wording, a `part` of that line, or the `whole` of it."""
        self.left.pop(place, None)
        self.claimed[here.id] = place
        self.compared.updates[place] = (here.id, how)

    def doubt(self, place: int, here: Here, reason: str) -> None:
        # The line stays free: where a person says that it is another one, a later line of the file may be it.
        self.left.pop(place, None)
        self.compared.doubts[place] = Doubt(here.id, reason)

    def _window(self) -> dict[str, Any]:
        return {"of_account": self.account_id, "first": self.first - MOVED, "last": self.last + MOVED}


def _family(form: str) -> str:
    """Formats of one family share the bank's numbers and texts."""
    return form.split(" ")[0].split(".")[0][:4].rstrip("0123456789")


def _waiting(conn: Connection, account_id: int) -> list[tuple[bytes, int]]:
    """Keys of the questions that wait for a person. They are no lines, so they are named by numbers below nothing."""
    asked = select(_question.c.dedupe_key, _question.c.id).join(_line, _line.c.id == _question.c.statement_line_id)
    rows = conn.execute(asked.where(_line.c.bank_account_id == account_id, _question.c.state == "open"))
    return [(bytes(row.dedupe_key), -row.id) for row in rows]


def _by_ids(conn: Connection, ids: list[int]) -> list[Here]:
    return [Here(*row) for row in conn.execute(_COLUMNS.where(_line.c.id.in_(ids)).order_by(_line.c.id))]


_line: Table = StatementLine.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_statement: Table = Statement.__table__  # type: ignore[assignment]
_question: Table = StatementLineQuestion.__table__  # type: ignore[assignment]
_day = _line.c.booked_on.type
_ANY = select(_line.c.id).where(_line.c.bank_account_id == bindparam("of_account")).limit(1)
_IN_THESE_DAYS = (
    _line.c.bank_account_id == bindparam("of_account"),
    _line.c.booked_on.between(bindparam("first", type_=_day), bindparam("last", type_=_day)),
)
_KEYS_HERE = Prepared(
    select(_line.c.dedupe_key, _line.c.occurrence, _line.c.id)
    .where(*_IN_THESE_DAYS)
    .order_by(_line.c.occurrence.desc())
)
_COLUMNS = select(_line.c.id, _line.c.booked_on, _line.c.amount_minor, _line.c.currency, _statement.c.format).join_from(
    _line, _statement, _statement.c.id == _line.c.statement_id
)
_HERE = Prepared(_COLUMNS.where(*_IN_THESE_DAYS))
_SEALED = select(_line.c.details_sealed).where(_line.c.id == bindparam("of_line"))
