"""Income by week as shapes of an SVG: the position of each bar, in units of its viewBox. Pure; the colours are CSS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from donations.money import Money
from donations.reconciliation.dashboard import Week

WIDTH, HEIGHT, STEP, BAR = 780, 200, 30, 22


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: int
    height: int
    kind: str  # card, offline, back


@dataclass(frozen=True, slots=True)
class Chart:
    """`zero` is where nothing came in; `months` are (x, first day) to write under the bars; `most` is the top line."""

    bars: tuple[Bar, ...]
    months: tuple[tuple[int, date], ...]
    zero: int
    most: Money


def drawn(weeks: Sequence[Week], currency: str) -> Chart:
    """The weeks as bars: income by card, on top of it other income; a week with more refunds than income is below the
    line."""
    highest = max((max(week.card_minor, 0) + max(week.offline_minor, 0) for week in weeks), default=0)
    lowest = min((min(week.minor, 0) for week in weeks), default=0)
    span = (highest - lowest) or 1
    zero = HEIGHT * highest // span if highest or lowest else HEIGHT
    bars: list[Bar] = []
    for number, week in enumerate(weeks):
        bars += _bars(number * STEP + (STEP - BAR) // 2, week, zero, span)
    months = [
        (number * STEP, week.starts_on)
        for number, week in enumerate(weeks)
        if number and week.starts_on.month != weeks[number - 1].starts_on.month
    ]
    return Chart(tuple(bars), tuple(months), zero, Money(highest, currency))


def _bars(x: int, week: Week, zero: int, span: int) -> list[Bar]:
    if week.minor < 0:
        return [Bar(x, zero, max(1, HEIGHT * -week.minor // span), "back")]
    parts = (("card", max(week.card_minor, 0)), ("offline", max(week.offline_minor, 0)))
    found, top = [], zero
    for kind, minor in parts:
        if minor:
            height = max(1, HEIGHT * minor // span)
            top -= height
            found.append(Bar(x, top, height, kind))
    return found
