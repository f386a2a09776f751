"""What the columns of a CSV table mean: a map from our column names to the bank's headings, guessed from the headings
or entered by a person, and remembered with the bank account. No table is read here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from donations.errors import BadStatement
from donations.i18n import N_
from donations.money import CURRENCIES
from donations.reconciliation.readers.csv_heading_words import HEADINGS

# A column of booking states: these words, and an empty cell, mean booked.
BOOKED = {
    "", "completed", "booked", "gebucht", "umsatz gebucht", "ok", "settled", "posted", "executed", "cleared", "geboekt",
    "comptabilisé", "contabilizado", "contabilizzato", "bokförd", "bogført", "zaksięgowana", "refunded", "reversed",
    "partially refunded", "исполнен", "выполнен", "проведен",
}  # fmt: skip
# These words mark a line that is still pending, whatever the column is called.
PENDING = {
    "pending", "vorgemerkt", "umsatz vorgemerkt", "not booked", "nicht gebucht", "ausstehend", "en attente",
    "pendiente", "in attesa", "in behandeling", "gereserveerd", "oczekująca", "unposted", "uncleared", "on hold",
    "в обработке", "ожидает",
}  # fmt: skip
NOT_BOOKED = PENDING | {
    "reverted", "declined", "denied", "failed", "cancelled", "canceled", "authorised", "authorized", "created",
    "refused", "expired", "voided", "held", "отклонен",
}  # fmt: skip
NO_COLUMN = "-"  # a person says that no column means this


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Headings as in the file, or numbers of columns from 1 where there is no heading; "" for none. `dates`,
    `decimal` and `currency` hold for the whole file; "" leaves them to be found from it. `bank` names a built-in
    profile."""

    date: str = ""
    value_date: str = ""
    amount: str = ""
    debit: str = ""
    credit: str = ""
    sign: str = ""
    fee: str = ""
    currency: str = ""
    name: str = ""
    account: str = ""
    text: tuple[str, ...] = ()
    id: str = ""
    balance: str = ""
    own_account: str = ""
    state: str = ""
    dates: str = ""
    decimal: str = ""
    delimiter: str = ""
    bank: str = ""

    @property
    def is_complete(self) -> bool:
        figures = {self.amount, self.debit, self.credit} - {"", NO_COLUMN}
        return bool(self.date and figures)

    @property
    def is_numbered(self) -> bool:
        """Whether columns are named by number: then the table has no headings."""
        return self.date.isdecimal()

    def headings(self) -> list[str]:
        """All headings it speaks of."""
        said = [getattr(self, word) for word in HEADINGS if word != "text"]
        none = {"", NO_COLUMN}
        return [heading for heading in (*said, *self.text) if heading not in none and heading not in CURRENCIES]

    def as_json(self) -> dict[str, object]:
        """For the database: only the values that are set."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


WORDS = tuple(each.name for each in fields(ColumnMap))
_FIXED = {"dates": ("dmy", "mdy", "ymd"), "decimal": (".", ","), "delimiter": (",", ";", "|", "\t")}


def made(said: Mapping[str, object], onto: ColumnMap | None = None) -> ColumnMap:
    """A map from names and values, as entered or stored; what is missing stays as in `onto`. Raises BadStatement for an
    unknown name or value."""
    given: dict[str, object] = {}
    for word, value in said.items():
        if word not in WORDS:
            fix = N_(
                "Use one of these words: date, amount, debit, credit, sign, name, account, text, id, balance, "
                "currency, ..."
            )
            raise BadStatement(fault=f"{word!r}", fix=fix)
        if word == "text":
            if value == "":
                value = (NO_COLUMN,)
            given[word] = (value,) if isinstance(value, str) else tuple(str(each) for each in value)  # type: ignore[attr-defined]
            continue
        if word in _FIXED and value and value not in _FIXED[word]:
            raise BadStatement(fault=f"{word}={value}", fix=f"{word}: {' '.join(map(repr, _FIXED[word]))}")
        given[word] = str(value) or ("" if word in _FIXED or word == "bank" else NO_COLUMN)
    return replace(onto or ColumnMap(), **given)  # type: ignore[arg-type]


def guessed(row: Sequence[str], *, is_whole: bool = True) -> ColumnMap:
    """A map from a row of headings, as far as they are known; empty if that is no whole map and `is_whole`."""
    if len(row) < 2 or not any(row):
        return ColumnMap()
    plain = {plainly(heading): heading.strip() for heading in reversed(row) if heading.strip()}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for word, known in HEADINGS.items():
        for heading in known:
            if heading in plain and heading not in taken and word != "text":
                found[word] = plain[heading]
                taken.add(heading)
                break
    texts = tuple(plain[heading] for heading in HEADINGS["text"] if heading in plain and heading not in taken)
    if "debit" in found and "credit" in found:
        found.pop("amount", None)
    else:
        found.pop("debit", None)
        found.pop("credit", None)
    made_map = ColumnMap(**found, text=texts)
    return made_map if made_map.is_complete or not is_whole else ColumnMap()


def plainly(heading: str) -> str:
    """A heading as headings are compared."""
    return re.sub(r"\s+", " ", heading).strip().casefold()
