"""The balances of a treasury, calculated independently of the app: donations, paying-in slips, payments and statement
lines as plain rows, and sums over them. Nothing of donations is used here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

FUNDS = ("ali", "sakharovo")
T = TypeVar("T")


def one(things: list[T], which: int) -> T | None:
    """One of them, whatever the number; None where there is none."""
    return things[which % len(things)] if things else None


@dataclass
class Thing:
    """A donation, paying-in slip, payment, payout or write-off. `state` is as the application names it."""

    id: int | str
    fund: str
    minor: int
    state: str
    method: str = ""
    slip: Thing | None = None
    from_line: bool = False


@dataclass
class Line:
    """A statement line and its match: a kind, and the target if there is one."""

    id: int
    minor: int
    kind: str = ""
    thing: Thing | None = None


@dataclass
class Treasury:
    """All of it. Amounts in minor units."""

    gifts: list[Thing] = field(default_factory=list)
    slips: list[Thing] = field(default_factory=list)
    payments: list[Thing] = field(default_factory=list)
    payouts: list[Thing] = field(default_factory=list)
    write_offs: list[Thing] = field(default_factory=list)  # `slip` says of which
    lines: list[Line] = field(default_factory=list)
    openings: list[tuple[str, int]] = field(default_factory=list)
    transfers: list[tuple[str, str, int]] = field(default_factory=list)
    card_donations: list[tuple[str, int, int]] = field(default_factory=list)  # fund, amount, fee

    def things(self, kind: str) -> list[Thing] | None:
        """What a line may be by that kind of match; None where it names nothing."""
        of_gifts = dict.fromkeys(("offline_gift", "offline_refund", "bounced"), self.gifts)
        return {**of_gifts, "slip": self.slips, "disbursement": self.payments, "payout": self.payouts}.get(kind)

    def fits(self, minor: int, kind: str, thing: Thing) -> bool:
        """Whether a line of that amount may be that thing."""
        taken = self.of(kind, thing)
        if kind == "offline_gift":
            is_waited_for = thing.method == "bank" and thing.state != "cancelled" and not taken
            return is_waited_for and thing.minor == minor
        if kind == "slip":
            return 0 <= taken + minor <= thing.minor
        if kind == "disbursement":
            return thing.state == "sent" and thing.minor == -minor
        if kind == "payout":
            return abs(thing.minor) == abs(minor) and taken + minor in (0, thing.minor)
        return 0 < -minor <= self.remaining(thing)

    def of(self, kind: str, thing: Thing) -> int:
        """The amounts of an item's statement lines, signed as they are."""
        return sum(line.minor for line in self.lines if line.kind == kind and line.thing is thing)

    def received(self, gift: Thing) -> int:
        by_hand = gift.method in ("cash", "cheque") and gift.state == "accepted"
        return gift.minor if by_hand else self.of("offline_gift", gift)

    def remaining(self, gift: Thing) -> int:
        return self.received(gift) + self.of("offline_refund", gift) + self.of("bounced", gift)

    def raised(self) -> int:
        return sum(map(self.remaining, self.gifts)) + sum(minor for _, minor, _ in self.card_donations)

    def on_slip(self, slip: Thing) -> list[Thing]:
        return [gift for gift in self.gifts if gift.slip is slip]

    def short(self, slip: Thing) -> int:
        written_off = sum(one.minor for one in self.write_offs if one.slip is slip and one.state == "made")
        return slip.minor - self.of("slip", slip) - written_off

    def has_arrived(self, slip: Thing) -> bool:
        """Whether the bank has credited anything of it: before that nothing of it is left over."""
        return any(line.kind == "slip" and line.thing is slip for line in self.lines)

    def free(self, fund: str) -> int:
        return sum(self._free(fund))

    def unpaid(self, fund: str) -> int:
        """What is approved or sent of a fund, and not seen in the bank yet."""
        return sum(one.minor for one in self.payments if one.fund == fund and one.state in ("approved", "sent"))

    def in_bank(self) -> int:
        """What the accounts have, by the lines that are explained."""
        return sum(minor for _, minor in self.openings) + sum(line.minor for line in self.lines if line.kind)

    def _free(self, fund: str) -> Iterator[int]:
        yield from (self.remaining(gift) for gift in self.gifts if gift.fund == fund)
        yield from (minor - fee for of, minor, fee in self.card_donations if of == fund)
        yield from (minor for of, minor in self.openings if of == fund)
        yield from (-minor for of, _, minor in self.transfers if of == fund)
        yield from (minor for _, to, minor in self.transfers if to == fund)
        yield from (
            -one.minor for one in self.payments if one.fund == fund and one.state in ("approved", "sent", "paid")
        )
        yield from (-one.minor for one in self.write_offs if one.fund == fund and one.state == "made")
        yield from (line.minor for line in self.lines if line.kind == "charge" and fund == "ali")
