"""Which amounts the form and the embeds propose. What may be given is decided elsewhere (money/, giving)."""

from __future__ import annotations

from donations.models import Appeal
from donations.money import Money, exponent, minimum

# Multiples of the smallest round sum that is not below Stripe's minimum: £1, ¥100, 1,000 Ft.
_STEPS = (5, 10, 20, 50)


def suggested(appeal: Appeal) -> list[Money]:
    """The appeal's own suggestions, else four round amounts that make sense in its currency."""
    if appeal.suggested_minor:
        return [Money(minor, appeal.currency) for minor in appeal.suggested_minor]
    unit = _round_unit(appeal.currency)
    return [Money(step * unit, appeal.currency) for step in _STEPS]


def limited(appeal: Appeal, currency: str) -> list[Money]:
    """The only amounts that are taken by card while cards are being tested, which is done with small ones: what is
    proposed in this currency, from five round units on."""
    unit = _round_unit(currency)
    proposed = suggested(appeal) if currency == appeal.currency else []
    return [one for one in proposed if one.minor >= _STEPS[0] * unit] or [
        Money(step * unit, currency) for step in _STEPS
    ]


def _round_unit(currency: str) -> int:
    unit: int = 10 ** exponent(currency)
    while unit < minimum(currency).minor:
        unit *= 10
    return unit
