"""Whole minor units and a currency, always together, and how many digits each currency has.

Nothing here knows the web or the database. Source of the tables: Stripe's documentation of currencies (zero- and
three-decimal, special cases); CLDR's digits differ and are not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from donations.errors import CurrencyMismatch, UnknownCurrency

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Behave as zero-decimal but travel multiplied by 100: only whole units may be charged.
WHOLE_UNITS_TIMES_100 = frozenset({"ISK", "UGX"})
# Charged with two decimals; a payout must be a multiple of 100 minor units.
WHOLE_UNIT_PAYOUTS = frozenset({"HUF", "TWD"})

_TWO_DECIMAL = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY "
    "COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD "
    "KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP "
    "TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW".split()
)
CURRENCIES = _TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS_TIMES_100


def is_code(currency: str) -> bool:
    """Whether this may name a currency: of our table, or younger than that."""
    return currency in CURRENCIES or (
        3 <= len(currency) <= 5 and currency.isascii() and currency.isalnum() and currency == currency.upper()
    )


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units (pence, cents) of one currency. Amounts of different currencies never mix.

    What Stripe tells may be in a currency younger than our table (CURRENCIES), which says what may be asked for."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert isinstance(self.minor, int), "minor units are whole numbers"
        if not is_code(self.currency):
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

    def plain(self) -> str:
        """Major units with a dot and no grouping, as a form field carries it: "20" or "20.50"."""
        shown = shown_decimals(self.currency)
        text = f"{self.major:.{shown}f}"
        return text.removesuffix("." + "0" * shown) if shown else text

    def __str__(self) -> str:
        """For logs and the command line: "20.50 GBP". Pages write it by their filter."""
        return f"{self.plain()} {self.currency}"

    def split(self, shares: Sequence[int]) -> list[Money]:
        """Parts in proportion to `shares` (whole, not negative, not all 0) that add up exactly; see `apportion`."""
        return [Money(part, self.currency) for part in apportion(self.minor, shares)]


def exponent(currency: str) -> int:
    """How many digits the minor unit has on the wire: 0, 2 or 3. ISK and UGX travel with 2, and so does whatever Stripe
    does not list as an exception."""
    if not is_code(currency):
        raise UnknownCurrency(currency=currency)
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def shown_decimals(currency: str) -> int:
    """How many decimals a person may type or read: as `exponent`, but none for ISK and UGX, and 2 instead of 3, because
    Stripe requires the third to be 0."""
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
