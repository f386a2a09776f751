"""Money: whole minor units and a currency, always together, and what Stripe says of each currency.

Nothing here knows the web or the database. Sources of the tables: Stripe's documentation of currencies
(zero- and three-decimal, special cases, minimum charges); CLDR's digits differ and are not used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from donations.errors import (
    AmountTooLarge,
    AmountTooSmall,
    BadAmount,
    CurrencyMismatch,
    TooManyDecimals,
    UnknownCurrency,
)

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Behave as zero-decimal but travel multiplied by 100: only whole units may be charged.
WHOLE_UNITS_TIMES_100 = frozenset({"ISK", "UGX"})
# Charged with two decimals; a payout must be a multiple of 100 minor units.
WHOLE_UNIT_PAYOUTS = frozenset({"HUF", "TWD"})

_MINIMUM_MAJOR = {
    **dict.fromkeys("USD EUR CHF CAD AUD NZD SGD BRL INR ILS ZAR PHP ARS COP IDR RUB".split(), "0.50"),
    **dict.fromkeys("PLN RON AED MYR".split(), "2"),
    **dict.fromkeys("NOK SEK".split(), "3"),
    **dict.fromkeys("JPY KRW".split(), "50"),
    **dict.fromkeys("MXN THB".split(), "10"),
    "GBP": "0.30",
    "DKK": "2.50",
    "HKD": "4",
    "CZK": "15",
    "HUF": "175",
}
_TWO_DECIMAL = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY "
    "COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD "
    "KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP "
    "TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW".split()
)
CURRENCIES = _TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS_TIMES_100
# Cards carry up to 12 digits; other methods 8. We keep to what a browser and a bank statement can show.
MAXIMUM_MINOR = 999_999_999_999


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units (pence, cents) of one currency. Amounts of different currencies never mix."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert isinstance(self.minor, int), "minor units are whole numbers"
        if self.currency not in CURRENCIES:
            raise UnknownCurrency(currency=self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other.minor

    @property
    def major(self) -> Decimal:
        """The amount in major units (pounds, euros), exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        """For the command line and logs: "20 GBP". Pages write money in the reader's language."""
        return f"{self.plain()} {self.currency}"

    def plain(self) -> str:
        """Major units with a dot and no grouping, as a form field carries it: "20" or "20.50"."""
        shown = shown_decimals(self.currency)
        text = f"{self.major:.{shown}f}"
        return text.removesuffix("." + "0" * shown) if shown else text

    def split(self, shares: Sequence[int]) -> list[Money]:
        """Parts in proportion to `shares` (whole, not negative, not all 0) that add up exactly; see `apportion`."""
        return [Money(part, self.currency) for part in apportion(self.minor, shares)]


def exponent(currency: str) -> int:
    """How many digits the minor unit has on the wire: 0, 2 or 3. ISK and UGX travel with 2."""
    if currency not in CURRENCIES:
        raise UnknownCurrency(currency=currency)
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def shown_decimals(currency: str) -> int:
    """How many decimals a person may type or read: as `exponent`, but none for ISK and UGX, and 2 instead of 3, because
    Stripe wants the third to be 0."""
    if currency in WHOLE_UNITS_TIMES_100:
        return 0
    return min(exponent(currency), 2)


def apportion(total: int, shares: Sequence[int]) -> list[int]:
    """Split a whole number by largest remainder; ties go to the earlier share. The parts add up to `total`.

    A negative total is split like its positive and negated, so a reversal mirrors what it reverses."""
    whole = sum(shares)
    assert whole > 0 and all(share >= 0 for share in shares), "shares are not negative and not all 0"
    if total < 0:
        return [-part for part in apportion(-total, shares)]
    parts = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def minimum(currency: str) -> Money:
    """The least Stripe charges when it settles in this currency; 1 major unit where Stripe publishes none."""
    major = Decimal(_MINIMUM_MAJOR.get(currency, "1"))
    return Money(int(major.scaleb(exponent(currency))), currency)


def check_chargeable(amount: Money, least: Money | None = None) -> Money:
    """The amount itself, if Stripe would take it. Raises AmountTooSmall, AmountTooLarge, TooManyDecimals."""
    if amount.currency in THREE_DECIMAL and amount.minor % 10:
        raise _too_many_decimals(amount.currency)
    if amount.currency in WHOLE_UNITS_TIMES_100 and amount.minor % 100:
        raise _too_many_decimals(amount.currency)
    least = least or minimum(amount.currency)
    if amount < least:
        raise AmountTooSmall(minimum=f"{least.plain()} {least.currency}")
    if amount.minor > MAXIMUM_MINOR:
        most = Money(MAXIMUM_MINOR, amount.currency)
        raise AmountTooLarge(maximum=f"{most.plain()} {most.currency}")
    return amount


_GROUPED = re.compile(r"^\d{1,3}(?:[ ,.']\d{3})+(?P<tail>[.,]\d*)?$")
_SIMPLE = re.compile(r"^\d+(?P<tail>[.,]\d*)?$")


def parse(text: str, currency: str) -> Money:
    """Read what a person typed in major units: "20", "20.5", "20,50", "1,234.50", "1 234,50", "£20".

    Raises BadAmount if it is no amount, TooManyDecimals if the currency has fewer decimals. A dot before exactly
    three digits ("1.234") is refused, because it is a thousand to some people and not to others."""
    decimals = shown_decimals(currency)
    figure = _figures(text, currency)
    match = _SIMPLE.match(figure)
    if match and re.search(r"[.,]\d{3}$", figure) and len(figure) <= 7:
        match = None
    if match is None:
        match = _GROUPED.match(figure)
        separators = re.findall(r"[ ,.']", figure)
        if match is None or (separators == ["."] and decimals) or not _same_grouping(separators, match["tail"]):
            raise BadAmount()
    tail = match["tail"] or ""
    whole = re.sub(r"\D", "", figure[: len(figure) - len(tail)])
    fraction = tail[1:].rstrip("0") if tail else ""
    if len(fraction) > decimals:
        raise _too_many_decimals(currency)
    if len(whole) > 15:
        raise AmountTooLarge(maximum=f"{Money(MAXIMUM_MINOR, currency).plain()} {currency}")
    return Money(int(whole + fraction.ljust(exponent(currency), "0")), currency)


def _figures(text: str, currency: str) -> str:
    """Only the figures and separators of what was typed: other digits made 0-9, and the currency's own code or a symbol
    of money taken off the ends. A code or symbol of another currency is left on, so that it is refused."""
    normal = unicodedata.normalize("NFKC", text)
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal)
    digits = digits.replace("٫", ".").replace("٬", ",").replace("’", "'")
    bare = re.sub(r"\s+", " ", digits).strip()
    bare = re.sub(rf"^{currency} ?| ?{currency}$", "", bare, count=1, flags=re.IGNORECASE)
    for symbol in (bare[:1], bare[-1:]):
        if symbol and unicodedata.category(symbol) == "Sc" and currency in _SYMBOLS.get(symbol, (currency,)):
            return bare.replace(symbol, "", 1).strip()
    return bare


# Symbols that say one currency to everybody; others, like $, say a different one from place to place.
_SYMBOLS = {
    "€": ("EUR",), "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SHP"), "₽": ("RUB",), "₴": ("UAH",), "₸": ("KZT",),
    "₹": ("INR",), "₺": ("TRY",), "₩": ("KRW",),
}  # fmt: skip


def _same_grouping(separators: list[str], tail: str | None) -> bool:
    grouping = separators[:-1] if tail else separators
    return len(set(grouping)) <= 1 and not (tail and grouping and separators[-1] == grouping[0])


def _too_many_decimals(currency: str) -> TooManyDecimals:
    shown = shown_decimals(currency)
    return TooManyDecimals(currency=currency, decimals=shown, example="20" if shown == 0 else "20.50")
