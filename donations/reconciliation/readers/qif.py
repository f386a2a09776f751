"""QIF, which says neither the currency nor in which order a day is written: the first comes from the account, the
second is told by all days of the file together, or asked for."""

from __future__ import annotations

import re

from donations.errors import StatementAskedFor
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.types import (
    FIX_LINE,
    MAX_TEXT_LENGTH,
    N_,
    Draft,
    ReadLine,
    ReadStatements,
    broken,
    check_count,
    money,
    unreadable,
)

RECOGNISED = re.compile(r"^\s*!(Type|Account|Option|Clear)\b", re.IGNORECASE)
_MONEY_TYPES = ("bank", "cash", "ccard", "oth a", "oth l")
_OPENING = {"opening balance", "anfangssaldo", "solde initial", "начальный остаток", "saldo inicial"}
_SHORT_YEAR = re.compile(r"' ?([0-9])$")
Entry = dict[str, tuple[int, str]]


def read(text: str, *, currency: str, dates: str = "", decimal: str = "") -> ReadStatements:
    """Raises BadStatement, BadStatementLine, StatementAskedFor or StatementTooLarge."""
    entries, account = _entries(text)
    order = dates or _order(entries)
    point = decimal or _decimal(entries, currency)
    draft = Draft(account=account, currency=currency)
    for place, entry in enumerate(entries):
        line = _line(entry, order, point, currency)
        if place == 0 and line.name.casefold() in _OPENING:
            draft.opening = line.amount
            draft.starts_on = line.booked_on
        else:
            draft.add(line)
    return ReadStatements("QIF", (draft.done(),))


def _entries(text: str) -> tuple[list[Entry], str]:
    """The entries of the first account of the file; lists of categories and the like are passed over."""
    entries: list[Entry] = []
    entry: Entry = {}
    section, account, number = "", "", 0
    for number, line in enumerate(text.splitlines(), 1):
        mark, said = line[:1], line[1:].strip()
        if mark == "!":
            if entry:
                raise broken(number, line, N_("the transaction before this is incomplete"))
            section = said.lower()
            if section.startswith("type:") and section[5:].strip() not in _MONEY_TYPES + _LISTS:
                raise broken(number, line, N_("this is not a list of bank account transactions"))
        elif section[5:].strip() in _MONEY_TYPES:
            if mark == "^":
                _close(entry, entries, number)
                entry = {}
            elif mark.strip("\x1a\x0c "):
                entry.setdefault(mark, (number, said[:MAX_TEXT_LENGTH]))
        elif section == "account" and mark == "N":
            if account and entries:
                raise broken(number, line, N_("the file has several accounts, so export one of them"))
            account = account or said
        elif not section and line.strip():
            raise broken(number, line, N_("this comes before the first section"))
    if entry:
        raise broken(number, line, N_("the file is damaged or cut off here"))
    if not section:
        raise unreadable(N_("the file contains no statement"))
    return entries, ""


_LISTS = ("cat", "class", "memorized", "tag", "security", "prices", "budget")


def _close(entry: Entry, entries: list[Entry], number: int) -> None:
    if not entry:
        return
    if "D" not in entry or ("T" not in entry and "U" not in entry):
        raise broken(number, "^", N_("this transaction has no date or no amount"), FIX_LINE)
    entries.append(entry)
    check_count(len(entries))


def _line(entry: Entry, order: str, decimal: str, currency: str) -> ReadLine:
    at, day = entry["D"]
    try:
        booked_on = amounts.written_day(_SHORT_YEAR.sub(r"'0\1", day), order)
    except amounts.NotRead as error:
        raise broken(at, day, N_("this is not a date"), FIX_LINE) from error
    at, amount = entry.get("T") or entry["U"]
    try:
        minor = amounts.written(amount, currency, decimal)
    except amounts.NotRead as error:
        raise broken(at, amount, N_("this is not an amount, or not in this currency"), FIX_LINE) from error
    texts = [entry[mark][1] for mark in "MN" if mark in entry]
    name = entry["P"][1] if "P" in entry else ""
    return ReadLine(entry["D"][0], booked_on, None, money(minor, currency), "", name, "", " ".join(filter(None, texts)))


def _order(entries: list[Entry]) -> str:
    """Raises StatementAskedFor where the days of the whole file fit both orders."""
    try:
        return amounts.day_order({_SHORT_YEAR.sub(r"'0\1", entry["D"][1]): None for entry in entries})
    except amounts.Unclear as error:
        raise asked_for_dates(str(error)) from error
    except amounts.NotRead as error:
        at = next(at for at, day in (entry["D"] for entry in entries) if day == str(error))
        raise broken(at, str(error), N_("the dates in this file are not all in the same order")) from error


def _decimal(entries: list[Entry], currency: str) -> str:
    written = {(entry.get("T") or entry["U"])[1]: None for entry in entries}
    try:
        return amounts.decimal_sign(written) or "."
    except amounts.Unclear as error:
        raise asked_for_decimal(str(error)) from error


def asked_for_dates(day: str) -> StatementAskedFor:
    """The error for dates that do not show whether the day or the month comes first."""
    return StatementAskedFor(
        fault=N_("every date in the file could be day first or month first"),
        text=day[:20],
        fix=N_("Use --map dates=dmy for the day first, or --map dates=mdy for the month first."),
    )


def asked_for_decimal(amount: str) -> StatementAskedFor:
    return StatementAskedFor(
        fault=N_("the amounts do not show whether a point or a comma comes before the pence"),
        text=amount[:20],
        fix=N_("Use --map decimal=. or --map decimal=,"),
    )
