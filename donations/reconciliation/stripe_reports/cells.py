"""The cells of Stripe's reports: ids, amounts in major units, times. What is not plainly one is refused with its line,
never guessed and never taken for nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from donations.errors import BadReportLine
from donations.i18n import N_
from donations.money import CURRENCIES, exponent

MAX_DIGITS = 15
FIX = N_("Download the report from Stripe again, and do not open it in a spreadsheet first.")
_ID = re.compile(r"[!-~]{1,255}")
_WORD = re.compile(r"[a-z_]{1,100}")
_AMOUNT = re.compile(r"(-?)([0-9]+)(?:([.,])([0-9]+))?")
_MOMENT = re.compile(r"(20\d\d-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,6})?)?(Z?)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by its columns, with its position. `zone` is that of times whose column does not say UTC."""

    line: int
    cells: dict[str, str]
    zone: ZoneInfo

    def text(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    def has(self, column: str) -> bool:
        return bool(self.text(column))

    def id(self, column: str) -> str:
        return self._matching(_ID, column, N_("this is not an ID"))

    def word(self, column: str) -> str:
        return self._matching(_WORD, column, N_("Stripe does not use this word"))

    def currency(self) -> str:
        code = self.text("currency").upper()
        if code not in CURRENCIES:
            raise self.broken("currency", N_("this is not a currency we know"))
        return code

    def minor(self, column: str, currency: str) -> int:
        """Minor units of an amount in major units. A comma is read as the decimal point only before all the decimals
        that the currency has: otherwise it may separate thousands."""
        match = _AMOUNT.fullmatch(self.text(column))
        places = exponent(currency)
        if match is None:
            raise self.broken(column, N_("this is not an amount"))
        sign, whole, mark, fraction = match.groups(default="")
        kept = fraction.rstrip("0")
        if len(kept) > places or len(whole) > MAX_DIGITS or (mark == "," and len(fraction) != places):
            raise self.broken(column, N_("this amount is not possible in its currency"))
        value = int(whole + kept.ljust(places, "0"))
        return -value if sign else value

    def moment(self, *columns: str) -> datetime:
        """The first of the columns that is there: in UTC where its name ends so, else by the zone of the report."""
        column = next((name for name in columns if self.has(name)), columns[0])
        match = _MOMENT.fullmatch(self.text(column))
        try:
            if match is None:
                raise ValueError(column)
            said = datetime.fromisoformat(f"{match[1]} {match[2] or '00:00'}")
        except ValueError as error:
            raise self.broken(column, N_("this is not a date or time")) from error
        in_utc = column.endswith("_utc") or match[3]
        return said.replace(tzinfo=UTC if in_utc else self.zone).astimezone(UTC)

    def broken(self, column: str, fault: str, fix: str = FIX) -> BadReportLine:
        shown = "".join(c if c.isprintable() else "?" for c in self.text(column)[:60])
        return BadReportLine(line=self.line, column=column, text=shown, fault=fault, fix=fix)

    def _matching(self, form: re.Pattern[str], column: str, fault: str) -> str:
        text = self.text(column)
        if not form.fullmatch(text):
            raise self.broken(column, fault)
        return text
