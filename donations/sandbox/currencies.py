"""Stripe's own rules for amounts: decimals, minimums, maximums.

Kept apart from the app's table, so that each can prove the other wrong.
"""

from decimal import ROUND_HALF_UP, Decimal

from .errors import ApiError

_ZERO_DECIMAL = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE_DECIMAL = "bhd jod kwd omr tnd"
# Sent as if they had two decimals, though they have none: only whole units are allowed.
WHOLE_UNITS = frozenset(("isk", "ugx"))
_TWO_DECIMAL = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils "
    "inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad "
    "ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std "
    "szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw"
)
ZERO_DECIMAL = frozenset(_ZERO_DECIMAL.split())
THREE_DECIMAL = frozenset(_THREE_DECIMAL.split())
TWO_DECIMAL = frozenset(_TWO_DECIMAL.split())
KNOWN = ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS | TWO_DECIMAL

# In major units, by settlement currency (Stripe's documentation). A currency not listed has no minimum but 1.
_MINIMUMS = {
    "0.30": "gbp",
    "0.50": "usd eur chf cad aud nzd sgd brl inr ils zar php ars cop idr rub",
    "2": "pln ron aed myr",
    "2.50": "dkk",
    "3": "nok sek",
    "4": "hkd",
    "10": "mxn thb",
    "15": "czk",
    "50": "jpy krw",
    "175": "huf",
}
MINIMUM = {code: Decimal(least) for least, codes in _MINIMUMS.items() for code in codes.split()}
MAXIMUM_MINOR = 999_999_999_999
AMEX_MAXIMUM_MINOR = 999_999_999


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def minimum_minor(currency: str) -> int:
    return int(MINIMUM.get(currency, Decimal(0)) * 10 ** decimals(currency)) or 1


def convert(amount_minor: int, source: str, target: str, rate: Decimal) -> int:
    """Minor units of `target`, rounded half up; `rate` is `target` per `source` in major units."""
    major = Decimal(amount_minor) / 10 ** decimals(source) * rate
    return int((major * 10 ** decimals(target)).quantize(Decimal(1), ROUND_HALF_UP))


def shown(amount_minor: int, currency: str) -> str:
    """For people: `12.50 GBP`."""
    places = 0 if currency in WHOLE_UNITS else decimals(currency)
    divisor = 100 if currency in WHOLE_UNITS else 10**places
    return f"{Decimal(amount_minor) / divisor:,.{places}f} {currency.upper()}"


def check_amount(amount_minor: int, currency: str, param: str) -> None:
    """Refuse what no card network takes. Raises ApiError."""
    if amount_minor > MAXIMUM_MINOR:
        raise ApiError(f"Amount must be no more than {MAXIMUM_MINOR}.", code="amount_too_large", param=param)
    if currency in THREE_DECIMAL and amount_minor % 10:
        raise ApiError(
            f"Invalid amount: the last digit of an amount in {currency} must be 0.",
            code="invalid_charge_amount",
            param=param,
        )
    if currency in WHOLE_UNITS and amount_minor % 100:
        raise ApiError(
            f"Invalid amount: an amount in {currency} must be a multiple of 100.",
            code="invalid_charge_amount",
            param=param,
        )


def check_minimum(settled_minor: int, settlement: str) -> None:
    """`settled_minor` is what the total comes to in the settlement currency. Raises ApiError."""
    least = minimum_minor(settlement)
    if settled_minor < least:
        raise ApiError(
            f"The Checkout Session's total amount must convert to at least {shown(least, settlement)}.",
            code="amount_too_small",
            param="line_items",
        )
