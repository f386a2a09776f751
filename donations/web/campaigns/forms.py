"""The form for a draft of an appeal: its fields are the keys of an appeals file, with a row for each fund,
event and area and a field for each language. It reads what was typed; the rules are those of donations/appeals."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from donations.appeals.file import TEXTS
from donations.appeals.file_error import Fault
from donations.appeals.file_writer import Values
from donations.web.campaigns import labels
from donations.web.text_fields import lines, one_line

PLAIN = ("slug", "currency", "target", "period", "fee_bearer")
LONG = ("story", "text")  # what may have several lines; the rest is one
MAX_ROWS = 60
MAX_LENGTH = 100_000
# Each kind of row: its plain fields, its texts in each language, and how many empty ones are shown at first.
ROWS = {"funds": (("slug", "kind", "share"), ("name",), 1), "events": (("on",), ("text",), 1),
        "areas": (("name", "target"), (), 1)}  # fmt: skip
MORE = 3  # so many empty rows more for each press of the button


@dataclass(slots=True)
class Field:
    """One field as the templates' macros expect it."""

    name: str
    data: str
    errors: list[str] = field(default_factory=list)


class AppealForm:
    """What was typed, or what is written already. `refusal` is what is wrong with the whole of it."""

    def __init__(self, typed: Mapping[str, str], languages: list[str]) -> None:
        self.languages = languages
        self.fields: dict[str, Field] = {}
        self.refusal: str | None = None
        self._typed = typed
        self._kept_rows: dict[str, list[int]] = {}
        self.wants_rows = typed.get("step") == "rows"
        self.form_key = one_line(typed.get("form_key"))[:64] or secrets.token_urlsafe(12)
        self.version = whole(typed.get("version", ""))

    @classmethod
    def written(cls, values: Values, languages: list[str], version: int = 0, reason: str = "") -> AppealForm:
        """The form as it shows what is written already."""
        return cls({**_flat(values), "version": str(version), "reason": reason}, languages)

    def __getitem__(self, name: str) -> Field:
        if name not in self.fields:
            clean = lines if name.partition("-")[0] in LONG or re.search(r"-text-", name) else one_line
            self.fields[name] = Field(name, clean(self._typed.get(name, "")[:MAX_LENGTH]))
        return self.fields[name]

    def rows(self, kind: str) -> range:
        """The numbers of the rows to show: those that have something in them, and a few empty ones."""
        plain, texts, empty = ROWS[kind]
        names = [*plain, *(f"{text}-{language}" for text in texts for language in self.languages)]
        full = [n for n in range(MAX_ROWS) if any(self._typed.get(f"{kind}-{n}-{name}") for name in names)]
        shown = sum(1 for n in range(MAX_ROWS) if f"{kind}-{n}-{names[0]}" in self._typed)
        wanted = max((full[-1] + 1 if full else 0) + empty, shown + (MORE if self.wants_rows else 0))
        return range(min(wanted, MAX_ROWS))

    @property
    def reason(self) -> str:
        return self["reason"].data[:500]

    @property
    def values(self) -> Values:
        """What was typed, as a table of an appeals file. What is empty is left out."""
        found: Values = {name: self[name].data for name in PLAIN if self[name].data}
        found |= {key: texts for key in TEXTS if (texts := self._texts(key))}
        if self["discreet"].data in ("yes", "no"):
            found["discreet"] = self["discreet"].data == "yes"
        found["names_on_receipt"] = self["names_on_receipt"].data == "yes"
        lists = {key: listed for key in ("suggested", "stretch") if (listed := _words_of(self[key].data))}
        rows = {kind: rows for kind in ROWS if (rows := self._rows(kind))}
        return found | lists | rows

    @property
    def told(self) -> dict[str, dict[str, str]]:
        """The texts of an update: its title and its body in each language."""
        return {"title": self._texts("title"), "text": self._texts("text")}

    def take(self, faults: Iterable[Fault]) -> None:
        """Put each fault beside its field."""
        for fault in faults:
            self[self._name_of(fault.path)].errors.append(labels.of_fault(fault))

    def check(self) -> None:
        """A question of the page alone: that the organiser has considered delaying the public total."""
        if self["discreet"].data not in ("yes", "no"):
            self["discreet"].errors.append(_("Choose when the public total changes."))

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error as (id of the field, sentence)."""
        found = [("main", self.refusal)] if self.refusal else []
        return found + [(one.name, error) for one in self.fields.values() for error in one.errors]

    def _texts(self, prefix: str) -> dict[str, str]:
        typed = {language: self[f"{prefix}-{language}"].data for language in self.languages}
        return {language: text for language, text in typed.items() if text}

    def _rows(self, kind: str) -> list[Values]:
        plain, texts, _empty = ROWS[kind]
        self._kept_rows[kind], found = [], []
        for number in range(MAX_ROWS):
            row: Values = {name: data for name in plain if (data := self[f"{kind}-{number}-{name}"].data)}
            row |= {text: told for text in texts if (told := self._texts(f"{kind}-{number}-{text}"))}
            if row:
                share = row.get("share", "")
                found.append(row | ({"share": int(share)} if _is_whole(share) else {}))
                self._kept_rows[kind].append(number)
        return found

    def _name_of(self, path: str) -> str:
        """The field of a key path: funds[0].name.ru is funds-2-name-ru, if row 2 is the first in use."""
        parts = re.match(r"(\w+)(?:\[(\d+)\])?\.?(.*)", path)
        assert parts is not None, path
        kind, number, rest = parts.groups()
        if kind not in ROWS:
            return f"{kind}-{rest or self.languages[0]}" if kind in (*TEXTS, "text") else kind
        if number is None:
            return kind
        key, _dot, language = rest.partition(".")
        row = f"{kind}-{self._kept_rows[kind][int(number)]}-{key}"
        return f"{row}-{language or self.languages[0]}" if key in ROWS[kind][1] else row


def whole(typed: str) -> int:
    """A whole number as a form carries it; 0 for anything else."""
    return int(typed) if _is_whole(typed) else 0


def _is_whole(typed: str) -> bool:
    return typed.isdecimal() and len(typed) < 10


def _flat(values: Values) -> dict[str, str]:
    """The table as the fields of the form."""
    typed: dict[str, str] = {}
    for key, value in values.items():
        if key in ROWS:
            for number, row in enumerate(value):
                typed |= {f"{key}-{number}-{name}": text for name, text in _flat(row).items()}
        else:
            typed |= _one(key, value)
    return typed


def _one(key: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {f"{key}-{language}": text for language, text in value.items()}
    if isinstance(value, bool):
        return {key: "yes" if value else "no"}
    return {key: " ".join(value) if isinstance(value, list) else str(value)}


def _words_of(typed: str) -> list[str]:
    """Amounts with spaces, semicolons, or commas and spaces between."""
    return [word for word in re.split(r"[;\s]+|,(?=\s|$)", typed) if word]
