"""The entries of a payment, from all facts known of it: the gift, its settlement, its failure; refunds and disputes are
next door. The same facts in any order give the same entries."""

from __future__ import annotations

from dataclasses import dataclass

from donations.bookkeeping import disputes, refunds
from donations.bookkeeping.accounts import (
    DONATIONS_ONLINE,
    FAILED_LATER,
    IN_SETTLEMENT,
    PROCESSING_FEES,
    STRIPE_BALANCE,
    UNIDENTIFIED,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.movements import entry_for
from donations.bookkeeping.shares import Shares, settled_amount
from donations.facts import Movement, PaymentFacts
from donations.money import Money

CHARGE_CATEGORIES = frozenset({"charge", "charge_failure", "partial_capture_reversal"})
REFUND_CATEGORIES = frozenset({"refund", "refund_failure"})
# Balance transactions that come from a charge, in whatever way.
OF_A_CHARGE = CHARGE_CATEGORIES | REFUND_CATEGORIES | disputes.CATEGORIES


@dataclass(frozen=True, slots=True)
class Standing:
    """What a payment comes to, in minor units of the gift's own currency. `disputed`: a bank holds it in question.
    `appealed` was lost to a dispute, and the loss is being appealed."""

    received: int
    refunded: int
    lost: int
    disputed: bool
    appealed: int = 0

    @property
    def remaining(self) -> int:
        return self.received - self.refunded - self.lost

    @property
    def acknowledged(self) -> int:
        """What a receipt may say. A loss is final for it: an appeal brings nothing back before it is won."""
        return self.remaining - self.appealed


OPEN_DISPUTES = frozenset({"needs_response", "under_review", "appeal_needs_response", "appeal_under_review"})


def entries_for(facts: PaymentFacts) -> list[Wanted]:
    """The entries that all facts known of this payment call for."""
    shares, settled = Shares.of(facts), settled_amount(facts)
    given_back = refunds.plan(facts, settled)
    taken = sum(end - start for one in given_back for start, end in one.from_income)
    wanted: list[Wanted] = []
    if settled is not None and facts.succeeded_at is not None:
        wanted += _gift(facts, shares, settled)
        wanted += _failed_later(facts, shares, settled)
    for movement in facts.movements:
        if movement.reporting_category in REFUND_CATEGORIES:
            wanted += refunds.settlement(facts, shares, movement, given_back)
        elif movement.reporting_category in CHARGE_CATEGORIES:
            wanted += _settlement(facts, shares, movement)
        elif movement.reporting_category not in disputes.CATEGORIES:
            house, suspense = facts.general_fund_id, facts.suspense_fund_id
            wanted += entry_for(movement, general_fund_id=house, suspense_fund_id=suspense)
    if settled is not None:
        wanted += refunds.entries(facts, shares, settled, given_back)
    wanted += disputes.entries(facts, shares, disputes.plan(facts, settled, taken))
    return wanted


def standing_of(facts: PaymentFacts) -> Standing:
    """What the supporter has given by this payment and still stands, in the gift's own currency."""
    if facts.amount is None or facts.succeeded_at is None or facts.failed_at is not None:
        return Standing(0, 0, 0, disputed=False)
    received = facts.amount.minor
    settled = settled_amount(facts)
    if settled is None:
        return Standing(received, 0, 0, disputed=_in_question(facts))
    taken = sum(end - start for one in refunds.plan(facts, settled) for start, end in one.from_income)
    withheld = disputes.plan(facts, settled, taken)
    lost = sum(one.open for one in withheld if one.lost)
    appealed = sum(one.open for one in withheld if one.appealed)
    if settled.currency == facts.amount.currency:
        return Standing(received, taken, lost, _in_question(facts), appealed)
    steps = [_of_gift(part, received, settled.minor) for part in (taken, taken + lost, taken + lost + appealed)]
    return Standing(received, steps[0], steps[1] - steps[0], _in_question(facts), steps[2] - steps[1])


def _in_question(facts: PaymentFacts) -> bool:
    return any(one.status in OPEN_DISPUTES for one in facts.disputes)


def _of_gift(part: int, received: int, settled: int) -> int:
    """A part of the settled amount in the gift's own currency; all of it is all of it."""
    return received * part // settled


def _gift(facts: PaymentFacts, shares: Shares, settled: Money) -> list[Wanted]:
    """Row 1: in settlement + A, donations online - A. Money without a reference of ours is owed an explanation, so it
    stands as an unidentified receipt."""
    assert facts.succeeded_at is not None
    account, ref = (DONATIONS_ONLINE, None) if shares.identified else (UNIDENTIFIED, facts.charge_id)
    lines: list[Line] = []
    for fund, part in shares.split(settled.minor).items():
        lines.append(Line(IN_SETTLEMENT, fund, settled.currency, part, facts.charge_id))
        lines.append(Line(account, fund, settled.currency, -part, ref))
    return entry(f"charge:{facts.charge_id}:gift", "gift", facts.succeeded_at, lines)


def _failed_later(facts: PaymentFacts, shares: Shares, settled: Money) -> list[Wanted]:
    """Row 3c: it had succeeded, and failed after that."""
    if facts.failed_at is None:
        return []
    account, ref = (FAILED_LATER, None) if shares.identified else (UNIDENTIFIED, facts.charge_id)
    lines: list[Line] = []
    for fund, part in shares.split(settled.minor).items():
        lines.append(Line(account, fund, settled.currency, part, ref))
        lines.append(Line(IN_SETTLEMENT, fund, settled.currency, -part, facts.charge_id))
    return entry(f"charge:{facts.charge_id}:failed", "gift failed", facts.failed_at, lines)


def _settlement(facts: PaymentFacts, shares: Shares, movement: Movement) -> list[Wanted]:
    """Rows 1a, 1b, 2 and 3: Stripe balance + net, fees + fee, in settlement - amount; the fee borne by the gift's funds
    or by the general fund, as was agreed when it was given."""
    bearer = facts.general_fund_id if facts.fee_bearer == "general" and shares.identified else None
    parts = shares.split(movement.amount_minor)
    fees = shares.split(0 if bearer is not None else movement.fee_minor)
    lines: list[Line] = []
    for fund in shares.funds:
        lines.append(Line(STRIPE_BALANCE, fund, movement.currency, parts[fund] - fees[fund]))
        lines.append(Line(PROCESSING_FEES, fund, movement.currency, fees[fund]))
        lines.append(Line(IN_SETTLEMENT, fund, movement.currency, -parts[fund], facts.charge_id))
    if bearer is not None:
        lines.append(Line(PROCESSING_FEES, bearer, movement.currency, movement.fee_minor))
        lines.append(Line(STRIPE_BALANCE, bearer, movement.currency, -movement.fee_minor))
    return entry(f"bt:{movement.id}", "settlement", movement.created_at, lines)
