"""How a payment lies over its funds. A gift is a line from nothing to its whole amount; each stretch of it that is
given back, withheld or lost belongs to the funds by the difference of the shares at its ends. So the parts of any
stretches that make up the whole always add up to the gift's own parts, to the penny."""

from __future__ import annotations

from dataclasses import dataclass

from donations.facts import PaymentFacts
from donations.money import Money, apportion

Parts = dict[int, int]  # fund id -> minor units
Stretch = tuple[int, int]  # from, to: minor units of the settled amount


@dataclass(frozen=True, slots=True)
class Shares:
    """The funds of a payment and their weights. Money without a reference of ours lies in the suspense fund whole."""

    funds: tuple[int, ...]
    weights: tuple[int, ...]
    identified: bool

    @classmethod
    def of(cls, facts: PaymentFacts) -> Shares:
        if not facts.shares:
            return cls((facts.suspense_fund_id,), (1,), identified=False)
        funds, weights = zip(*facts.shares, strict=True)
        return cls(funds, weights, identified=True)

    def split(self, minor: int) -> Parts:
        """An amount over the funds, by largest remainder."""
        return dict(zip(self.funds, apportion(minor, self.weights), strict=True))

    def of_stretch(self, stretch: Stretch) -> Parts:
        """What a stretch of the gift's line is of each fund."""
        start, end = self.split(stretch[0]), self.split(stretch[1])
        return {fund: end[fund] - start[fund] for fund in self.funds}


def settled_amount(facts: PaymentFacts) -> Money | None:
    """The gift in the currency it settles in: by its balance transaction once that is known, before that its own amount
    if we settle in its currency. None: not known yet, and no rate is ever invented."""
    for movement in facts.movements:
        if movement.reporting_category == "charge" and movement.amount_minor > 0:
            return Money(movement.amount_minor, movement.currency)
    if facts.amount is not None and facts.amount.currency in facts.settlement_currencies:
        return facts.amount
    return None
