"""Amounts as people type them. What may mean two amounts, or another currency, is asked about and never guessed."""

from __future__ import annotations

import re
import unicodedata

from donations.errors import AmbiguousAmount, AmountTooLarge, BadAmount, OtherCurrency, UnknownCurrency
from donations.money.amounts import CURRENCIES, Money, exponent, shown_decimals
from donations.money.limits import MAXIMUM_MINOR, too_many_decimals

_DOLLARS = tuple(
    "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP DOP UYU BBD BMD BND BSD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD"
    " XCD".split()
)
# What people write before or behind a figure, in small letters and without a last dot -> the currencies it can mean.
_MARKS: dict[str, tuple[str, ...]] = {
    "$": _DOLLARS, "us$": ("USD",), "usd$": ("USD",), "c$": ("CAD", "NIO"), "ca$": ("CAD",), "cad$": ("CAD",),
    "a$": ("AUD",), "au$": ("AUD",), "aud$": ("AUD",), "nz$": ("NZD",), "s$": ("SGD",), "hk$": ("HKD",),
    "nt$": ("TWD",), "mx$": ("MXN",), "r$": ("BRL",), "dollar": _DOLLARS, "dollars": _DOLLARS, "долларов": _DOLLARS,
    "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SHP"), "pound": ("GBP",), "pounds": ("GBP",), "quid": ("GBP",),
    "фунт": ("GBP",), "фунта": ("GBP",), "фунтов": ("GBP",), "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",),
    "евро": ("EUR",), "¥": ("JPY", "CNY"), "円": ("JPY",), "元": ("CNY",), "₽": ("RUB",), "руб": ("RUB", "BYN"),
    "рубль": ("RUB", "BYN"), "рубля": ("RUB", "BYN"), "рублей": ("RUB", "BYN"), "р": ("RUB", "BYN"), "br": ("BYN",),
    "₴": ("UAH",), "грн": ("UAH",), "₸": ("KZT",), "тг": ("KZT",), "тенге": ("KZT",), "сом": ("KGS",), "₼": ("AZN",),
    "₾": ("GEL",), "֏": ("AMD",), "₺": ("TRY",), "tl": ("TRY",), "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR"),
    "₩": ("KRW",), "₪": ("ILS",), "₫": ("VND",), "฿": ("THB",), "₱": ("PHP",), "₦": ("NGN",),
    "₮": ("MNT",), "₲": ("PYG",), "₡": ("CRC",), "₭": ("LAK",), "៛": ("KHR",), "kr": ("NOK", "SEK", "DKK", "ISK"),
    "kč": ("CZK",), "zł": ("PLN",), "zl": ("PLN",), "ft": ("HUF",), "fr": ("CHF",), "sfr": ("CHF",), "лв": ("BGN",),
    "lei": ("RON", "MDL"), "din": ("RSD",), "r": ("ZAR",),
}  # fmt: skip
# Hundredths, written behind a whole figure.
_SMALL_MARKS: dict[str, tuple[str, ...]] = {
    "p": ("GBP",), "pence": ("GBP",), "penny": ("GBP",), "¢": _DOLLARS, "c": ("EUR", *_DOLLARS),
    "cent": ("EUR", *_DOLLARS), "cents": ("EUR", *_DOLLARS), "коп": ("RUB", "BYN", "UAH"), "gr": ("PLN",),
}  # fmt: skip
_LAKHS = frozenset("BDT INR LKR NPR PKR".split())  # where 12,34,567 is grouped right
_MARK = r"[^\d\s,.'+\-]+(?:(?<=[^\W\d_])\.)?"  # a dot belongs to letters only: kr. 50, but £.50
_TYPED = re.compile(
    rf"(?P<before>{_MARK})?\s*\+?(?P<figure>[.,]?\d(?:[\d ,.']*\d)?[.,]?)(?:(?<=[.,])-{{1,2}})?\s*(?P<after>{_MARK})?"
)
_SIMPLE = re.compile(r"(?P<whole>\d*)(?:(?P<point>[.,])(?P<tail>\d*))?")
_GROUPED = re.compile(r"\d{1,3}(?:[ ,.']\d{3})+(?P<tail>[.,]\d*)?")
_IN_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}(?P<tail>\.\d*)?")


def parse(text: str, currency: str) -> Money:
    """Read what a person typed in major units: "20", "20.5", "20,50", ".50", "5,-", "1,234.50", "£20", "kr 50", "50p".

    Raises BadAmount if it is no amount, OtherCurrency if it names another currency, AmbiguousAmount if it may be two
    amounts ("1.234" is a thousand to some people and not to others), TooManyDecimals, AmountTooLarge."""
    if currency not in CURRENCIES:
        raise UnknownCurrency(currency=currency)
    match = _TYPED.fullmatch(_normal(text))
    if match is None:
        raise BadAmount()
    is_small = _check_currency(match, currency, text)
    figure = match["figure"]
    if not is_small:
        return _major(figure, currency)
    if not figure.isdecimal() or shown_decimals(currency) != 2 or len(figure) > 15:
        raise BadAmount()
    return Money(int(figure) * 10 ** (exponent(currency) - 2), currency)


def _normal(text: str) -> str:
    """What was typed with digits made 0-9, one kind of each separator, and no invisible marks."""
    normal = unicodedata.normalize("NFKC", text)
    plain = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal if unicodedata.category(c) != "Cf"
    )
    for written, meant in (("٫", "."), ("٬", ","), ("’", "'"), ("\N{EN DASH}", "-"), ("\N{EM DASH}", "-"), ("−", "-")):
        plain = plain.replace(written, meant)
    return re.sub(r"\s+", " ", plain).strip()


def _check_currency(match: re.Match[str], currency: str, text: str) -> bool:
    """Whether the figure is in hundredths. Raises BadAmount for a mark that is of no currency, OtherCurrency for one of
    another."""
    possible: set[str] | None = None
    is_small = False
    for mark in (match["before"], match["after"]):
        if mark is None:
            continue
        key = mark.removesuffix(".").casefold()
        meant = (key.upper(),) if key.upper() in CURRENCIES else _MARKS.get(key, ())
        if not meant and mark is match["after"]:
            meant, is_small = _SMALL_MARKS.get(key, ()), True
        possible = set(meant) if possible is None else possible & set(meant)
    if possible is not None and (not possible or (is_small and match["before"] is not None)):
        raise BadAmount()
    if possible is not None and currency not in possible:
        order = (*_DOLLARS, *sorted(CURRENCIES))
        raise OtherCurrency(typed=text.strip(), currencies=tuple(dict.fromkeys(c for c in order if c in possible)))
    return is_small


def _major(figure: str, currency: str) -> Money:
    decimals = shown_decimals(currency)
    match = _SIMPLE.fullmatch(figure)
    if match is not None and match["tail"] and len(match["tail"]) > max(decimals, 2):
        _check_plain(match["whole"], match["point"], match["tail"], currency)
        if len(match["tail"]) == 3 and _may_be_group(match["whole"]):
            return _made(match["whole"] + match["tail"], "", currency)
    if match is not None:
        return _made(match["whole"], match["tail"] or "", currency)
    match = _GROUPED.fullmatch(figure)
    if match is None or not _same_grouping(figure, match["tail"]):
        match = _IN_LAKHS.fullmatch(figure) if currency in _LAKHS else None
    if match is None:
        raise BadAmount()
    tail = match["tail"] or ""
    return _made(re.sub(r"\D", "", figure[: len(figure) - len(tail)]), tail[1:], currency)


def _check_plain(whole: str, point: str, tail: str, currency: str) -> None:
    """Raises AmbiguousAmount where three digits or more behind a point may be a group of thousands, mistyped or of
    another country: 1.234, 1.000, 1,0000. "1,234" is a thousand to everybody who writes pence with two digits."""
    decimals = shown_decimals(currency)
    if not _may_be_group(whole) or (len(tail) == 3 and (point == "," or decimals == 0)):
        return
    if len(tail) > 3 and tail[decimals:].strip("0"):
        return  # Too many decimals, whatever else it is.
    larger, smaller = _made(whole + tail[:3], "", currency), _made(whole, tail[:decimals], currency)
    raise AmbiguousAmount(larger=larger, smaller=smaller)


def _may_be_group(whole: str) -> bool:
    return 0 < len(whole) <= 3 and whole[0] != "0"


def _made(whole: str, tail: str, currency: str) -> Money:
    fraction = tail.rstrip("0")
    if len(fraction) > shown_decimals(currency):
        raise too_many_decimals(currency)
    if len(whole) > 15:
        raise AmountTooLarge(maximum=Money(MAXIMUM_MINOR, currency))
    return Money(int((whole or "0") + fraction.ljust(exponent(currency), "0")), currency)


def _same_grouping(figure: str, tail: str | None) -> bool:
    separators = re.findall(r"[ ,.']", figure)
    grouping = separators[:-1] if tail else separators
    return len(set(grouping)) <= 1 and not (tail and grouping and separators[-1] == grouping[0])
