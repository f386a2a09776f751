"""What matching holds against each other, as plain values: unmatched lines, and the open things a line may be. Pure;
how they come out of the database, open_items.py says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from donations.reconciliation.matching.names import Words
from donations.references import Found

Key = tuple[str, str | None]  # kind and target of a match


class Line(NamedTuple):
    """A statement line that is not matched. `refused` are the matches a person rejected; `touched`: a person has
    answered for it before, so rules alone never match it."""

    id: int
    account_id: int
    booked_on: date
    minor: int
    currency: str
    payer: bytes | None
    name: str
    names: Words  # of the other side
    words: Words  # of the text
    plain: str  # letters and figures of the text, for numbers to be found in
    codes: tuple[Found, ...]
    funds: frozenset[int]  # named in the text
    refused: frozenset[Key]
    touched: bool


class OpenDonation(NamedTuple):
    """A donation expected by bank."""

    id: int
    minor: int
    currency: str
    appeal_id: int
    funds: frozenset[int]
    codes: tuple[str, ...]
    payer: bytes | None
    email: bytes | None
    names: Words
    on: date


class OpenPayingInSlip(NamedTuple):
    """A Paying-in slip paid in: `minor` is the amount not credited yet."""

    id: int
    account_id: int
    minor: int
    currency: str
    number: str
    on: date


class OpenPayment(NamedTuple):
    """A payment request that was sent: `minor` is negative, as its line will be."""

    id: int
    minor: int
    currency: str
    names: Words
    on: date


class HeldCheque(NamedTuple):
    """A cheque that was accepted: `minor` is what it would take away, negative."""

    id: int
    minor: int
    currency: str
    number: str
    names: Words
    on: date


class OpenPayout(NamedTuple):
    """A payout that is not in the bank yet."""

    id: str
    minor: int
    currency: str
    arrival_on: date
    trace: str


@dataclass(frozen=True, slots=True)
class PayerKnown:
    """What was confirmed of a payer's lines before."""

    amounts: frozenset[int] = frozenset()
    emails: frozenset[bytes] = frozenset()
    funds: frozenset[int] = frozenset()
    learnt: frozenset[int] = frozenset()  # funds of accepted rules
    charges: bool = False  # lines from here were bank charges


@dataclass(frozen=True, slots=True)
class Items:
    """All that there is to match."""

    lines: tuple[Line, ...]
    donations: tuple[OpenDonation, ...] = ()
    slips: tuple[OpenPayingInSlip, ...] = ()
    payments: tuple[OpenPayment, ...] = ()
    cheques: tuple[HeldCheque, ...] = ()
    payouts: tuple[OpenPayout, ...] = ()
    appeal_funds: Mapping[int, frozenset[int]] = field(default_factory=dict)
    payers: Mapping[bytes, PayerKnown] = field(default_factory=dict)


class Candidate(NamedTuple):
    """One thing that a line may be, or one part of it. `referenced`: it rests on a reference, without which nothing is
    automatic."""

    kind: str
    target: str | None
    minor: int
    score: int
    reasons: tuple[str, ...]
    rule: str = "scored"
    referenced: bool = False
    fund_id: int | None = None

    @property
    def key(self) -> Key:
        return (self.kind, self.target)


class Decision(NamedTuple):
    """What follows for a line: one candidate that is certain; or what to propose, each for the whole line or, where the
    amounts are smaller, all together."""

    line: Line
    certain: Candidate | None
    proposed: tuple[Candidate, ...]


NOBODY = PayerKnown()
ANY_NEW_DONATION: Key = ("unidentified", None)  # refused where the match of a donation created from the line was undone


def new_donation_key(appeal_id: int) -> Key:
    """A donation not recorded before, for an appeal by its shares: stored under `unidentified`, which the line would be
    without a closer look."""
    return ("unidentified", f"appeal:{appeal_id}")


def new_fund_donation_key(fund_id: int) -> Key:
    """The same, for one fund."""
    return ("unidentified", f"fund:{fund_id}")
