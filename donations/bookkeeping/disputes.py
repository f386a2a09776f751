"""Disputes: what is withheld, returned and lost, from their balance transactions. An inquiry has none, so nothing is
booked for it. Rows 5a to 5d of docs/ledger.md; the fee is borne by the general fund."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from donations.bookkeeping.accounts import (
    CHARGEBACKS,
    DIFFERENCES,
    DISPUTE_FEES,
    DISPUTED,
    STRIPE_BALANCE,
    UNIDENTIFIED,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.shares import Shares, Stretch
from donations.facts import BalanceTransaction, Dispute, PaymentFacts
from donations.money import Money
from donations.stripe_statuses import DisputeStatus

CATEGORIES = frozenset({"dispute", "dispute_reversal"})
_WHOLE = Decimal("0.995")  # Rates are rounded: what is this near is all of it.


@dataclass(slots=True)
class Withheld:
    """The state of a dispute. It holds the stretch of the donation from `base` on: `taken` minor units less those
    returned, `back`. `moves` are its balance transactions, each with the stretch that it moved."""

    id: str
    fact: Dispute | None
    base: int
    taken: int = 0
    back: int = 0
    moves: list[tuple[BalanceTransaction, Stretch]] = field(default_factory=list)

    @property
    def open(self) -> int:
        return self.taken - self.back

    @property
    def lost(self) -> bool:
        """What is open is gone: it was lost, or won in part, because Stripe gives money back once for each decision."""
        if self.fact is None:
            return False
        return self.fact.standing.is_lost or (self.fact.standing is DisputeStatus.WON and self._came_back_in_part)

    @property
    def is_difference(self) -> bool:
        """It was won whole in the supporter's currency; what is open is what the rate has moved."""
        is_won = self.fact is not None and self.fact.standing is DisputeStatus.WON
        return is_won and bool(self.open and self.back) and not self._came_back_in_part

    @property
    def _came_back_in_part(self) -> bool:
        """Whether less came back than was taken, each at its own rate where it was converted."""
        if not self.open or not self.back:
            return False
        rates = [Decimal(transaction.exchange_rate or 1) for transaction, _ in self.moves]
        worth = [transaction.amount_minor / rate for (transaction, _), rate in zip(self.moves, rates, strict=True)]
        taken = -sum(each for each in worth if each < 0)
        return sum(worth) + taken < taken * _WHOLE


def plan(facts: PaymentFacts, settled: Money | None, given_back: int) -> list[Withheld]:
    """Every dispute of a payment in order of when it was made. `given_back` is what was refunded of the donation;
    what a dispute takes beyond the rest is a difference, not the funds' loss."""
    planned: list[Withheld] = []
    base = given_back
    for dispute_id, fact, moves in _disputes(facts):
        one = Withheld(dispute_id, fact, base)
        for transaction in moves:
            usable = settled is not None and transaction.currency == settled.currency
            room = settled.minor - base if usable and settled is not None else 0
            _move(one, transaction, max(room, 0))
        planned.append(one)
        base += one.open
    return planned


def entries(facts: PaymentFacts, shares: Shares, planned: list[Withheld]) -> list[Wanted]:
    """An entry for each balance transaction of a dispute, and one for what is lost."""
    wanted: list[Wanted] = []
    for one in planned:
        for transaction, stretch in one.moves:
            wanted += _moved(facts, shares, one, transaction, stretch)
        if one.lost and one.open:
            account, ref = (CHARGEBACKS, None) if shares.identified else (UNIDENTIFIED, facts.charge_id)
            wanted += _over(shares, one, "lost", account, ref)
        elif one.is_difference:
            wanted += _over(shares, one, "difference", DIFFERENCES, None)
    return wanted


def _move(one: Withheld, transaction: BalanceTransaction, room: int) -> None:
    if transaction.amount_minor < 0:
        part = min(-transaction.amount_minor, room - one.open)
        start = one.base + one.open
        one.moves.append((transaction, (start, start + part)))
        one.taken += part
    else:
        part = min(transaction.amount_minor, one.open)
        end = one.base + one.open
        one.moves.append((transaction, (end - part, end)))
        one.back += part


def _moved(
    facts: PaymentFacts, shares: Shares, one: Withheld, transaction: BalanceTransaction, stretch: Stretch
) -> list[Wanted]:
    sign = -1 if transaction.amount_minor > 0 else 1
    currency = transaction.currency
    withheld = {fund: sign * part for fund, part in shares.of_stretch(stretch).items()}
    rest = shares.split(-transaction.amount_minor - sum(withheld.values()))
    bearer = facts.general_fund_id or facts.suspense_fund_id
    lines: list[Line] = []
    for fund in shares.funds:
        lines.append(Line(DISPUTED, fund, currency, withheld[fund], one.id))
        lines.append(Line(DIFFERENCES, fund, currency, rest[fund]))
        lines.append(Line(STRIPE_BALANCE, fund, currency, -withheld[fund] - rest[fund]))
    lines.append(Line(DISPUTE_FEES, bearer, currency, transaction.fee_minor))
    lines.append(Line(STRIPE_BALANCE, bearer, currency, -transaction.fee_minor))
    return entry(f"bt:{transaction.id}", "dispute", transaction.created_at, lines)


def _over(shares: Shares, one: Withheld, what: str, account: int, ref: str | None) -> list[Wanted]:
    """What is still withheld when the dispute is over."""
    assert one.fact is not None
    currency = one.moves[0][0].currency
    lines: list[Line] = []
    for fund, part in shares.of_stretch((one.base, one.base + one.open)).items():
        lines.append(Line(account, fund, currency, part, ref))
        lines.append(Line(DISPUTED, fund, currency, -part, one.id))
    at = one.fact.closed_at or one.fact.created_at
    return entry(f"dispute:{one.id}:{what}", f"dispute {what}", at, lines)


def _disputes(facts: PaymentFacts) -> Iterator[tuple[str, Dispute | None, list[BalanceTransaction]]]:
    known = {fact.id: fact for fact in facts.disputes}
    moves: dict[str, list[BalanceTransaction]] = {dispute_id: [] for dispute_id in known}
    for transaction in sorted(facts.transactions, key=lambda each: (each.created_at, each.id)):
        if transaction.reporting_category in CATEGORIES and transaction.source_id is not None:
            moves.setdefault(transaction.source_id, []).append(transaction)
    begun = {
        dispute_id: known[dispute_id].created_at if dispute_id in known else moves[dispute_id][0].created_at
        for dispute_id in moves
    }
    for dispute_id in sorted(moves, key=lambda each: (begun[each], each)):
        # A withdrawal comes before its return, even in the same second.
        in_order = sorted(moves[dispute_id], key=lambda each: (each.created_at, each.amount_minor > 0, each.id))
        yield dispute_id, known.get(dispute_id), in_order
