"""Refunds: which money each gives back. A refund that bounced left its money owed to the supporter; the next refund
takes it from there first, and only the rest from the gift. Rows 4, 4a and 9 of docs/ledger.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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
from donations.facts import Movement, PaymentFacts, Refund
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Planned:
    """A refund that counts: the stretches of the gift it takes from income, and those it takes of what was owed. `cost`
    is what leaves the balance, in the settlement currency."""

    refund: Refund
    from_income: tuple[Stretch, ...]
    from_owed: tuple[Stretch, ...]
    cost: int
    bounced: bool

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return self.from_income + self.from_owed


def plan(facts: PaymentFacts, settled: Money | None) -> list[Planned]:
    """The refunds that count, in order of when they were made. One that failed before any money moved never was."""
    planned: list[Planned] = []
    owed: list[Stretch] = []
    to_come_back: list[tuple[datetime, list[Stretch]]] = []
    given_back, given_back_of_gift = 0, 0  # in the settlement currency, in the gift's own
    for refund in sorted(facts.refunds, key=lambda one: (one.created_at, one.id)):
        moved = _movement_of(facts, refund, "refund")
        if settled is None or (refund.failed and moved is None):
            continue
        same_currency = refund.amount.currency == settled.currency
        if not same_currency and (moved is None or facts.amount is None):
            continue  # Its cost is known with its balance transaction only.
        wanted = refund.amount.minor
        if not same_currency and facts.amount is not None:
            # The same share of what the gift settled at: all refunds of the whole gift take all of it.
            until = min(given_back_of_gift + wanted, facts.amount.minor)
            worth = settled.minor * until // facts.amount.minor
            wanted = worth - settled.minor * given_back_of_gift // facts.amount.minor
            given_back_of_gift = until
        # What bounced is owed from the moment it was back; a refund made before that took its own money.
        owed += [stretch for back_at, back in to_come_back if back_at <= refund.created_at for stretch in back]
        to_come_back = [(back_at, back) for back_at, back in to_come_back if back_at > refund.created_at]
        from_owed, owed = _take(owed, wanted)
        rest = min(wanted - sum(end - start for start, end in from_owed), settled.minor - given_back)
        from_income = ((given_back, given_back + rest),) if rest else ()
        given_back += rest
        cost = -moved.amount_minor if moved is not None and not same_currency else wanted
        bounced = refund.failed and moved is not None
        planned.append(Planned(refund, from_income, tuple(from_owed), cost, bounced))
        back = _movement_of(facts, refund, "refund_failure")
        if bounced and back is not None:
            to_come_back.append((back.created_at, [*from_income, *from_owed]))
    return planned


def entries(facts: PaymentFacts, shares: Shares, settled: Money, planned: Iterable[Planned]) -> list[Wanted]:
    """The entries of the refunds that count, and of those that came back."""
    wanted: list[Wanted] = []
    for one in planned:
        wanted += _given_back(facts, shares, settled.currency, one)
        if one.bounced:
            wanted += _came_back(facts, shares, settled.currency, one)
    return wanted


def settlement(facts: PaymentFacts, shares: Shares, movement: Movement, planned: Iterable[Planned]) -> list[Wanted]:
    """The balance transaction of a refund or of its coming back: its part of each fund is that of the refund."""
    one = next((each for each in planned if each.refund.id == movement.source_id), None)
    parts = shares.split(movement.amount_minor)
    if one is not None and abs(movement.amount_minor) == one.cost:
        sign = 1 if movement.amount_minor > 0 else -1
        parts = {fund: sign * part for fund, part in _costs(shares, one).items()}
    fees = shares.split(movement.fee_minor)
    lines: list[Line] = []
    for fund, part in parts.items():
        lines.append(Line(STRIPE_BALANCE, fund, movement.currency, part - fees[fund]))
        lines.append(Line(PROCESSING_FEES, fund, movement.currency, fees[fund]))
        lines.append(Line(IN_SETTLEMENT, fund, movement.currency, -part, movement.source_id))
    return entry(f"bt:{movement.id}", "settlement", movement.created_at, lines)


def _given_back(facts: PaymentFacts, shares: Shares, currency: str, one: Planned) -> list[Wanted]:
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
    back = _movement_of(facts, one.refund, "refund_failure")
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


def _take(owed: list[Stretch], wanted: int) -> tuple[list[Stretch], list[Stretch]]:
    """As much of what is owed as is wanted, the oldest first; and what is left of it."""
    taken: list[Stretch] = []
    left: list[Stretch] = []
    for start, end in owed:
        part = min(end - start, wanted)
        wanted -= part
        if part:
            taken.append((start, start + part))
        if start + part < end:
            left.append((start + part, end))
    return taken, left


def _movement_of(facts: PaymentFacts, refund: Refund, category: str) -> Movement | None:
    return next(
        (one for one in facts.movements if one.source_id == refund.id and one.reporting_category == category), None
    )
