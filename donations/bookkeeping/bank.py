"""Statement lines: what each is, and so what it books against the bank account. Rows 7 and 10 to 15."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from donations.bookkeeping.accounts import (
    BANK,
    BANK_CHARGES,
    DONATIONS_OFFLINE,
    FAILED_LATER,
    PAYING_IN,
    PAYMENTS_IN_TRANSIT,
    PAYOUTS_IN_TRANSIT,
    REFUNDS,
    RETURNABLE,
    UNIDENTIFIED,
)
from donations.bookkeeping.entries import Line, Wanted, entry
from donations.bookkeeping.payouts import Parts

# What a line, or a part of it, was matched to -> the account on the other side.
COUNTERS = {
    "payout": PAYOUTS_IN_TRANSIT,
    "offline_gift": DONATIONS_OFFLINE,
    "slip": PAYING_IN,
    "disbursement": PAYMENTS_IN_TRANSIT,
    "bounced": FAILED_LATER,
    "offline_refund": REFUNDS,
    "returned": RETURNABLE,
    "charge": BANK_CHARGES,
    "own_account": PAYMENTS_IN_TRANSIT,
    "stripe_topup": PAYMENTS_IN_TRANSIT,
    "unidentified": UNIDENTIFIED,
}


@dataclass(frozen=True, slots=True)
class MatchedPart:
    """One match of a line: what it is, the thing it clears, and its parts by fund, signed as the line."""

    kind: str
    clear_ref: str | None
    parts: Parts


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A statement line with its confirmed matches. Amounts in minor units: `+` came in."""

    key: str
    bank_ref: str
    amount_minor: int
    currency: str
    booked_at: datetime
    matched: tuple[MatchedPart, ...]


def entry_of_line(facts: LineFacts) -> list[Wanted]:
    """The entry of a statement line: the bank account + amount received, against what it was matched to. None until the
    matches explain all of it: a line that is not understood is not booked."""
    if sum(minor for part in facts.matched for _, minor in part.parts) != facts.amount_minor:
        return []
    lines: list[Line] = []
    for matched in facts.matched:
        for fund, minor in matched.parts:
            lines.append(Line(BANK, fund, facts.currency, minor, facts.bank_ref))
            lines.append(Line(COUNTERS[matched.kind], fund, facts.currency, -minor, matched.clear_ref))
    return entry(facts.key, "bank line", facts.booked_at, lines)
