"""The minimum and maximum of an online donation, by currency.

The minimum is Stripe's (documentation of currencies, minimum charges). The maximum is ours, about ten thousand pounds
in round figures: more than that is a typing error, a tested card, or a donor we should talk to."""

from __future__ import annotations

from decimal import Decimal

from donations.errors import AmountTooSmall, DonationTooLarge, TooManyDecimals, UnknownCurrency
from donations.money.amounts import CURRENCIES, THREE_DECIMAL, WHOLE_UNITS_TIMES_100, Money, exponent, shown_decimals

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
# In round major units. Rates move; a figure is looked at again when it is a third off.
_MAXIMUM_MAJOR = {
    **dict.fromkeys("BHD FKP GBP GIP JOD KWD OMR SHP".split(), 10_000),
    **dict.fromkeys("CHF EUR USD".split(), 10_000),
    **dict.fromkeys("AUD AWG AZN BAM BGN BMD BND BSD CAD FJD KYD NZD PAB SGD TND TOP WST".split(), 20_000),
    **dict.fromkeys("AED ANG BBD BOB BRL BYN BZD GEL ILS MYR PEN PGK PLN QAR RON SAR SBD TTD XCD".split(), 50_000),
    **dict.fromkeys("BWP CNY DKK GTQ HKD MAD MDL MOP MVR NOK SCR SEK TJS ZMW".split(), 100_000),
    **dict.fromkeys("EGP HNL LSL MXN NAD NIO SRD SZL UAH UYU ZAR".split(), 200_000),
    **dict.fromkeys("CZK DOP ETB KGS MUR MZN THB TRY TWD".split(), 500_000),
    **dict.fromkeys("ALL DZD HTG ISK JMD KES MKD PHP RSD RUB".split(), 1_000_000),
    **dict.fromkeys("AFN BDT CVE GMD INR JPY LRD NPR PKR VUV XPF YER".split(), 2_000_000),
    **dict.fromkeys("AMD AOA ARS CLP CRC DJF GYD HUF KMF KZT LKR NGN RWF SLE SOS XAF XOF".split(), 5_000_000),
    **dict.fromkeys("BIF CDF KRW MMK MNT MWK TZS".split(), 20_000_000),
    **dict.fromkeys("COP GNF KHR MGA PYG UGX".split(), 50_000_000),
    **dict.fromkeys("IDR LAK LBP STD UZS VND".split(), 200_000_000),
}
# Cards carry up to 12 digits; we keep to what a browser and a bank statement can show. Offline money may be so much.
MAXIMUM_MINOR = 999_999_999_999


def minimum(currency: str) -> Money:
    """The least Stripe charges when it settles in this currency; 1 major unit where Stripe publishes none."""
    major = Decimal(_MINIMUM_MAJOR.get(currency, "1"))
    return Money(int(major.scaleb(exponent(currency))), currency)


def maximum(currency: str) -> Money:
    """The largest donation that we take online."""
    return Money(_MAXIMUM_MAJOR[currency] * 10 ** exponent(currency), currency)


def check_chargeable(amount: Money, least: Money | None = None) -> Money:
    """The amount itself, if we take it online and Stripe can carry it. Raises AmountTooSmall, DonationTooLarge,
    TooManyDecimals, UnknownCurrency."""
    if amount.currency in THREE_DECIMAL and amount.minor % 10:
        raise too_many_decimals(amount.currency)
    if amount.currency in WHOLE_UNITS_TIMES_100 and amount.minor % 100:
        raise too_many_decimals(amount.currency)
    if amount.currency not in CURRENCIES:
        raise UnknownCurrency(currency=amount.currency)
    least, most = least or minimum(amount.currency), maximum(amount.currency)
    if amount < least:
        raise AmountTooSmall(minimum=least)
    if most < amount:
        raise DonationTooLarge(maximum=most)
    return amount


def too_many_decimals(currency: str) -> TooManyDecimals:
    """The refusal, with an amount that could be typed instead."""
    shown = shown_decimals(currency)
    example = Money(int(Decimal("20.50" if shown else "20").scaleb(exponent(currency))), currency)
    return TooManyDecimals(currency=currency, decimals=shown, example=example)
