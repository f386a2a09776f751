"""SWIFT's MT940 and MT942: fields that begin with `:61:` and the like at the start of a line. What banks write inside
field 86 is taken apart in mt940_details.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from donations.errors import DonationsError
from donations.money import Money
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.mt940_details import details_of
from donations.reconciliation.readers.types import (
    FIX_LINE,
    MAX_STATEMENTS,
    MAX_TEXT_LENGTH,
    N_,
    Draft,
    ReadLine,
    ReadStatement,
    ReadStatements,
    broken,
    check_count,
    money,
    unreadable,
)

RECOGNISED = re.compile(r"^:20:", re.MULTILINE)
_FRAMED = re.compile(rb"[\x01\x03].*?(\{1:|:20:)|(\{1:|:20:).*?[\x01\x03]", re.DOTALL)
_TAG = re.compile(r":([0-9]{2}[A-Z]?):")
_MOVEMENT = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?(?P<amount>[0-9]+(?:[,.][0-9]*)?)"
    r" ?(?P<type>[A-Z][A-Z0-9 ]{3})(?P<reference>.*)"
)
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9]+(?:[,.][0-9]*)?)")
_SUM = re.compile(r"([0-9]+)([A-Z]{3})([0-9]+(?:[,.][0-9]*)?)")
_SIGNS = {"C": 1, "RD": 1, "D": -1, "RC": -1}  # RC takes a credit back, RD a debit.
Field = tuple[int, str, list[str]]


def without_frame(data: bytes) -> bytes:
    """Without the characters by which SWIFT begins and ends a message (0x01, 0x03)."""
    return data.translate(None, b"\x01\x03") if _FRAMED.search(data[:4000]) else data


def read(text: str) -> ReadStatements:
    """Raises BadStatement, BadStatementLine or StatementTooLarge."""
    drafts: list[_Message] = []
    count = 0
    message: _Message | None = None
    movement: Field | None = None
    for found in _fields(text):
        number, tag, lines = found
        if movement is not None:
            assert message is not None, "a movement stands in a message"
            message.take_movement(movement, lines if tag == "86" else [])
            movement = None
            if tag == "86":
                continue
        if tag == "20":
            message = _Message(number)
            drafts.append(message)
            if len(drafts) > MAX_STATEMENTS:
                raise unreadable(N_("the file has more statements than we accept at once"))
        elif message is None:
            raise broken(number, lines[0], N_("this is outside a statement"))
        elif tag == "61":
            count += 1
            check_count(count)
            movement = found
        else:
            message.take(found)
    if movement is not None and message is not None:
        message.take_movement(movement, [])
    if not drafts:
        raise unreadable(N_("the file contains no statement"))
    form = "MT942" if any(each.interim for each in drafts) else "MT940"
    return ReadStatements(form, tuple(each.done() for each in drafts))


def _fields(text: str) -> Iterator[Field]:
    """(line number, tag, lines of its content) of each field, without SWIFT's own envelope."""
    number, tag, lines = 0, "", [""]
    for at, line in enumerate(text.splitlines() if "\r" in text else text.split("\n"), 1):
        match = _TAG.match(line)
        if match is None and line.startswith("{"):
            match = _TAG.match(line := line.rpartition("{4:")[2])
        if match is not None:
            if tag:
                yield number, tag, lines
            number, tag, lines = at, match[1], [line[match.end() :]]
        elif line.startswith("-") and line.rstrip() in ("-", "-}"):
            if tag:
                yield number, tag, lines
            tag = ""
        elif tag and line.strip("\x1a \x0c\x03"):
            lines.append(line)
            if len(lines) > MAX_TEXT_LENGTH // 20:
                raise broken(at, line, N_("this text is too long"))
    if tag:
        yield number, tag, lines


class _Message:
    """One message: a statement, or a page of one."""

    def __init__(self, number: int) -> None:
        self.number, self.draft, self.interim = number, Draft(), False
        self.closed = False
        self.sums: dict[str, tuple[int, int, int]] = {}
        self.opened_on: date | None = None

    def take(self, found: Field) -> None:
        number, tag, lines = found
        if tag == "25":
            self.draft.account = lines[0].strip()
        elif tag in ("60F", "60M"):
            self.draft.opening, self.opened_on = self._balance(number, lines[0])
        elif tag in ("62F", "62M"):
            self.draft.closing, self.draft.ends_on = self._balance(number, lines[0])
            self.closed = True
        elif tag == "34F":
            self.interim = True
            self._set_currency(number, lines[0][:3], lines[0])
        elif tag in ("90C", "90D"):
            self.interim = True
            self._take_sum(number, tag, lines[0])

    def take_movement(self, found: Field, described: list[str]) -> None:
        number, _, lines = found
        match = _MOVEMENT.fullmatch(lines[0].rstrip())
        if match is None or not self.draft.currency:
            fault = (
                N_("this is not a bank transaction")
                if match is None
                else N_("no balance before this line states the currency")
            )
            raise broken(number, lines[0], fault, FIX_LINE)
        value, entry, mark, _, amount, _, reference = match.groups()
        if mark[0] == "E":
            self.draft.pending += 1
            return
        value_on = _day(_in_february(value), number)
        minor = _SIGNS[mark] * _minor(amount, self.draft.currency, number)
        customer, _, native_id = reference.partition("//")
        native_id, extra = native_id.strip(), " ".join(line.strip() for line in lines[1:])
        name, account, text = details_of(described, _SHORT_REFERENCES.get(customer, customer), extra)
        booked_on = _entry_day(entry, value_on, number) if entry else value_on
        self.draft.add(
            ReadLine(
                number, booked_on, value_on, money(minor, self.draft.currency),
                "" if native_id in _SHORT_REFERENCES else native_id, name, account, text,
            )
        )  # fmt: skip

    def done(self) -> ReadStatement:
        draft = self.draft
        if draft.opening is not None and not self.closed:
            raise broken(self.number, ":20:", N_("this statement has no closing balance, so it is cut off"))
        for sign, tag in ((1, "90C"), (-1, "90D")):
            minors = [line.amount.minor for line in draft.lines if line.amount.minor * sign > 0]
            number, count, total = self.sums.get(tag, (0, len(minors), abs(sum(minors))))
            if (count, total) != (len(minors), abs(sum(minors))) and not draft.pending:
                raise broken(number, f":{tag}:", N_("the transactions do not add up to the total given here"))
        if not draft.lines and draft.starts_on is None:
            draft.starts_on = self.opened_on
        return draft.done()

    def _balance(self, number: int, line: str) -> tuple[Money, date]:
        match = _BALANCE.match(line)
        if match is None:
            raise broken(number, line, N_("this is not a balance"), FIX_LINE)
        mark, day, currency, amount = match.groups()
        self._set_currency(number, currency, line)
        minor = _minor(amount, currency, number)
        return money(minor if mark == "C" else -minor, currency), _day(day, number)

    def _set_currency(self, number: int, currency: str, line: str) -> None:
        try:
            known = amounts.known_currency(currency)
        except amounts.NotRead as error:
            raise broken(number, line, N_("this currency is not known")) from error
        if self.draft.currency not in ("", known):
            raise broken(number, line, N_("this statement is in two currencies"))
        self.draft.currency = known

    def _take_sum(self, number: int, tag: str, line: str) -> None:
        match = _SUM.match(line)
        if match is None:
            raise broken(number, line, N_("this is not a total"), FIX_LINE)
        self._set_currency(number, match[2], line)
        self.sums[tag] = (number, int(match[1][:9]), _minor(match[3], match[2], number))


_SHORT_REFERENCES = {"NONREF": "", "NOREF": "", "": ""}


def _minor(text: str, currency: str, number: int) -> int:
    try:
        return amounts.minor(text, currency, "," if "," in text else ".")
    except (amounts.NotRead, DonationsError) as error:
        fault = N_("this is not an amount, or not in this currency")
        raise broken(number, f"{text} {currency}", fault, FIX_LINE) from error


def _in_february(text: str) -> str:
    """German value days go by months of 30 days: the 29th and 30th of February are its last."""
    year, last = int(text[:2]) + 2000, 28
    last += year % 4 == 0
    return f"{text[:4]}{last}" if text[2:4] == "02" and text[4:] in ("29", "30") else text


def _day(text: str, number: int) -> date:
    try:
        return _short_day(text)
    except ValueError as error:
        raise broken(number, text, N_("this is not a date"), FIX_LINE) from error


@lru_cache(maxsize=4096)
def _short_day(text: str) -> date:
    year = int(text[:2])
    return date(year + (2000 if year < 80 else 1900), int(text[2:4]), int(text[4:]))


def _entry_day(text: str, value_on: date, number: int) -> date:
    try:
        return _nearest(text, value_on)
    except ValueError as error:
        raise broken(number, text, N_("this is not a date"), FIX_LINE) from error


@lru_cache(maxsize=4096)
def _nearest(text: str, value_on: date) -> date:
    """The day is written without its year: that which is nearest to the value date's is meant."""
    months, days = int(text[:2]), int(text[2:])
    made = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            made.append(date(year, months, days))
        except ValueError:
            continue
    if not made:
        raise ValueError(text)
    return min(made, key=lambda each: abs(each - value_on))
