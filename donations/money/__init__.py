"""Money: an amount with its currency (amounts), what may be given (limits), and what people type (typed)."""

from donations.money.amounts import (
    CURRENCIES,
    THREE_DECIMAL,
    WHOLE_UNIT_PAYOUTS,
    WHOLE_UNITS_TIMES_100,
    ZERO_DECIMAL,
    Money,
    apportion,
    exponent,
    shown_decimals,
)
from donations.money.limits import MAXIMUM_MINOR, check_chargeable, maximum, minimum
from donations.money.typed import parse

__all__ = [
    "CURRENCIES",
    "MAXIMUM_MINOR",
    "THREE_DECIMAL",
    "WHOLE_UNITS_TIMES_100",
    "WHOLE_UNIT_PAYOUTS",
    "ZERO_DECIMAL",
    "Money",
    "apportion",
    "check_chargeable",
    "exponent",
    "maximum",
    "minimum",
    "parse",
    "shown_decimals",
]
