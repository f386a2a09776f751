"""One table of an appeals file, read key by key. Every fault is noted with its key path and a sentence that says
how to fix it; reading goes on, so that all faults are found at once. Which keys there are is in file.py."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from donations import money
from donations.appeals.file_error import N_, Fault
from donations.errors import DonationsError

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_SLUG = 60
MAX_SHARE = 1_000_000
_NOT_A_DAY = N_('%(value)s is not a date. Enter it like "2017-03-31".')
_NOT_A_DATE = N_('%(value)s is not a date. Enter it like "2017-03-31" or "2017-03".')


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table, its place in the file, and the list of faults that all tables of the file share."""

    values: dict[str, Any]
    path: str
    faults: list[str]

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, sentence: str, **facts: Any) -> None:
        self.faults.append(Fault(self.at(key), sentence, **facts))

    def has(self, key: str) -> bool:
        return key in self.values

    def only(self, known: Sequence[str]) -> None:
        """Every other key is a fault."""
        for key in self.values:
            if key not in known:
                near = _near(key, known)
                if near:
                    self.fault(key, N_("this key is unknown. Did you mean %(near)s?"), near=near)
                else:
                    self.fault(key, N_("this key is unknown."))

    def string(self, key: str, *, required: bool = False) -> str | None:
        """One line of text, trimmed."""
        value = self._given(key, required)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or "\n" in value.strip():
            self.fault(
                key,
                N_("%(value)s is not one line of text. Enter one line (in a file, in quotes)."),
                value=_shown(value),
            )
            return None
        return value.strip()

    def slug(self) -> str | None:
        value = self.string("slug", required=True)
        if value is not None and (not SLUG.fullmatch(value) or len(value) > MAX_SLUG):
            said = N_(
                "%(value)s cannot be used in a web address. Use a-z, 0-9 and single hyphens, %(most)s characters "
                "at most."
            )
            self.fault("slug", said, value=repr(value), most=MAX_SLUG)
            return None
        return value

    def choice(
        self, key: str, words: Collection[str], default: str | None = None, *, required: bool = False
    ) -> str | None:
        value = self._given(key, required)
        if value is None:
            return default
        if not isinstance(value, str) or value not in words:
            self._unknown(key, value, words)
            return default
        return value

    def _unknown(self, key: str, value: Any, words: Collection[str]) -> None:
        near = _near(value, words)
        if near:
            said = N_("%(value)s is not a valid value. Did you mean %(near)s?")
            self.fault(key, said, value=_shown(value), near=near)
        elif len(words) <= 12:
            said = N_("%(value)s is not a valid value. Choose one of: %(words)s.")
            self.fault(key, said, value=_shown(value), words=", ".join(words))
        else:
            self.fault(key, N_("%(value)s is not a valid value. Choose another."), value=_shown(value))

    def choices(self, key: str, words: Collection[str], *, required: bool = False) -> list[str]:
        """A list of different words, not empty."""
        values = self._listed(key, required)
        for index, value in enumerate(values):
            if not isinstance(value, str) or value not in words:
                self._unknown(f"{key}[{index}]", value, words)
            elif value in values[:index]:
                self.fault(f"{key}[{index}]", N_("%(value)s appears twice. Delete one."), value=repr(value))
        return [value for value in values if isinstance(value, str) and value in words]

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fault(
                key, N_("%(value)s is not true or false. Enter true or false without quotes."), value=_shown(value)
            )
            return False
        return value

    def share(self) -> int:
        value = self.values.get("share", 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SHARE:
            said = N_("%(value)s is not a whole number, 0 or more. Enter a number like 20 (in a file, without quotes).")
            self.fault("share", said, value=_shown(value))
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
                said = N_("the organisation does not use the language %(language)s. Choose one of: %(languages)s.")
                self.fault(f"{key}.{language}", said, language=repr(language), languages=", ".join(languages))
            elif not isinstance(text, str) or not text.strip():
                said = N_("%(value)s is not a text. Enter a text (in a file, in quotes), or leave it out.")
                self.fault(f"{key}.{language}", said, value=_shown(text))
            else:
                texts[language] = text.strip()
        if languages[0] not in value:
            said = N_("the text in %(language)s is missing. We show it where another language has none. Add it.")
            self.fault(key, said, language=repr(languages[0]))
        return texts

    def amount(self, key: str, currency: str, *, required: bool = False) -> int | None:
        """Minor units of what is written in major ones; always more than nothing."""
        value = self._given(key, required)
        return None if value is None else self._minor(key, value, currency)

    def donation_amounts(self, key: str, currency: str) -> list[int]:
        """Suggested donations in minor units: different, and chargeable."""
        minors = [
            self._minor(f"{key}[{i}]", v, currency, is_donation=True) for i, v in enumerate(self._listed(key, False))
        ]
        for index, minor in enumerate(minors):
            if minor is not None and minor in minors[:index]:
                self.fault(f"{key}[{index}]", N_("this amount appears twice. Delete one."))
        return [minor for minor in minors if minor is not None]

    def rising(self, key: str, currency: str, *, above: str) -> list[int]:
        """Goals in minor units, each larger than the one before, the first larger than the amount under `above`."""
        minors = [self._minor(f"{key}[{i}]", v, currency) for i, v in enumerate(self._listed(key, False))]
        least = self._minor(above, self.values[above], currency) if minors and above in self.values else None
        if minors and least is None:
            self.fault(key, N_("a further goal needs a first goal. Enter the first goal, or delete this one."))
        for index, minor in enumerate(minors):
            if minor is not None and least is not None and minor <= least:
                self.fault(
                    f"{key}[{index}]",
                    N_("each further goal must be larger than the one before. Enter the smallest first."),
                )
            least = minor if minor is not None else least
        return [minor for minor in minors if minor is not None]

    def day(self, key: str, *, required: bool = False, month_only: bool = False) -> tuple[date | None, bool]:
        """The date, and whether it is a month only (then the first of that month)."""
        value = self._given(key, required)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value, False
        said = _NOT_A_DATE if month_only else _NOT_A_DAY
        text = value if isinstance(value, str) else ""
        month = bool(re.fullmatch(r"\d{4}-\d{2}", text))
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) or (month and month_only):
                return date.fromisoformat(f"{text}-01" if month else text), month
        except ValueError:
            said = N_('%(value)s is not in the calendar. Enter a date like "2017-03-31".')
        if value is not None:
            self.fault(key, said, value=_shown(value))
        return None, False

    def table(self, key: str) -> Table | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(key, N_("this is not a table. Put %(header)s above its keys."), header=f"[{self.at(key)}]")
            return None
        return Table(value, self.at(key), self.faults)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, each with its index in its path."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            header = re.sub(r"\[\d+\]", "", self.at(key))
            self.fault(key, N_("these are not tables. Put %(header)s above each one."), header=f"[[{header}]]")
            return []
        return [Table(item, f"{self.at(key)}[{index}]", self.faults) for index, item in enumerate(value)]

    def _given(self, key: str, required: bool) -> Any:
        value = self.values.get(key)
        if value is None and required:
            self.fault(key, N_("this is missing. Add it."))
        return value

    def _listed(self, key: str, required: bool) -> list[Any]:
        value = self._given(key, required)
        if value is None:
            return []
        if not isinstance(value, list) or (required and not value):
            self.fault(key, N_('%(value)s is not a list. Enter it like ["one", "two"].'), value=_shown(value))
            return []
        return value

    def _minor(self, key: str, value: Any, currency: str, *, is_donation: bool = False) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            said = N_("%(value)s is not an amount. Enter it like 20 or 20.50 (in a file, in quotes).")
            self.fault(key, said, value=_shown(value))
            return None
        try:
            amount = money.parse(value, currency)
            if is_donation:
                money.check_chargeable(amount)
        except DonationsError as error:
            self.fault(key, N_("%(value)s: %(error)s"), value=repr(value), error=error)
            return None
        if not 0 < amount.minor <= money.MAXIMUM_MINOR:
            said = N_("%(value)s is zero, or more than we can count. Leave it out, or enter another amount.")
            self.fault(key, said, value=repr(value))
            return None
        return amount.minor


def _near(word: object, known: Collection[str]) -> str:
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""


def _shown(value: object) -> str:
    """The value in a form that fits in one line of a report."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
