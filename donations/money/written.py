"""Money as people write it. Pages and mails write it in the reader's language, commands in English."""

from __future__ import annotations

import copy
import re

from babel import Locale

from donations.money.amounts import Money, exponent, shown_decimals

# Plain `en` would write dollars as in the United States: commands are read everywhere.
WORLD_ENGLISH = Locale.parse("en_001")
_LETTER_BEFORE_FIGURE = re.compile(r"(?<=[^\W\d_])(?=\d)")


def written(value: Money, locale: Locale = WORLD_ENGLISH, *, short: bool = False) -> str:
    """£1,234.50 as the language of the locale writes it; `short` leaves the pence out where there are none."""
    digits = exponent(value.currency) if value.minor % 10 else shown_decimals(value.currency)
    if short and value.major == value.major.to_integral_value():
        digits = 0
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    amount = str(pattern.apply(value.major, locale, currency=value.currency, currency_digits=False))
    return _LETTER_BEFORE_FIGURE.sub("\N{NO-BREAK SPACE}", amount)  # KWD 20, not KWD20


class Minor(int):
    """Minor units that a format string writes as money: "{0:{1}}" with a currency for {1}; without one, a number."""

    def __format__(self, currency: str) -> str:
        return written(Money(int(self), currency)) if currency else str(int(self))
