"""Refunds: which money each returns. A failed refund left its money owed to the supporter; the next refund
takes it from there first, and only the rest from the donation. Rows 4, 4a and 9 of docs/ledger.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from donations.bookkeeping.accounts import (
    DIFFERENCES,
    IN_SETTLEMENT,
    PROCESSING_FEES,
    REFUNDS,
    RETURNABLE,
    STRIPE_BALANCE,
    UNIDENTIFIED,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.shares import Parts, Shares, Stretch
from donations.facts import BalanceTransaction, PaymentFacts, Refund
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Planned:
    """A refund that counts: the stretches of the donation it takes from income, and those it takes of what was owed.
    `cost` is what leaves the balance, in the settlement currency."""

    refund: Refund
    from_income: tuple[Stretch, ...]
    from_owed: tuple[Stretch, ...]
    cost: int
    bounced: bool

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return self.from_income + self.from_owed


def plan(facts: PaymentFacts, settled: Money | None) -> list[Planned]:
    """The refunds that count, in order of when they were made. One that failed before any money moved never was; that
    money had moved is known from its balance transaction, or from the refund that names it."""
    planned: list[Planned] = []
    if settled is None or facts.succeeded_at is None:
        return planned  # What is only held on a card is released, not refunded.
    given_back = 0
    for refund, worth in _worths(facts, settled):
        from_owed = _take(_owed(facts, planned, refund), worth)
        # Stripe refunds no more than there is; if it did, the rest would be a difference and not the funds' loss.
        rest = min(worth - _length(from_owed), settled.minor - given_back)
        from_income = ((given_back, given_back + rest),) if rest else ()
        given_back += rest
        moved = _transaction_of(facts, refund, "refund")
        same_currency = refund.amount.currency == settled.currency
        cost = worth if same_currency or moved is None else -moved.amount_minor
        planned.append(Planned(refund, from_income, from_owed, cost, bounced=refund.failed))
    return planned


def _worths(facts: PaymentFacts, settled: Money) -> Iterator[tuple[Refund, int]]:
    """Each refund that counts with what it takes, in the settlement currency. One in another currency counts when its
    balance transaction is known, and takes the same share of what the donation settled at; together they take all."""
    of_donation = 0
    for refund in sorted(facts.refunds, key=lambda one: (one.created_at, one.id)):
        moved = _transaction_of(facts, refund, "refund")
        if facts.is_release(refund) or (refund.failed and moved is None and refund.balance_transaction_id is None):
            continue
        if refund.amount.currency == settled.currency:
            yield refund, refund.amount.minor
        elif moved is not None and facts.amount is not None:
            until = min(of_donation + refund.amount.minor, facts.amount.minor)
            start, end = (settled.minor * part // facts.amount.minor for part in (of_donation, until))
            of_donation = until
            yield refund, end - start


def _owed(facts: PaymentFacts, planned: list[Planned], refund: Refund) -> list[Stretch]:
    """What bounced before this refund was made and has not been refunded since, nor repaid by bank or kept. What
    bounced later was not owed yet, so the refund took its own money."""
    owed: list[Stretch] = []
    for one in planned:
        back = _transaction_of(facts, one.refund, "refund_failure") if one.bounced else None
        back_at = back.created_at if back is not None else one.refund.failed_at
        if one.bounced and back_at is not None and back_at <= refund.created_at:
            owed += one.stretches
    for one in planned:
        for taken in one.from_owed:
            owed = _without(owed, taken)
    return _after(owed, sum(minor for at, minor in facts.settled_owed if at <= refund.created_at))


def entries(facts: PaymentFacts, shares: Shares, settled: Money, planned: Iterable[Planned]) -> list[Wanted]:
    """The entries of the refunds that count, and of those that came back."""
    wanted: list[Wanted] = []
    for one in planned:
        wanted += _refund_entries(facts, shares, settled.currency, one)
        if one.bounced:
            wanted += _came_back(facts, shares, settled.currency, one)
    return wanted


def settlement(
    facts: PaymentFacts, shares: Shares, transaction: BalanceTransaction, planned: Iterable[Planned]
) -> list[Wanted]:
    """The balance transaction of a refund or of its coming back: its part of each fund is that of the refund."""
    one = next((each for each in planned if each.refund.id == transaction.source_id), None)
    parts = shares.split(transaction.amount_minor)
    if one is not None and abs(transaction.amount_minor) == one.cost:
        sign = 1 if transaction.amount_minor > 0 else -1
        parts = {fund: sign * part for fund, part in _costs(shares, one).items()}
    fees = shares.split(transaction.fee_minor)
    lines: list[Line] = []
    for fund, part in parts.items():
        lines.append(Line(STRIPE_BALANCE, fund, transaction.currency, part - fees[fund]))
        lines.append(Line(PROCESSING_FEES, fund, transaction.currency, fees[fund]))
        lines.append(Line(IN_SETTLEMENT, fund, transaction.currency, -part, transaction.source_id))
    return entry(f"bt:{transaction.id}", "settlement", transaction.created_at, lines)


def _refund_entries(facts: PaymentFacts, shares: Shares, currency: str, one: Planned) -> list[Wanted]:
    account = REFUNDS if shares.identified else UNIDENTIFIED
    taken: list[Line] = []
    for stretch in one.from_income:
        ref = None if shares.identified else facts.charge_id
        taken += [Line(account, fund, currency, part, ref) for fund, part in shares.of_stretch(stretch).items()]
    for stretch in one.from_owed:
        parts = shares.of_stretch(stretch)
        taken += [Line(RETURNABLE, fund, currency, part, facts.charge_id) for fund, part in parts.items()]
    lines = [*taken, *_settled(taken, _costs(shares, one), currency, one.refund.id)]
    return entry(f"refund:{one.refund.id}", "refund", one.refund.created_at, lines)


def _came_back(facts: PaymentFacts, shares: Shares, currency: str, one: Planned) -> list[Wanted]:
    """Owed to the supporter, not income again."""
    back = _transaction_of(facts, one.refund, "refund_failure")
    owed: list[Line] = []
    for stretch in one.stretches:
        parts = shares.of_stretch(stretch)
        owed += [Line(RETURNABLE, fund, currency, -part, facts.charge_id) for fund, part in parts.items()]
    cost = back.amount_minor if back is not None else one.cost
    costs = _costs(shares, one) if cost == one.cost else shares.split(cost)
    lines = [*owed, *_settled(owed, {fund: -part for fund, part in costs.items()}, currency, one.refund.id)]
    happened_at = one.refund.failed_at or one.refund.created_at
    return entry(f"refund:{one.refund.id}:failed", "refund failed", happened_at, lines)


def _settled(lines: list[Line], costs: Parts, currency: str, refund_id: str) -> list[Line]:
    """The other side: what is in settlement, and the difference where the rate has moved."""
    answers: list[Line] = []
    for fund, cost in costs.items():
        taken = sum(line.minor for line in lines if line.fund_id == fund)
        answers.append(Line(IN_SETTLEMENT, fund, currency, -cost, refund_id))
        answers.append(Line(DIFFERENCES, fund, currency, cost - taken))
    return answers


def _costs(shares: Shares, one: Planned) -> Parts:
    """What a refund costs each fund: the parts of its stretches, or of its cost where the rate has moved."""
    parts = dict.fromkeys(shares.funds, 0)
    for stretch in one.stretches:
        for fund, part in shares.of_stretch(stretch).items():
            parts[fund] += part
    return parts if sum(parts.values()) == one.cost else shares.split(one.cost)


def _take(owed: list[Stretch], wanted: int) -> tuple[Stretch, ...]:
    """As much of what is owed as is wanted, the oldest first."""
    taken: list[Stretch] = []
    for start, end in owed:
        part = min(end - start, wanted)
        wanted -= part
        if part:
            taken.append((start, start + part))
    return tuple(taken)


def _without(owed: list[Stretch], taken: Stretch) -> list[Stretch]:
    """What is owed less one stretch of it; a stretch that was owed twice stays owed once."""
    for place, (start, end) in enumerate(owed):
        if start <= taken[0] and taken[1] <= end:
            left = [(start, taken[0]), (taken[1], end)]
            return [*owed[:place], *(each for each in left if each[0] < each[1]), *owed[place + 1 :]]
    return owed


def _after(owed: list[Stretch], settled: int) -> list[Stretch]:
    """What is owed less so much of it, the oldest first."""
    left: list[Stretch] = []
    for start, end in owed:
        part = min(end - start, max(settled, 0))
        settled -= part
        if start + part < end:
            left.append((start + part, end))
    return left


def _length(stretches: Iterable[Stretch]) -> int:
    return sum(end - start for start, end in stretches)


def _transaction_of(facts: PaymentFacts, refund: Refund, category: str) -> BalanceTransaction | None:
    return next(
        (one for one in facts.transactions if one.source_id == refund.id and one.reporting_category == category), None
    )
