"""How a payment lies over its funds. A donation is a line from nothing to its whole amount; each stretch of it that is
refunded, withheld or lost belongs to the funds by the difference of the shares at its ends. So the parts of any
stretches that make up the whole always add up to the donation's own parts, to the penny."""

from __future__ import annotations

from dataclasses import dataclass

from donations.facts import PaymentFacts
from donations.money import Money, apportion

_PARTS = frozenset({"charge", "partial_capture_reversal"})
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
        """What a stretch of the donation's line is of each fund."""
        start, end = self.split(stretch[0]), self.split(stretch[1])
        return {fund: end[fund] - start[fund] for fund in self.funds}


def settled_amount(facts: PaymentFacts) -> Money | None:
    """The donation in the currency it settles in: by its balance transactions once one is known (several if captured in
    parts), before that its own amount if we settle in its currency. None: not known yet, and no rate is invented."""
    of_charge = [one for one in facts.transactions if one.reporting_category == "charge" and one.amount_minor > 0]
    if of_charge:
        currency = of_charge[0].currency
        parts = (one for one in facts.transactions if one.reporting_category in _PARTS and one.currency == currency)
        taken = sum(one.amount_minor for one in parts)
        return Money(taken, currency) if taken > 0 else None
    if facts.amount is not None and facts.amount.currency in facts.settlement_currencies:
        return facts.amount
    return None
