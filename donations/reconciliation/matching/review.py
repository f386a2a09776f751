"""What was proposed for a line, and a person's answer to it: yes, or no for good; or that it is a donation that no one
recorded. Any other match that a person says by themselves goes to matches.confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from donations.errors import AlreadyDone, NotForThisLine
from donations.i18n import N_
from donations.reconciliation import matches
from donations.reconciliation.matches import Said
from donations.reconciliation.matching import donation_from_line, queries


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that a whole line may be, or the several parts of it. `id` names it for `accept` and `refuse`. A part
    of kind `unidentified` with a target is a donation that no one recorded, for that appeal or fund."""

    id: int
    line_id: int
    parts: tuple[Said, ...]
    score: int
    rule: str

    @property
    def is_new_donation(self) -> bool:
        return any(donation_from_line.is_new(part.kind, part.target) for part in self.parts)


def proposals_of(conn: Connection, line_ids: Sequence[int]) -> dict[int, list[Proposal]]:
    """The proposals for each of these lines, the best first."""
    asked = select(queries.match, queries.line.c.amount_minor.label("of_line")).join(
        queries.line, queries.line.c.id == queries.match.c.statement_line_id
    )
    here = (queries.match.c.state == "proposed", queries.match.c.statement_line_id.in_(line_ids))
    rows: dict[int, list[Any]] = {line_id: [] for line_id in line_ids}
    for row in conn.execute(asked.where(*here).order_by(queries.match.c.id)):
        rows[row.statement_line_id].append(row)
    return {line_id: _grouped(of_line) for line_id, of_line in rows.items()}


def accept(conn: Connection, proposal_id: int, *, actor: str, at: datetime) -> None:
    """Match the line as proposed, by this person's word. Raises AlreadyDone if it is not proposed any more,
    NotForThisLine if it does not fit any more; then nothing is written that the caller's unit should keep."""
    proposal = _proposal(conn, proposal_id)
    said = [_recorded(conn, proposal.line_id, part, at) for part in proposal.parts]
    matches.confirm(conn, proposal.line_id, said, rule="by hand", actor=actor, at=at)


def refuse(conn: Connection, proposal_id: int, *, actor: str, at: datetime) -> None:
    """It is not that; it will not be proposed for this line again. Raises AlreadyDone if it is not proposed any
    more."""
    proposal = _proposal(conn, proposal_id)
    here = (queries.match.c.statement_line_id == proposal.line_id, queries.match.c.state == "proposed")
    for part in proposal.parts:
        this = (queries.match.c.kind == part.kind, queries.match.c.target.is_not_distinct_from(part.target))
        conn.execute(update(queries.match).where(*here, *this).values(state="refused", ended_at=at, ended_by=actor))


def record_as_donation(conn: Connection, line_id: int, target: str, name: str, *, actor: str, at: datetime) -> None:
    """Row 12: a line that no one expected is a donation. Record it and match it, in one step: to `appeal:<id>`, by its
    shares, or to `fund:<id>`. Raises AlreadyDone if the line is matched, NotForThisLine for money that went out."""
    minor = conn.execute(select(queries.line.c.amount_minor).where(queries.line.c.id == line_id).with_for_update())
    amount = int(minor.scalar_one())
    matched = select(queries.match.c.id).where(queries.match.c.statement_line_id == line_id)
    if conn.execute(matched.where(queries.match.c.state == "confirmed")).first() is not None:
        raise AlreadyDone()
    if amount <= 0:
        raise NotForThisLine(fault=N_("an outgoing payment cannot be a donation"))
    offline_donation_id = donation_from_line.record(conn, line_id, target, name=name, actor=actor, at=at)
    said = Said("offline_gift", amount, str(offline_donation_id), reasons=(matches.FROM_THE_LINE,))
    matches.confirm(conn, line_id, [said], rule="by hand", actor=actor, at=at)


def _grouped(rows: Sequence[Any]) -> list[Proposal]:
    """Rows of the line's whole amount are one proposal each; the others are parts of one."""
    whole = [[row] for row in rows if row.amount_minor == row.of_line]
    parts = [row for row in rows if row.amount_minor != row.of_line]
    found = [_made(group) for group in (*whole, *([parts] if parts else []))]
    return sorted(found, key=lambda one: (-one.score, len(one.parts), one.id))


def _made(rows: Sequence[Any]) -> Proposal:
    said = tuple(
        Said(row.kind, row.amount_minor, row.target, row.fund_id, row.score, tuple(row.reasons)) for row in rows
    )
    score = min(row.score or 0 for row in rows)
    return Proposal(rows[0].id, rows[0].statement_line_id, said, score, rows[0].rule)


def _proposal(conn: Connection, proposal_id: int) -> Proposal:
    line_id = conn.scalar(
        select(queries.match.c.statement_line_id).where(
            queries.match.c.id == proposal_id, queries.match.c.state == "proposed"
        )
    )
    if line_id is not None:
        conn.execute(select(queries.line.c.id).where(queries.line.c.id == line_id).with_for_update())
        for proposal in proposals_of(conn, [line_id])[line_id]:
            if proposal.id == proposal_id:
                return proposal
    raise AlreadyDone()


def _recorded(conn: Connection, line_id: int, part: Said, at: datetime) -> Said:
    if part.target is None or not donation_from_line.is_new(part.kind, part.target):
        return part
    offline_donation_id = donation_from_line.record(conn, line_id, part.target, at=at)
    return Said("offline_gift", part.amount_minor, str(offline_donation_id), None, part.score, part.reasons)
