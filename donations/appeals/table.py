"""One table of an appeals file, read key by key. Whatever is wrong is noted with its key path and a sentence that says
how to mend it; reading goes on, so that all faults are found at once. Which keys there are is in file.py."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from donations import money
from donations.errors import DonationsError

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_SLUG = 60
MAX_SHARE = 1_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table, where it stands in the file, and the list of faults that all tables of the file share."""

    values: dict[str, Any]
    path: str
    faults: list[str]

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, sentence: str) -> None:
        self.faults.append(f"{self.at(key)}: {sentence}")

    def has(self, key: str) -> bool:
        return key in self.values

    def only(self, known: Sequence[str]) -> None:
        """Every other key is a fault."""
        for key in self.values:
            if key not in known:
                self.fault(key, f"no such key is known.{_near(key, known)}")

    def string(self, key: str, *, required: bool = False) -> str | None:
        """One line of text, trimmed."""
        value = self._given(key, required)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or "\n" in value.strip():
            self.fault(key, f"{_shown(value)} is not a line of text. Write it in quotes.")
            return None
        return value.strip()

    def slug(self) -> str | None:
        value = self.string("slug", required=True)
        if value is not None and (not SLUG.fullmatch(value) or len(value) > MAX_SLUG):
            self.fault(
                "slug", f"{value!r} cannot stand in an address. Use a-z, 0-9 and single hyphens, {MAX_SLUG} at most."
            )
            return None
        return value

    def choice(
        self, key: str, words: Collection[str], default: str | None = None, *, required: bool = False
    ) -> str | None:
        value = self._given(key, required)
        if value is None:
            return default
        if not isinstance(value, str) or value not in words:
            allowed = f" Write one of {', '.join(words)}." if len(words) <= 12 else ""
            self.fault(key, f"{_shown(value)} is not known here.{_near(value, words) or allowed}")
            return default
        return value

    def choices(self, key: str, words: Collection[str], *, required: bool = False) -> list[str]:
        """A list of different words, not empty."""
        values = self._listed(key, required)
        for index, value in enumerate(values):
            if not isinstance(value, str) or value not in words:
                self.fault(f"{key}[{index}]", f"{_shown(value)} is not known here.{_near(value, words)}")
            elif value in values[:index]:
                self.fault(f"{key}[{index}]", f"{value!r} stands here twice. Delete one.")
        return [value for value in values if isinstance(value, str) and value in words]

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"{_shown(value)} is not true or false. Write it without quotes.")
            return False
        return value

    def share(self) -> int:
        value = self.values.get("share", 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SHARE:
            self.fault("share", f"{_shown(value)} is not a whole number from 0 on. Write it without quotes, like 20.")
            return 0
        return value

    def texts(self, key: str, languages: Sequence[str], *, required: bool = False) -> dict[str, str]:
        """{language: text}; a plain string is in the default language, the first of `languages`."""
        value = self._given(key, required)
        if value is None:
            return {}
        if not isinstance(value, dict):
            value = {languages[0]: value}
        texts = {}
        for language, text in value.items():
            if language not in languages:
                self.fault(
                    f"{key}.{language}", f"the organisation has no language {language!r}, only {', '.join(languages)}."
                )
            elif not isinstance(text, str) or not text.strip():
                self.fault(f"{key}.{language}", f"{_shown(text)} is no text. Write it in quotes, or leave the key out.")
            else:
                texts[language] = text.strip()
        if languages[0] not in value:
            self.fault(key, f"there is no text in {languages[0]!r}, which is shown where another is missing. Add it.")
        return texts

    def amount(self, key: str, currency: str, *, required: bool = False) -> int | None:
        """Minor units of what is written in major ones; always more than nothing."""
        value = self._given(key, required)
        return None if value is None else self._minor(key, value, currency)

    def gifts(self, key: str, currency: str) -> list[int]:
        """Suggested gifts in minor units: different, and such as can be charged."""
        minors = [self._minor(f"{key}[{i}]", v, currency, gift=True) for i, v in enumerate(self._listed(key, False))]
        for index, minor in enumerate(minors):
            if minor is not None and minor in minors[:index]:
                self.fault(f"{key}[{index}]", "this amount stands here twice. Delete one.")
        return [minor for minor in minors if minor is not None]

    def day(self, key: str, *, required: bool = False, month_only: bool = False) -> tuple[date | None, bool]:
        """The date, and whether it is a month only (then the first of that month)."""
        value = self._given(key, required)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value, False
        wanted = 'Write it like "2017-03-31"' + (' or "2017-03".' if month_only else ".")
        text = value if isinstance(value, str) else ""
        month = bool(re.fullmatch(r"\d{4}-\d{2}", text))
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) or (month and month_only):
                return date.fromisoformat(f"{text}-01" if month else text), month
        except ValueError:
            wanted = f"The calendar has no such day. {wanted}"
        if value is not None:
            self.fault(key, f"{_shown(value)} is not a date. {wanted}")
        return None, False

    def table(self, key: str) -> Table | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(key, f"this is not a table. Write [{self.at(key)}] above its keys.")
            return None
        return Table(value, self.at(key), self.faults)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, each with its index in its path."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            header = re.sub(r"\[\d+\]", "", self.at(key))
            self.fault(key, f"these are not tables. Write [[{header}]] above each one.")
            return []
        return [Table(item, f"{self.at(key)}[{index}]", self.faults) for index, item in enumerate(value)]

    def _given(self, key: str, required: bool) -> Any:
        value = self.values.get(key)
        if value is None and required:
            self.fault(key, "this is missing. Add it.")
        return value

    def _listed(self, key: str, required: bool) -> list[Any]:
        value = self._given(key, required)
        if value is None:
            return []
        if not isinstance(value, list) or (required and not value):
            self.fault(key, f'{_shown(value)} is not a list. Write it like ["one", "two"].')
            return []
        return value

    def _minor(self, key: str, value: Any, currency: str, *, gift: bool = False) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.fault(key, f'{_shown(value)} is not an amount. Write it in quotes, like "20" or "20.50".')
            return None
        try:
            amount = money.parse(value, currency)
            if gift:
                money.check_chargeable(amount)
        except DonationsError as error:
            self.fault(key, f"{value!r}: {error}")
            return None
        if not 0 < amount.minor <= money.MAXIMUM_MINOR:
            self.fault(
                key, f"{value!r} is nothing, or more than we can count. Leave the key out, or write another amount."
            )
            return None
        return amount.minor


def _near(word: object, known: Collection[str]) -> str:
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]}?" if near else ""


def _shown(value: object) -> str:
    """The value as it may stand in one line of a report."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
