"""Money: an amount with its currency (amounts), what may be given (limits), how it is written for people
(written), and what people type (typed)."""

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
from donations.money.written import WORLD_ENGLISH, Minor, written

__all__ = [
    "CURRENCIES",
    "MAXIMUM_MINOR",
    "THREE_DECIMAL",
    "WHOLE_UNITS_TIMES_100",
    "WHOLE_UNIT_PAYOUTS",
    "WORLD_ENGLISH",
    "ZERO_DECIMAL",
    "Minor",
    "Money",
    "apportion",
    "check_chargeable",
    "exponent",
    "maximum",
    "minimum",
    "parse",
    "shown_decimals",
    "written",
]
