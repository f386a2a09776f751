"""What an amount comes to in the account's books: which currency it settles in, and at which rate.

A refund and a dispute have rates of their own, so that a charge and its refund need not come to nothing.
"""

from decimal import Decimal

from .currencies import convert
from .errors import ApiError
from .world import World

KINDS = ("charge", "refund", "refund_failure", "dispute", "dispute_reversal")


def settlement(world: World, amount: int, currency: str, kind: str = "charge") -> tuple[int, str, Decimal | None]:
    """Minor units, currency, and the rate if it was converted. Raises ApiError where no rate is known."""
    target = settlement_currency(world, currency)
    if target == currency:
        return amount, currency, None
    known = rate(world, currency, kind)
    if known is None:
        raise ApiError(
            f"The sandbox has no rate from {currency} to {target}: give one with --rate or /sandbox/rates.",
            code="sandbox_rate_missing",
            param="currency",
        )
    return convert(amount, currency, target, known), target, known


def settlement_currency(world: World, currency: str) -> str:
    """Itself, if the account settles in it, or if nothing says that it is converted."""
    settings = world.settings
    if currency == settings.currency or currency in settings.settlement_currencies:
        return currency
    converted = settings.settlement_currencies or rate(world, currency, "charge") is not None
    return settings.currency if converted else currency


def rate(world: World, currency: str, kind: str) -> Decimal | None:
    """What the control API set, else what the options say, else the rate of charges."""
    ordered = world.holds.rates.get((kind, currency))
    if ordered is not None:
        return ordered
    options = {"charge": world.settings.rates, "refund": world.settings.refund_rates}
    chosen = {**options, "dispute": world.settings.dispute_rates}.get(kind, {}).get(currency)
    return chosen if chosen is not None or kind == "charge" else rate(world, currency, "charge")


def own_rate(world: World, currency: str, kind: str) -> Decimal | None:
    """The rate set for this very kind, if any: without one, what comes back comes back as it went."""
    return world.holds.rates.get((kind, currency))
