"""The entries of a payment, from all facts known of it: the donation, its settlement, its failure; refunds and disputes
are next door. The same facts in any order give the same entries."""

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
from donations.bookkeeping.balance_transactions import entry_for
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.shares import Shares, settled_amount
from donations.facts import BalanceTransaction, PaymentFacts
from donations.money import Money

CHARGE_CATEGORIES = frozenset({"charge", "charge_failure", "partial_capture_reversal"})
REFUND_CATEGORIES = frozenset({"refund", "refund_failure"})
# Balance transactions that come from a charge, in whatever way.
OF_A_CHARGE = CHARGE_CATEGORIES | REFUND_CATEGORIES | disputes.CATEGORIES


@dataclass(frozen=True, slots=True)
class Standing:
    """What a donation, or one payment of it, comes to, in the donation's own currency. `disputed`: a bank holds some of
    it back until a dispute is over."""

    received: Money
    refunded: Money
    lost: Money
    disputed: bool = False

    @classmethod
    def nothing(cls, currency: str) -> Standing:
        zero = Money(0, currency)
        return cls(zero, zero, zero)

    def __add__(self, other: Standing) -> Standing:
        """Two payments of one donation together. Raises CurrencyMismatch for two currencies, which are never added."""
        return Standing(
            received=self.received + other.received,
            refunded=self.refunded + other.refunded,
            lost=self.lost + other.lost,
            disputed=self.disputed or other.disputed,
        )

    @property
    def remaining(self) -> Money:
        return self.received - self.refunded - self.lost


def entries_for(facts: PaymentFacts) -> list[Wanted]:
    """The entries that all facts known of this payment call for."""
    shares, settled = Shares.of(facts), settled_amount(facts)
    given_back = refunds.plan(facts, settled)
    taken = sum(end - start for one in given_back for start, end in one.from_income)
    wanted: list[Wanted] = []
    if settled is not None and facts.succeeded_at is not None:
        wanted += _donation(facts, shares, settled)
        wanted += _failed_later(facts, shares, settled)
    for transaction in facts.transactions:
        if transaction.reporting_category in REFUND_CATEGORIES:
            wanted += refunds.settlement(facts, shares, transaction, given_back)
        elif transaction.reporting_category in CHARGE_CATEGORIES:
            wanted += _settlement(facts, shares, transaction)
        elif transaction.reporting_category not in disputes.CATEGORIES:
            house, suspense = facts.general_fund_id, facts.suspense_fund_id
            wanted += entry_for(transaction, general_fund_id=house, suspense_fund_id=suspense)
    if settled is not None:
        wanted += refunds.entries(facts, shares, settled, given_back)
    wanted += disputes.entries(facts, shares, disputes.plan(facts, settled, taken))
    return wanted


def standing_of(facts: PaymentFacts, currency: str) -> Standing:
    """What the donor has given by this payment, less what was refunded or lost. `currency` is that of the donation,
    which is also the payment's own: of a payment whose amount is not known yet, or that did not succeed, it says
    nothing in that."""
    if facts.amount is None or facts.succeeded_at is None or facts.failed_at is not None:
        return Standing.nothing(currency)
    received, settled = facts.amount, settled_amount(facts)
    nothing = Money(0, received.currency)
    if settled is None:
        return Standing(received, nothing, nothing, _in_question(facts))
    taken = sum(end - start for one in refunds.plan(facts, settled) for start, end in one.from_income)
    lost = sum(one.open for one in disputes.plan(facts, settled, taken) if one.lost)
    refunded = _of_donation(taken, received, settled)
    return Standing(received, refunded, _of_donation(taken + lost, received, settled) - refunded, _in_question(facts))


def _in_question(facts: PaymentFacts) -> bool:
    return any(one.standing.is_open for one in facts.disputes)


def _of_donation(part: int, received: Money, settled: Money) -> Money:
    """A part of the settled amount, in minor units, as one of the donation's own currency; all of it is all of it."""
    if received.currency == settled.currency:
        return Money(part, received.currency)
    return Money(received.minor * part // settled.minor, received.currency)


def _donation(facts: PaymentFacts, shares: Shares, settled: Money) -> list[Wanted]:
    """Row 1: in settlement + A, donations online - A. Money without a reference of ours is owed an explanation, so it
    is an unidentified receipt."""
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


def _settlement(facts: PaymentFacts, shares: Shares, transaction: BalanceTransaction) -> list[Wanted]:
    """Rows 1a, 1b, 2 and 3: Stripe balance + net, fees + fee, in settlement - amount; the fee borne by the donation's
    funds or by the general fund, as was agreed when it was given."""
    bearer = facts.general_fund_id if facts.fee_bearer == "general" and shares.identified else None
    parts = shares.split(transaction.amount_minor)
    fees = shares.split(0 if bearer is not None else transaction.fee_minor)
    lines: list[Line] = []
    for fund in shares.funds:
        lines.append(Line(STRIPE_BALANCE, fund, transaction.currency, parts[fund] - fees[fund]))
        lines.append(Line(PROCESSING_FEES, fund, transaction.currency, fees[fund]))
        lines.append(Line(IN_SETTLEMENT, fund, transaction.currency, -parts[fund], facts.charge_id))
    if bearer is not None:
        lines.append(Line(PROCESSING_FEES, bearer, transaction.currency, transaction.fee_minor))
        lines.append(Line(STRIPE_BALANCE, bearer, transaction.currency, -transaction.fee_minor))
    return entry(f"bt:{transaction.id}", "settlement", transaction.created_at, lines)
