"""Faults of the ledger that nothing can undo, accepted by people exactly as they are: a row that is kept for ever, and
the audit log entry that signs it. One without the other accepts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, Table, cast, literal, select
from sqlalchemy.engine import Connection

from donations import audit
from donations.models import AuditRecord, Correction

ACT = "finding.accepted"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted a finding, when and why. `approved_by` is the second person, where there had to be one."""

    reason: str
    requested_by: str
    approved_by: str
    at: datetime


def load(conn: Connection) -> dict[tuple[str, str, str], Acceptance]:
    """Every acceptance by (invariant, subject, figure)."""
    found = {}
    for row in conn.execute(_ACCEPTED):
        exactly = (row.invariant, row.subject, row.figure)
        if exactly == tuple(row.details.get(name) for name in ("invariant", "subject", "figure")):
            found[exactly] = Acceptance(row.reason, row.requested_by, row.decided_by, row.decided_at)
    return found


def broken_act(conn: Connection) -> audit.Break | None:
    """The first entry at which the audit log is broken and which no one has accepted."""
    signed = load(conn)
    return next(
        (one for one in audit.breaks(conn) if ("I13", f"act:{one.id}", figure(break_facts(one))) not in signed), None
    )


def break_facts(one: audit.Break) -> dict[str, Any]:
    return {"act": one.id, "fault": one.said, "sha256": one.sha256}


def figure(facts: Mapping[str, Any]) -> str:
    """What exactly was found, in one line: a finding whose figure differs is another finding."""
    return ":".join(str(fact) for fact in facts.values())


_correction: Table = Correction.__table__  # type: ignore[assignment]
_audit: Table = AuditRecord.__table__  # type: ignore[assignment]
_SIGNED: ColumnElement[str] = literal("cure:").concat(cast(_correction.c.id, String))
_ACCEPTED = (
    select(
        _correction.c.invariant, _correction.c.subject, _correction.c.figure, _correction.c.reason,
        _correction.c.requested_by, _correction.c.decided_by, _correction.c.decided_at, _audit.c.details,
    )
    .join(_audit, _audit.c.about == _SIGNED)
    .where(_correction.c.kind == "accept", _correction.c.state == "made", _audit.c.act == ACT)
)  # fmt: skip
