"""Which of the candidates are certain, and what is proposed: all lines together, so that no order of theirs matters. A
line is matched by rules where its best candidate rests on a reference, has enough points, and is ahead of every rival:
among the line's own candidates, and among the lines that might be the same thing. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from donations.reconciliation.matching import payouts
from donations.reconciliation.matching.candidates import STRONG_ENOUGH, Found, Index
from donations.reconciliation.matching.items import Candidate, Decision, Items, Key, Line

ENOUGH, AHEAD, MAX_PROPOSED, MAX_ROUNDS = 8, 3, 5, 20
NEVER_CERTAIN = frozenset({"bounced", "charge", "disbursement"})
Progress = Callable[[int], object]


def decide(items: Items, progress: Progress = lambda done: None) -> list[Decision]:
    """A decision for every line, in order of the lines' ids; nothing proposed where nothing was found."""
    certain = payouts.certain(items.lines, items.payouts)
    decided = {line.id: Decision(line, one, ()) for line, one in certain}
    taken = {one.key for _, one in certain}
    search = _Search(items, [line for line in items.lines if line.id not in decided], taken, progress)
    for line, one in search.certain_ones():
        decided[line.id] = Decision(line, one, ())
    for line in search.left():
        decided[line.id] = Decision(line, None, search.proposal(line))
    return [decided[line_id] for line_id in sorted(decided)]


class _Search:
    """The lines that are still open, and what each may be."""

    def __init__(self, items: Items, lines: list[Line], taken: set[Key], progress: Progress) -> None:
        self.index, self.taken = Index(items), taken
        self.of_stripe: dict[int, list[Candidate]] = defaultdict(list)
        free = [one for one in items.payouts if ("payout", one.id) not in taken]
        for line, one in payouts.proposed(lines, free):
            self.of_stripe[line.id].append(one)
        self.lines = {line.id: line for line in lines}
        self.found: dict[int, Found] = {}
        for line in lines:
            self.found[line.id] = self._found(line)
            progress(1)

    def certain_ones(self) -> Iterable[tuple[Line, Candidate]]:
        """Round by round: what is certain is taken out, and may leave others without a rival."""
        for _ in range(MAX_ROUNDS):
            certain = list(self._certain())
            if not certain:
                return
            gone = {one.key for _, one in certain if is_one_thing(one.key)}
            self.taken |= gone
            for line, one in certain:
                del self.lines[line.id], self.found[line.id]
                yield line, one
            for line_id, found in self.found.items():
                if any(one.key in gone for one in found.candidates):
                    self.found[line_id] = self._found(self.lines[line_id])

    def left(self) -> list[Line]:
        return list(self.lines.values())

    def proposal(self, line: Line) -> tuple[Candidate, ...]:
        candidates = self.found[line.id].candidates[:MAX_PROPOSED]
        if candidates and candidates[0].score >= STRONG_ENOUGH:
            return candidates
        return (*candidates, *self.index.parts(line, self.taken))

    def _found(self, line: Line) -> Found:
        of_stripe = [one for one in self.of_stripe[line.id] if one.key not in self.taken]
        if of_stripe and payouts.names_stripe(line):
            return Found(tuple(of_stripe), 0)
        candidates, rival = self.index.of(line, self.taken)
        return Found((*candidates, *of_stripe), rival) if of_stripe else Found(candidates, rival)

    def _certain(self) -> Iterable[tuple[Line, Candidate]]:
        first, second = self._ranks()
        for line_id, (candidates, rival) in self.found.items():
            line = self.lines[line_id]
            # What names Stripe and is no certain payout has a twin that is one, or will be: a person looks at it.
            if not candidates or line.touched or payouts.names_stripe(line):
                continue
            best = candidates[0]
            if not best.referenced or best.score < ENOUGH or best.kind in NEVER_CERTAIN:
                continue
            others = max(rival, max((one.score for one in candidates[1:]), default=0))
            if is_one_thing(best.key):
                others = max(others, second[best.key] if first[best.key] == best.score else first[best.key])
            if best.score - others >= AHEAD:
                yield line, best

    def _ranks(self) -> tuple[dict[Key, int], dict[Key, int]]:
        """For each thing: the best score that any line has for it, and the next."""
        first: dict[Key, int] = defaultdict(int)
        second: dict[Key, int] = defaultdict(int)
        for found in self.found.values():
            for one in found.candidates:
                if one.score > first[one.key]:
                    first[one.key], second[one.key] = one.score, first[one.key]
                else:
                    second[one.key] = max(second[one.key], one.score)
        return first, second


def is_one_thing(key: Key) -> bool:
    """Whether only one line can be it."""
    return key[0] not in ("unidentified", "charge")
