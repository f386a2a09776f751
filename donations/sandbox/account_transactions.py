"""What Stripe books by itself, without a payment: its own fees, taxes, reserves, top-ups, and what nobody foresaw."""

from dataclasses import dataclass

from . import transactions
from .errors import ApiError
from .store import Doc
from .world import World


@dataclass(frozen=True)
class Movement:
    """`sign`: which way money goes for a positive amount."""

    sign: int
    type: str
    category: str
    description: str


KINDS = {
    "stripe_fee": Movement(-1, "stripe_fee", "fee", "Billing - Usage Fee"),
    "tax_fee": Movement(-1, "tax_fee", "tax", "VAT on Stripe fees"),
    "reserve_hold": Movement(-1, "reserve_hold", "risk_reserved_funds", "Reserve held"),
    "reserve_release": Movement(1, "reserve_release", "risk_reserved_funds", "Reserve released"),
    "topup": Movement(1, "topup", "topup", "Top-up"),
    "topup_reversal": Movement(-1, "topup_reversal", "topup_reversal", "Top-up reversed"),
    "adjustment": Movement(1, "adjustment", "other_adjustment", "Adjustment"),
    # In no list of Stripe's, as a type of next year will be in none of ours.
    "unknown": Movement(1, "moonlight_settlement", "moonlight_settlement", "Moonlight settlement"),
}


def make(
    world: World,
    kind: str,
    amount: int,
    currency: str,
    *,
    fee: int = 0,
    pending: bool = False,
    paired: bool = True,
    type: str | None = None,
    category: str | None = None,
    description: str | None = None,
) -> list[Doc]:
    """Book it, and answer the balance transactions. A negative amount goes the other way. Stripe sends no event.

    A reserve is a pair: out of the payments balance, into the balance called risk_reserved, or back; unpaired
    it is only the first of them. Raises ApiError for an amount of 0.
    """
    if not amount:
        raise ApiError("amount must not be 0", param="amount")
    movement = KINDS[kind]
    due = world.clock.stamp() + transactions.AVAILABLE_AFTER_SECONDS if pending else None
    legs = [(movement.sign * amount, fee, "payments")]
    if movement.category == "risk_reserved_funds" and paired:
        legs.append((-movement.sign * amount, 0, "risk_reserved"))
    return [
        transactions.book(
            world,
            moved,
            currency,
            type or movement.type,
            category or movement.category,
            source=None,
            description=description or movement.description,
            fee=cost,
            available_on=due,
            balance_type=balance_type,
        )
        for moved, cost, balance_type in legs
    ]
