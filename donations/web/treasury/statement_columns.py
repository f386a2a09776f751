"""The form by which a person says what the columns of a CSV statement are, filled in with the guess. No statement is
read here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, SelectMultipleField

from donations.reconciliation.readers import ColumnMap, Outline
from donations.reconciliation.readers.column_maps import NO_COLUMN
from donations.web.treasury.forms import TreasuryForm

MAX_MAPPING_LENGTH = 20_000
# Our name of a column, its label on the page, and whether every table needs it.
COLUMNS = (
    ("date", _l("Date booked by the bank")),
    ("amount", _l("Amount with + or −")),
    ("debit", _l("Money out")),
    ("credit", _l("Money in")),
    ("sign", _l("Debit or credit, in words")),
    ("fee", _l("Fee taken off the amount")),
    ("name", _l("Payer or payee")),
    ("account", _l("Payer’s or payee’s account number")),
    ("id", _l("Bank’s number for the line")),
    ("balance", _l("Balance after the line")),
    ("state", _l("Booked or pending")),
    ("currency", _l("Currency")),
    ("value_date", _l("Value date")),
    ("own_account", _l("Our account number")),
)
_ORDERS = (("", _l("Detect from the file")), ("dmy", "31.12.2026"), ("mdy", "12/31/2026"), ("ymd", "2026-12-31"))
_SIGNS = (("", _l("Detect from the file")), (".", "1,234.50"), (",", "1.234,50"))


class ColumnsForm(TreasuryForm):
    """Shows an outline; `as_map` is the answer in the field names of ColumnMap."""

    no_headings = BooleanField()
    dates = SelectField()
    decimal = SelectField()
    text = SelectMultipleField()
    for _word, _label in COLUMNS:
        locals()[_word] = SelectField()

    def __init__(self, outline: Outline, given: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.outline = outline
        self.columns = tuple((word, label) for word, label in COLUMNS)
        first = _first(outline.columns, given)
        super().__init__(data=first, **kwargs)
        named = list(zip(_values(outline), _labels(outline), strict=True))
        for word, _label in COLUMNS:
            self[word].choices = [("", _("Not in the file")), *named]
        self.text.choices = named
        self.dates.choices, self.decimal.choices = list(_ORDERS), list(_SIGNS)

    def as_map(self) -> dict[str, object]:
        """The person's choice for every column: "" where no column means that."""
        said: dict[str, object] = {word: self[word].data or "" for word, _ in COLUMNS}
        chosen = self.text.data or []
        known = [text for text in self.outline.columns.text if text in chosen]
        said["text"] = [*known, *(text for text in chosen if text not in known)] or ""
        if self.no_headings.data:
            places = {value: str(place) for place, value in enumerate(_values(self.outline), 1)}
            said = {
                word: [places.get(each, each) for each in value] if isinstance(value, list) else places.get(value, "")  # type: ignore[call-overload]
                for word, value in said.items()
            }
        said |= {word: self[word].data for word in ("dates", "decimal") if self[word].data}
        return said | {"delimiter": self.outline.delimiter}


def packed(said: Mapping[str, object] | None) -> str:
    """The answers, for a hidden field."""
    return json.dumps(said, ensure_ascii=False) if said else ""


def unpacked(text: str | None) -> dict[str, object] | None:
    """The content of that field. Raises ValueError for anything that is no map."""
    if not text:
        return None
    said = json.loads(text[:MAX_MAPPING_LENGTH])
    if not isinstance(said, dict):
        raise ValueError("not a map of columns")
    return said


def _first(columns: ColumnMap, given: Mapping[str, Any] | None) -> dict[str, object]:
    found: dict[str, object] = {word: getattr(columns, word).replace(NO_COLUMN, "") for word, _ in COLUMNS}
    found["text"] = [text for text in columns.text if text != NO_COLUMN]
    return found | {word: (given or {}).get(word, "") for word in ("dates", "decimal")}


def _values(outline: Outline) -> list[str]:
    """The name of each column: its heading, or its number where that is empty or occurs twice."""
    plain = [heading.strip() for heading in outline.headings]
    return [heading if heading and plain.count(heading) == 1 else str(place) for place, heading in enumerate(plain, 1)]


def _labels(outline: Outline) -> list[str]:
    labels = []
    for place, heading in enumerate(outline.headings):
        cells = (row[place].strip() for row in outline.rows if place < len(row))
        example = next((cell for cell in cells if cell), "")
        name = _("Column %(number)s", number=heading) if heading.isdecimal() or not heading.strip() else heading.strip()
        labels.append(f"{name}: {example[:30]}" if example else name)
    return labels
