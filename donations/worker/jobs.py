"""The periodic jobs: which there are, how often each runs, and the lease that keeps two workers from running one at
the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, func, select

from donations import facts, giving, stripe_gateway, totals
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, BalanceTransaction, Job, Payment
from donations.prepared import upsert
from donations.worker.sessions import expire_checkouts

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job and how often it runs."""

    name: str
    every: timedelta
    run: Callable[[datetime], None]


def run_jobs(at: datetime) -> int:
    """Run each periodic job that is due and that no other worker has."""
    done = 0
    for job in JOBS:
        if not _lease_job(job, at):
            continue
        error = None
        try:
            job.run(at)
        except Exception as failure:
            log.exception("job %s failed", job.name)
            db.session.rollback()
            error = type(failure).__name__
        _end_job(job, error, at)
        done += 1
    return done


def sync_movements(at: datetime) -> None:
    """List the balance transactions that succeeded payments still lack, and book them."""
    since = db.session.scalar(
        select(func.min(Payment.charged_at)).where(
            Payment.succeeded_at.is_not(None),
            ~select(BalanceTransaction.id).where(BalanceTransaction.payment_id == Payment.id).exists(),
        )
    )
    if since is None:
        return
    movements = list(stripe_gateway.movements_since(since - OVERLAP))
    ids = [movement.id for movement in movements]
    known = set(db.session.scalars(select(BalanceTransaction.id).where(BalanceTransaction.id.in_(ids))))
    for movement in reversed(movements):
        if movement.id not in known:
            book_movement(movement, at)


def book_movement(movement: facts.Movement, at: datetime) -> None:
    """One balance transaction into the facts and the books, in a transaction of its own."""
    with write_unit() as conn:
        known = facts.record_movement(conn, movement, at=at)
        if known is not None:
            giving.settle(conn, known, at=at)


def publish_totals(at: datetime) -> None:
    """The tick of the discreet appeals: all of them together."""
    with write_unit():
        for appeal in db.session.scalars(select(Appeal).where(Appeal.discreet)):
            totals.publish(appeal, at)


JOBS = (
    Periodic("movements", timedelta(seconds=5), sync_movements),
    Periodic("publish", timedelta(seconds=totals.TICK_SECONDS), publish_totals),
    Periodic("expire-checkouts", timedelta(seconds=30), expire_checkouts),
)


_job: Table = Job.__table__  # type: ignore[assignment]


def _lease_job(job: Periodic, at: datetime) -> bool:
    row = db.session.get(Job, job.name)
    if row is not None and (row.due_at > at or (row.leased_until is not None and row.leased_until > at)):
        return False
    with write_unit() as conn:
        if row is None:  # Two workers may both be the first to run it.
            new = upsert(conn.dialect.name, _job).values(name=job.name, due_at=at, memory={})
            conn.execute(new.on_conflict_do_nothing(index_elements=["name"]))
        row = db.session.get(Job, job.name, with_for_update={"skip_locked": True})
        if row is None or row.due_at > at or (row.leased_until is not None and row.leased_until > at):
            return False
        row.leased_until = at + LEASE
    return True


def _end_job(job: Periodic, error: str | None, at: datetime) -> None:
    with write_unit():
        row = db.session.get_one(Job, job.name)
        row.leased_until, row.last_run_at, row.last_error = None, at, error
        row.due_at = at + job.every
