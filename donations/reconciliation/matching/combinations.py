"""One line that is several donations: a few donations of one payer or reference whose amounts add up to it, looked for
within bounds. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from donations.reconciliation.matching.items import Candidate, Line

MOST, MAX_STEPS = 12, 2000


def adding_up(line: Line, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The first such set of at least two: fewest donations first, then the best. Nothing if there is none within the
    bounds; never more than a proposal."""
    best = sorted(candidates, key=lambda one: (-one.score, one.target or ""))[:MOST]
    steps = [MAX_STEPS]
    for size in range(2, len(best) + 1):
        chosen = _chosen(best, line.minor, size, 0, steps)
        if chosen:
            return tuple(one._replace(reasons=("split", *one.reasons), referenced=False) for one in chosen)
        if steps[0] <= 0:
            break
    return ()


def _chosen(
    candidates: Sequence[Candidate], wanted: int, size: int, start: int, steps: list[int]
) -> tuple[Candidate, ...]:
    if size == 0 or wanted <= 0:
        return ()
    for at in range(start, len(candidates)):
        steps[0] -= 1
        if steps[0] < 0:
            return ()
        one = candidates[at]
        if size == 1:
            if one.minor == wanted:
                return (one,)
            continue
        rest = _chosen(candidates, wanted - one.minor, size - 1, at + 1, steps)
        if rest:
            return (one, *rest)
    return ()
