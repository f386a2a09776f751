"""Corrections asked for, approved and made. What moves money needs a second person where the organisation has two
approve; everything else, and every correction where one is enough, is made at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import approvals
from donations.errors import AlreadyDone, NoReasonGiven, SentBefore
from donations.extensions import db
from donations.ledger import Finding, acceptances
from donations.models import Correction
from donations.reconciliation.posting_stop.actions import carry_out, option_for
from donations.reconciliation.posting_stop.guard import cure, find
from donations.reconciliation.posting_stop.kinds import MONEY_MOVES

MAX_LISTED = 100
Details = dict[str, str | int | bool | list[str] | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A correction as a person asks for it. `form_key` is made by the form, so that it is made once; `code` names the
    finding as it was seen; `target` is a charge or an entry; `fund_id` where a payment is assigned."""

    form_key: str
    code: str
    kind: str
    reason: str
    target: str = ""
    fund_id: int | None = None


def ask(conn: Connection, asked: Asked, *, actor: str, at: datetime) -> Correction:
    """Make the correction at once, or keep it for a second person. The same form sent again is the same correction.
    Raises NoReasonGiven, FindingGone, NotACure, CureMadeWorse, PostingNotStopped, and SentBefore if the form says
    something else now."""
    if not asked.reason.strip():
        raise NoReasonGiven()
    known = db.session.scalar(select(Correction).where(Correction.form_key == asked.form_key))
    if known is not None:
        if (known.kind, known.target, known.fund_id) != (asked.kind, asked.target, asked.fund_id):
            raise SentBefore()
        return known
    finding = find(conn, asked.code)
    option_for(conn, finding, asked.kind, asked.target)
    row = Correction(
        form_key=asked.form_key, kind=asked.kind, invariant=finding.invariant, subject=finding.subject,
        figure=finding.figure, said=finding.said, target=asked.target, fund_id=asked.fund_id, reason=asked.reason,
        state="requested", requested_by=actor, requested_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    if not needs_another(asked.kind):
        _make(conn, row, finding, actor=actor, at=at)
    return row


def decide(conn: Connection, correction_id: int, *, yes: bool, actor: str, at: datetime) -> Correction:
    """The second person's answer, on the ledger as it is now. Raises AlreadyDone, NeedsAnother for the requester, and
    what `ask` raises."""
    row = db.session.get_one(Correction, correction_id, with_for_update=True)
    if row.state != "requested":
        raise AlreadyDone()
    if yes:
        approvals.check_second(row.requested_by, by=actor, at=at)
    if not yes:
        row.state, row.decided_by, row.decided_at = "refused", actor, at
        return row
    exactly = Finding(row.invariant, row.said, row.subject, row.figure)
    _make(conn, row, find(conn, exactly.code), actor=actor, at=at)
    return row


def needs_another(kind: str) -> bool:
    return kind in MONEY_MOVES and approvals.required() > 1


def waiting() -> Sequence[Correction]:
    """The corrections that wait for a second person, the oldest first."""
    asked = select(Correction).where(Correction.state == "requested").order_by(Correction.requested_at, Correction.id)
    return db.session.scalars(asked.limit(MAX_LISTED)).all()


def made() -> Sequence[Correction]:
    """The last corrections that were made, the newest first."""
    asked = (
        select(Correction)
        .where(Correction.state == "made")
        .order_by(Correction.decided_at.desc(), Correction.id.desc())
    )
    return db.session.scalars(asked.limit(MAX_LISTED)).all()


def act_name(kind: str, state: str) -> str:
    """The act of a correction that is in this state."""
    signed = acceptances.ACT if kind == "accept" else "cure.made"
    return {"requested": "cure.requested", "refused": "cure.refused", "made": signed}[state]


def act_of(row: Correction) -> tuple[str, str, Details]:
    """How the audit records what was just done: the act, what it is about, and which finding exactly. The act of an
    acceptance is its signature."""
    exactly = {"invariant": row.invariant, "subject": row.subject, "figure": row.figure}
    return act_name(row.kind, row.state), f"cure:{row.id}", {**exactly, "kind": row.kind, "target": row.target}


def _make(conn: Connection, row: Correction, finding: Finding, *, actor: str, at: datetime) -> None:
    with cure(conn):
        carry_out(conn, row, finding, actor=actor, at=at)
        row.state, row.decided_by, row.decided_at = "made", actor, at
