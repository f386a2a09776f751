"""Amounts and days as banks write them. What is not plainly an amount or a day is refused, never guessed and never
taken for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from donations.money import CURRENCIES, exponent

MAX_DIGITS = 15


class NotRead(ValueError):
    """This text is not an amount or a day. The reader that knows the line says it to the person."""


class Unclear(ValueError):
    """It could be two things. `args[0]` is the text that shows it."""


_PLAIN = {sign: re.compile(rf"([+-]?)([0-9]+)(?:{re.escape(sign)}([0-9]*))?") for sign in ".,"}


@lru_cache(maxsize=8192)
def minor(text: str, currency: str, decimal: str = ".") -> int:
    """Minor units of an amount without grouping: "20", "-20.50", "20.500" where the last is 0."""
    match = _PLAIN[decimal].fullmatch(text)
    if match is None:
        raise NotRead(text)
    sign, whole, fraction = match.groups()
    fraction = (fraction or "").rstrip("0")
    places = exponent(currency)
    if len(fraction) > places or len(whole) > MAX_DIGITS:
        raise NotRead(text)
    value = int(whole + fraction.ljust(places, "0"))
    return -value if sign == "-" else value


_SPACES = re.compile(r"[\s'’‘`´\u00a0\u202f\u2009]+")
_MARKS = re.compile(r"^(?P<before>.*?)(?P<figure>[0-9][0-9., ]*)(?P<after>.*)$")
_MINUSES = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-"})
_GROUPS = {".": re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}"), ",": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")}
_SIGNS = {"": 1, "+": 1, "-": -1, "(": 1, ")": 1}
_WORDS = {"CR": 1, "C": 1, "DR": -1, "DB": -1, "D": -1, "S": -1, "H": 1, "K": 1}


@lru_cache(maxsize=8192)
def written(text: str, currency: str, decimal: str) -> int:
    """Minor units of an amount as people and tables write it: grouped, with its currency, with the sign before or
    behind, in brackets when it is negative, or followed by Cr or Dr. Raises NotRead."""
    try:
        return minor(text, currency, decimal)
    except NotRead:
        pass
    bare = _without_currency(_SPACES.sub("", text.translate(_MINUSES)), currency)
    in_brackets = bare.startswith("(") and bare.endswith(")")
    bare = bare[1:-1] if in_brackets else bare
    match = _MARKS.fullmatch(bare)
    if match is None:
        raise NotRead(text)
    signs = [_sign(mark, text) for mark in (match["before"], match["after"]) if mark]
    if len(signs) + in_brackets > 1:
        raise NotRead(text)
    value = minor(_ungrouped(match["figure"], decimal, text), currency, decimal)
    return value * (-1 if in_brackets else 1) * (signs[0] if signs else 1)


def _sign(mark: str, text: str) -> int:
    sign = _SIGNS.get(mark) or _WORDS.get(mark.upper().rstrip("."))
    if sign is None:
        raise NotRead(text)
    return sign


def _without_currency(text: str, currency: str) -> str:
    """Take the currency's own code or symbol off. That of another currency is left on, so that it is refused."""
    for own in (currency, *_SYMBOLS.get(currency, ()), "¤"):
        text = re.sub(re.escape(own), "", text, count=1, flags=re.IGNORECASE)
    return text


_SYMBOLS = {
    "GBP": ("£",), "EUR": ("€",), "USD": ("US$", "$"), "RUB": ("₽", "руб.", "р."), "CHF": ("Fr.",), "UAH": ("₴",),
    "PLN": ("zł",), "KZT": ("₸",), "INR": ("₹",), "TRY": ("₺",), "JPY": ("¥",), "CAD": ("CA$", "$"),
    "AUD": ("A$", "$"), "CZK": ("Kč",), "SEK": ("kr",), "NOK": ("kr",), "DKK": ("kr.", "kr"),
}  # fmt: skip


def _ungrouped(figure: str, decimal: str, text: str) -> str:
    group = "," if decimal == "." else "."
    if group not in figure:
        return figure
    whole, point, fraction = figure.partition(decimal)
    if not _GROUPS[decimal].fullmatch(whole) or group in fraction:
        raise NotRead(text)
    return whole.replace(group, "") + point + fraction


_SEPARATED = re.compile(r"[0-9][0-9.,]*")


def decimal_sign(texts: Iterable[str], three_places: bool = False) -> str:
    """The decimal separator, "." or ",", found from all amounts of a file together. Raises Unclear where they disagree,
    or where none shows it: "1.234" is a thousand to some people and not to others. "" where none has pence."""
    told: dict[str, str] = {}
    untold = ""
    for text in texts:
        match = _SEPARATED.search(_SPACES.sub("", text))
        said = _decimal_of(match[0], three_places) if match else ""
        if said == "?":
            untold = untold or text
        elif said:
            told.setdefault(said, text)
    if len(told) > 1 or (untold and not told):
        raise Unclear(untold or told[","])
    return next(iter(told), "")


def _decimal_of(figure: str, three_places: bool) -> str:
    marks = [c for c in figure if c in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return "." if last == "," else ","
    whole, _, fraction = figure.partition(last)
    if len(fraction) == 3 and len(whole) <= 3 and (three_places or not whole.startswith("0")):
        return "?"
    return last


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january янв января ene gen", "feb februar february фев февраля fév févr",
            "mar mär märz march мар марта mrt mars", "apr april апр апреля avr abr", "may mai май мая mei maj mag",
            "jun juni june июн июня juin giu", "jul juli july июл июля juil lug", "aug august авг августа août ago",
            "sep sept september сен сент сентября set", "oct okt oktober october окт октября ott",
            "nov november ноя нояб ноября", "dec dez dezember december дек декабря déc dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_DAY = re.compile(
    r"\s*([0-9]{1,4})\s*([./\-' ])\s*([0-9]{1,2}|[^\W\d_]{3,10}\.?)\s*[./\-' ]\s*([0-9]{2,4})(?:[T ,].*)?"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[T ]?[0-9].*)?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T+\-Z ].{0,40})?")


@lru_cache(maxsize=4096)
def iso_day(text: str) -> date:
    """The day of an ISO date or time. Raises NotRead."""
    if not _ISO.fullmatch(text):
        raise NotRead(text)
    return _made(text[:4], text[5:7], text[8:10], text)


@lru_cache(maxsize=4096)
def compact_day(text: str) -> date:
    """YYYYMMDD, a time may follow. Raises NotRead."""
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise NotRead(text)
    year, month, day = match.groups()
    return _made(year, month, day, text)


@lru_cache(maxsize=8192)
def written_day(text: str, order: str) -> date:
    """A day as tables write it. `order` is dmy, mdy or ymd; a year in front, or a month in letters, needs none."""
    match = _DAY.fullmatch(text)
    if match is None:
        return compact_day(text.strip())
    first, _, second, third = match.groups()
    if not second.isdecimal():
        return _made(third, str(_month(second, text)), first, text)
    if len(first) == 4 or order == "ymd":
        return _made(first, second, third, text)
    if len(first) > 2:
        raise NotRead(text)
    day, month = (first, second) if order == "dmy" else (second, first)
    return _made(third, month, day, text)


def day_order(texts: Iterable[str]) -> str:
    """dmy, mdy or ymd, told by all days of a file together; "" where it does not matter. Points are written by people
    who put the day first. Raises Unclear where the days do not tell, and NotRead where none of the orders fits."""
    days_first = months_first = True
    doubtful = ""
    for text in texts:
        match = _DAY.fullmatch(text)
        if match is None or len(match[1]) == 4 or not match[3].isdecimal():
            continue
        doubtful = doubtful or text
        first, second = int(match[1]), int(match[3])
        days_first &= second <= 12
        months_first &= first <= 12 and match[2] != "."
        if not days_first and not months_first:
            raise NotRead(text)
    if not doubtful:
        return ""
    if days_first and months_first:
        raise Unclear(doubtful)
    return "dmy" if days_first else "mdy"


def _month(name: str, text: str) -> int:
    month = _MONTHS.get(name.lower().rstrip("."))
    if month is None:
        raise NotRead(text)
    return month


def _made(year: str, month: str, day: str, text: str) -> date:
    number = int(year)
    if len(year) <= 2:
        number += 2000 if number < 80 else 1900
    try:
        made = date(number, int(month), int(day))
    except ValueError as error:
        raise NotRead(text) from error
    if not 1970 <= made.year <= 2199:
        raise NotRead(text)
    return made


def known_currency(code: str) -> str:
    """The code itself, in capitals. Raises NotRead for one we do not know."""
    upper = code.strip().upper()
    if upper not in CURRENCIES:
        raise NotRead(code)
    return upper
