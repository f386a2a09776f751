"""Checks of the ledger: the invariants every ten minutes, posting stopped where one of the grave ones fails."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from donations import alarms, ledger
from donations.alarms import Kind
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import Dispute, PostingStop
from donations.money import Money
from donations.prepared import upsert
from donations.reconciliation import balance_snapshots
from donations.stripe_statuses import DisputeStatus

WARN_BEFORE = timedelta(days=3)


def check_ledger(at: datetime) -> None:
    """Ask every invariant. A grave fault stops posting until a person resumes it. Every fault is an alarm."""
    with snapshot() as conn:
        report = ledger.check(conn, at)
    if report.sound:
        return
    said = "; ".join(f"{finding.invariant}: {finding.said}" for finding in report.findings[:10])
    grave = bool(report.grave)
    with write_unit() as conn:
        if grave:  # Two workers may find it at the same time.
            halt = upsert(conn.dialect.name, PostingStop.__table__).values(id=1, since=at, reason=said)  # type: ignore[arg-type]
            conn.execute(halt.on_conflict_do_nothing(index_elements=["id"]))
        name, kind = ("posting stopped", Kind.POSTING_STOPPED) if grave else ("books", Kind.LEDGER_CHECK)
        alarms.sound(conn, name, kind, {"findings": [alarms.told(one) for one in report.findings[:10]]}, at=at)


def mark_balances(at: datetime) -> None:
    """Add up the ledger, so that the treasury's pages need not."""
    with snapshot() as conn:
        made = balance_snapshots.calculate(conn, at=at)
    with write_unit() as conn:
        balance_snapshots.keep(conn, made)


def watch_deadlines(at: datetime) -> None:
    """Say once a day which disputes must be answered within three days."""
    near = db.session.scalars(
        select(Dispute).where(
            Dispute.status.in_(DisputeStatus.all_that(lambda status: status.awaits_response)),
            Dispute.due_by > at,
            Dispute.due_by <= at + WARN_BEFORE,
        )
    ).all()
    for dispute in near:
        amount = Money(dispute.amount_minor, dispute.currency)
        about = {"id": dispute.id, "amount": amount, "respond_by": dispute.due_by}
        with write_unit() as conn:
            alarms.sound(conn, f"deadline {dispute.id}", Kind.DEADLINE, about, at=at, daily=True)
