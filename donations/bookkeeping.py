"""Pure rules: from all facts known of a payment, the entries that must exist. No database, no Stripe, no clock; the
rows named in the docstrings are those of the worked examples in docs/ledger.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from donations.facts import Movement, PaymentFacts
from donations.money import Money, apportion

BANK, CASH, CHEQUES = 1000, 1010, 1020
STRIPE_BALANCE, IN_SETTLEMENT, DISPUTED = 1100, 1105, 1130
DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER = 4000, 4010, 4050, 4060, 4070
PROCESSING_FEES = 5000
UNIDENTIFIED = 2010
# What the public total is made of: income of these accounts, less what is withheld in disputes.
PUBLIC_ACCOUNTS = frozenset({DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER, DISPUTED})
CHARGE_CATEGORIES = frozenset({"charge", "charge_failure", "partial_capture_reversal"})


@dataclass(frozen=True, slots=True)
class Line:
    """A posting to be: `+` debit, `-` credit, whole minor units."""

    account: int
    fund_id: int
    currency: str
    minor: int
    clear_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry that must exist. `key` names what it is for; `happened_at` is when, by its fact."""

    key: str
    kind: str
    happened_at: datetime
    lines: tuple[Line, ...]


def entries_for(facts: PaymentFacts) -> list[Wanted]:
    """The entries that all facts known of this payment call for. The same facts in any order give the same entries."""
    wanted = [_settlement(facts, movement) for movement in facts.movements if _is_of_the_charge(movement)]
    settled = settled_amount(facts)
    if facts.succeeded_at is not None and settled is not None:
        wanted.insert(0, _gift(facts, settled))
    return wanted


def settled_amount(facts: PaymentFacts) -> Money | None:
    """The gift in the currency it settles in: by its balance transaction once that is known, before that its own amount
    if we settle in its currency. None: not known yet, and no rate is ever invented."""
    for movement in facts.movements:
        if movement.reporting_category == "charge" and movement.amount_minor > 0:
            return Money(movement.amount_minor, movement.currency)
    if facts.amount is not None and facts.amount.currency in facts.settlement_currencies:
        return facts.amount
    return None


def _gift(facts: PaymentFacts, settled: Money) -> Wanted:
    """Row 1: in settlement + A, donations online - A, fund by fund. Row 12's kind of holding for money without a
    reference of ours: it is owed an explanation, so it stands as an unidentified receipt."""
    assert facts.succeeded_at is not None
    income = DONATIONS_ONLINE if facts.shares else UNIDENTIFIED
    lines: list[Line] = []
    for fund_id, part in _parts(facts, settled.minor):
        lines.append(Line(IN_SETTLEMENT, fund_id, settled.currency, part, facts.charge_id))
        lines.append(Line(income, fund_id, settled.currency, -part, facts.charge_id if not facts.shares else None))
    return Wanted(f"charge:{facts.charge_id}:gift", "gift", facts.succeeded_at, tuple(lines))


def _settlement(facts: PaymentFacts, movement: Movement) -> Wanted:
    """Rows 1a, 1b and 2: Stripe balance + net, fees + fee, in settlement - amount; the fee borne by the gift's funds or
    by the general fund, as was agreed when it was given."""
    general_bears = bool(facts.fee_bearer == "general" and facts.general_fund_id is not None and facts.shares)
    parts = dict(_parts(facts, movement.amount_minor))
    fees = dict(_parts(facts, 0 if general_bears else movement.fee_minor))
    lines: list[Line] = []
    for fund_id in sorted(parts.keys() | fees.keys()):
        part, fee = parts.get(fund_id, 0), fees.get(fund_id, 0)
        lines.append(Line(STRIPE_BALANCE, fund_id, movement.currency, part - fee))
        lines.append(Line(PROCESSING_FEES, fund_id, movement.currency, fee))
        lines.append(Line(IN_SETTLEMENT, fund_id, movement.currency, -part, facts.charge_id))
    if general_bears:
        assert facts.general_fund_id is not None
        lines.append(Line(PROCESSING_FEES, facts.general_fund_id, movement.currency, movement.fee_minor))
        lines.append(Line(STRIPE_BALANCE, facts.general_fund_id, movement.currency, -movement.fee_minor))
    moved = tuple(line for line in lines if line.minor)
    return Wanted(f"bt:{movement.id}", "settlement", movement.created_at, moved)


def _parts(facts: PaymentFacts, minor: int) -> list[tuple[int, int]]:
    """An amount over the gift's funds, by largest remainder of what was intended; none of them zero unless all are."""
    if not facts.shares:
        return [(facts.suspense_fund_id, minor)]
    parts = apportion(minor, [share for _, share in facts.shares])
    return [(fund_id, part) for (fund_id, _), part in zip(facts.shares, parts, strict=True) if part]


def _is_of_the_charge(movement: Movement) -> bool:
    return movement.reporting_category in CHARGE_CATEGORIES
