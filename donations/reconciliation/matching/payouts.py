"""Payouts and their statement lines: exact or not at all. Amount and currency are the same to the penny; a trace number
in the text is certain, a payout that no other line or payout of its amount comes near is certain where the bank names
Stripe; several equal ones are proposed in order. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from donations.reconciliation.matching.items import Candidate, Line, OpenPayout

DESCRIPTOR, SHORTEST_TRACE = "stripe", 6
DAYS_BEFORE, WORKING_DAYS_AFTER = 1, 5
CERTAIN_BY_TRACE, CERTAIN_BY_DESCRIPTOR, IN_ORDER, AMOUNT_ONLY = 20, 10, 4, 2
MAX_EQUAL = 50

Pairs = list[tuple[Line, Candidate]]
_Buckets = tuple[dict[tuple[str, int], list[Line]], dict[tuple[str, int], list[OpenPayout]]]


def certain(lines: Iterable[Line], payouts: Iterable[OpenPayout]) -> Pairs:
    """The pairs that need no person: first by trace, then those that are alone."""
    by_trace = _by_trace(lines, payouts)
    taken_lines = {line.id for line, _ in by_trace}
    taken = {one.target for _, one in by_trace}
    return by_trace + _alone(
        [line for line in lines if line.id not in taken_lines], [one for one in payouts if one.id not in taken]
    )


def proposed(lines: Iterable[Line], payouts: Iterable[OpenPayout]) -> Pairs:
    """What is left, amount by amount: the lines that name Stripe in order of their day with the payouts in order of
    theirs; a line that does not is shown the payout of its amount, if it is one only."""
    pairs: Pairs = []
    for of_lines, of_payouts in _equal(lines, payouts):
        free = sorted(of_payouts, key=lambda one: (one.arrival_on, one.id))
        for line in sorted(filter(names_stripe, of_lines), key=lambda one: (one.booked_on, one.id)):
            fits = next((one for one in free if _may_be(line, one)), None)
            if fits is not None:
                free.remove(fits)
                reasons = ("payout_amount", "payout_in_order") if len(of_payouts) > 1 else ("payout_amount",)
                pairs.append((line, _made(fits, IN_ORDER, *reasons)))
        for line in of_lines:
            near = [one for one in of_payouts if _may_be(line, one)]
            if len(near) == 1 and not names_stripe(line):
                pairs.append((line, _made(near[0], AMOUNT_ONLY, "payout_amount")))
    return pairs


def names_stripe(line: Line) -> bool:
    return DESCRIPTOR in line.plain


def is_in_time(booked_on: date, arrival_on: date) -> bool:
    """From the day before it should arrive to five working days after."""
    return arrival_on - timedelta(days=DAYS_BEFORE) <= booked_on <= _working_days_after(arrival_on)


def _by_trace(lines: Iterable[Line], payouts: Iterable[OpenPayout]) -> Pairs:
    pairs = [
        (line, one)
        for of_lines, of_payouts in _equal(lines, [one for one in payouts if len(one.trace) >= SHORTEST_TRACE])
        for line in of_lines
        for one in of_payouts
        if one.trace in line.plain.replace(" ", "") and not _is_refused(line, one)
    ]
    return [(line, _made(one, CERTAIN_BY_TRACE, "trace")) for line, one in _mutual(pairs) if not line.touched]


def _alone(lines: Iterable[Line], payouts: Iterable[OpenPayout]) -> Pairs:
    pairs = [
        (line, one)
        for of_lines, of_payouts in _equal(lines, payouts)
        for line in of_lines
        for one in of_payouts
        if names_stripe(line) and is_in_time(line.booked_on, one.arrival_on)
    ]
    found = [pair for pair in _mutual(pairs) if not pair[0].touched and not _is_refused(*pair)]
    return [(line, _made(one, CERTAIN_BY_DESCRIPTOR, "descriptor", "only_payout")) for line, one in found]


def _mutual(pairs: Sequence[tuple[Line, OpenPayout]]) -> list[tuple[Line, OpenPayout]]:
    """The pairs of which neither side is in another."""
    of_line: dict[int, int] = defaultdict(int)
    of_payout: dict[str, int] = defaultdict(int)
    for line, one in pairs:
        of_line[line.id] += 1
        of_payout[one.id] += 1
    return [(line, one) for line, one in pairs if of_line[line.id] == of_payout[one.id] == 1]


def _equal(lines: Iterable[Line], payouts: Iterable[OpenPayout]) -> Iterable[tuple[list[Line], list[OpenPayout]]]:
    """Lines and payouts of the same currency and amount. Where there are very many of one amount, only a trace could
    tell them apart, and nothing is said of them."""
    of_payouts: dict[tuple[str, int], list[OpenPayout]] = defaultdict(list)
    for one in payouts:
        of_payouts[one.currency, one.minor].append(one)
    of_lines: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in lines:
        if (line.currency, line.minor) in of_payouts:
            of_lines[line.currency, line.minor].append(line)
    return [(of_lines[key], of_payouts[key]) for key in sorted(of_lines) if len(of_payouts[key]) <= MAX_EQUAL]


def _may_be(line: Line, one: OpenPayout) -> bool:
    return is_in_time(line.booked_on, one.arrival_on) and not _is_refused(line, one)


def _is_refused(line: Line, one: OpenPayout) -> bool:
    return ("payout", one.id) in line.refused


def _made(one: OpenPayout, score: int, *reasons: str) -> Candidate:
    is_certain = score >= CERTAIN_BY_DESCRIPTOR
    return Candidate("payout", one.id, one.minor, score, reasons, "exact", referenced=is_certain)


def _working_days_after(day: date) -> date:
    left = WORKING_DAYS_AFTER
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day
