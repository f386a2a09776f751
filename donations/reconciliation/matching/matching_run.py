"""A run of matching: everything looked at together as it was at one moment, then kept line by line, each looked at once
more under its lock. So it may be run twice, by two at once, or be cut short."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from donations.errors import AlreadyDone, NotForThisLine
from donations.models.base import new_id
from donations.reconciliation import matches
from donations.reconciliation.matches import Said
from donations.reconciliation.matching import decisions, donation_from_line, open_items, queries
from donations.reconciliation.matching.items import Candidate, Decision

log = logging.getLogger(__name__)
Unit = Callable[[], AbstractContextManager[Connection]]
Progress = Callable[[int], object]
MAX_AT_ONCE, BATCH = 5000, 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, in lines. `left_over` were certain, but more than one run takes."""

    looked_at: int
    confirmed: int
    proposed: int  # for which the proposal is new or another than before
    left_over: int


def plan(conn: Connection, progress: Progress = lambda done: None) -> list[Decision]:
    """What would be done, one decision for each unmatched line. Nothing is written."""
    return decisions.decide(open_items.load(conn), progress)


def run(
    unit: Unit, reading: Unit, *, at: datetime, most: int = MAX_AT_ONCE, progress: Progress = lambda done: None
) -> Outcome:
    """Match all unmatched lines: confirm what is certain, at most `most` of it, and keep proposals for the rest. `unit`
    opens a write unit and `reading` a connection that sees one moment. Each certain match is posted in a unit of its
    own, so waits stay short and no two postings wait for each other."""
    with unit() as conn:
        donation_from_line.cancel_orphans(conn, at=at)
    with reading() as conn:
        planned = plan(conn)
        before = _proposed(conn)
    certain = [decision for decision in planned if decision.certain is not None]
    confirmed = 0
    for decision in certain[:most]:
        confirmed += _confirm(unit, decision, at)
        progress(1)
    changed = [one for one in planned if one.certain is None and _content(one) != before.get(one.line.id, [])]
    progress(len(planned) - len(certain[:most]) - len(changed))
    proposed = 0
    for start in range(0, len(changed), BATCH):
        with unit() as conn:
            proposed += _propose(conn, changed[start : start + BATCH], at)
        progress(len(changed[start : start + BATCH]))
    return Outcome(len(planned), confirmed, proposed, max(0, len(certain) - most))


def _confirm(unit: Unit, decision: Decision, at: datetime) -> bool:
    """Post the certain match of a line, unless another transaction holds it or has answered for it meanwhile."""
    line, one = decision.line, decision.certain
    assert one is not None
    try:
        with unit() as conn:
            if line.id not in _ours(conn, [line.id]) or open_items.refused_as(conn, [line.id]):
                return False
            matches.confirm(conn, line.id, [_said(conn, line.id, one, at)], rule=one.rule, actor="rules", at=at)
    except (AlreadyDone, NotForThisLine) as refused:
        log.info("bank line %s was not matched to %s %s: %s", line.id, one.kind, one.target, refused)
        return False
    return True


def _said(conn: Connection, line_id: int, one: Candidate, at: datetime) -> Said:
    if one.target is None or not donation_from_line.is_new(one.kind, one.target):
        return Said(one.kind, one.minor, one.target, one.fund_id, one.score, one.reasons)
    offline_donation_id = donation_from_line.record(conn, line_id, one.target, at=at)
    return Said("offline_gift", one.minor, str(offline_donation_id), None, one.score, one.reasons)


def _propose(conn: Connection, batch: Sequence[Decision], at: datetime) -> int:
    """Put new proposals in the place of those that there are. Returns of how many lines."""
    ours = _ours(conn, [decision.line.id for decision in batch])
    refused = open_items.refused_as(conn, sorted(ours))
    mine = [one for one in batch if one.line.id in ours and refused.get(one.line.id, frozenset()) <= one.line.refused]
    ended = {"state": "refused", "ended_at": at, "ended_by": "rules"}
    here = (queries.match.c.statement_line_id.in_([one.line.id for one in mine]), queries.match.c.state == "proposed")
    conn.execute(update(queries.match).where(*here).values(**ended))
    rows = list(_rows(mine, at))
    if rows:
        conn.execute(insert(queries.match), rows)
    return len(mine)


def _ours(conn: Connection, line_ids: Sequence[int]) -> set[int]:
    """Lock the lines that are unlocked and not matched."""
    asked = select(queries.line.c.id).where(queries.line.c.id.in_(line_ids)).order_by(queries.line.c.id)
    locked = conn.scalars(asked.with_for_update(skip_locked=True)).all()
    matched = select(queries.match.c.statement_line_id).where(
        queries.match.c.statement_line_id.in_(locked), queries.match.c.state == "confirmed"
    )
    return set(locked) - set(conn.scalars(matched).all())


def _rows(planned: Iterable[Decision], at: datetime) -> Iterator[dict[str, Any]]:
    number = new_id()  # One after the other: drawn by chance, two of many could be the same.
    for decision in planned:
        for kind, target, fund_id, minor, score, reasons, rule in _content(decision):
            number += 1
            yield {
                "id": number,
                "statement_line_id": decision.line.id,
                "kind": kind,
                "target": target,
                "fund_id": fund_id,
                "amount_minor": minor,
                "state": "proposed",
                "score": score,
                "reasons": reasons,
                "rule": rule,
                "actor": "rules",
                "made_at": at,
            }


def _content(decision: Decision) -> list[tuple[Any, ...]]:
    return [
        (one.kind, one.target, one.fund_id, one.minor, one.score, list(one.reasons), one.rule)
        for one in decision.proposed
    ]


def _proposed(conn: Connection) -> dict[int, list[tuple[Any, ...]]]:
    """What is proposed now, by line."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in conn.execute(queries.PROPOSED):
        content = (row.kind, row.target, row.fund_id, row.amount_minor, row.score, list(row.reasons), row.rule)
        found.setdefault(row.statement_line_id, []).append(content)
    return found
