"""The periodic jobs: which there are, how often each runs, and the lease that keeps two workers from running one at
the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, select

from donations import totals
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving import messages
from donations.installation.clocks import CLOCKS_DIFFER
from donations.installation.outages import is_outage
from donations.models import Appeal, Job
from donations.prepared import upsert
from donations.worker import balance
from donations.worker.card_testing import NAME as CARD_TESTING
from donations.worker.card_testing import empty_unpaid, watch_cards
from donations.worker.erasure import erase_personal_data, rewrite_tables
from donations.worker.ledger_checks import check_ledger, mark_balances, watch_deadlines
from donations.worker.matching import match_lines
from donations.worker.offline_key import NAME as OFFLINE_KEY
from donations.worker.offline_key import seal_settled
from donations.worker.receipts import change_receipts
from donations.worker.recovery import NAME as RECOVERY
from donations.worker.recovery import recover_donations
from donations.worker.refunds import continue_refunds
from donations.worker.repeated_errors import troubles
from donations.worker.sessions import expire_checkouts
from donations.worker.staff_changes import AUDIT_HEAD, mail_audit_head, make_staff_changes
from donations.worker.stripe_objects import sync_objects
from donations.worker.stripe_sync import catch_up, sync_payouts, sync_transactions
from donations.worker.subscribers import erase_subscribers, mail_subscribers

LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job and how often it runs."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


def run_jobs(at: datetime) -> int:
    """Run each periodic job that is due and that no other worker has."""
    done = 0
    for job in JOBS:
        if not _lease_job(job, at):
            continue
        error = None
        try:
            job.run(at)
            troubles().over(f"job {job.name}")
        except Exception as failure:
            if is_outage(failure):
                raise
            troubles().note(f"job {job.name}", failure, known=isinstance(failure, DonationsError))
            db.session.rollback()
            error = type(failure).__name__
        _end_job(job, error, at)
        done += 1
    return done


def publish_totals(at: datetime) -> None:
    """The tick of the discreet appeals: all of them together, figures and messages."""
    with write_unit():
        for appeal in db.session.scalars(select(Appeal).where(Appeal.discreet)):
            totals.publish(appeal, at)
        messages.publish(at)


def note_milestones(at: datetime) -> None:
    """What appeals have reached of their goals, for their feeds."""
    with write_unit():
        totals.note_milestones(at)


JOBS = (
    Periodic("events", timedelta(minutes=2), catch_up),
    Periodic("movements", timedelta(seconds=5), sync_transactions),
    Periodic("payouts", timedelta(minutes=5), sync_payouts),
    Periodic("objects", timedelta(hours=1), sync_objects),
    Periodic(RECOVERY, timedelta(seconds=5), recover_donations),
    Periodic("books", timedelta(minutes=10), check_ledger),
    Periodic("marks", timedelta(minutes=30), mark_balances),
    Periodic("matching", timedelta(seconds=5), match_lines),
    Periodic(balance.NAME, timedelta(hours=1), balance.check_balance),
    Periodic("deadlines", timedelta(hours=1), watch_deadlines),
    Periodic("publish", timedelta(seconds=totals.TICK_SECONDS), publish_totals),
    Periodic("milestones", timedelta(seconds=30), note_milestones),
    Periodic("receipts", timedelta(seconds=30), change_receipts),
    Periodic("refunds", timedelta(seconds=30), continue_refunds),
    Periodic("followers", timedelta(seconds=15), mail_subscribers),
    Periodic("forget-followers", timedelta(hours=1), erase_subscribers),
    # Also what `forget-checks`, `forget-kept-forms` and `erase-mail-addresses` did: their rows may still be in `job`.
    Periodic("erasure", timedelta(minutes=10), erase_personal_data),
    Periodic("rewrite-tables", timedelta(days=1), rewrite_tables),
    Periodic(OFFLINE_KEY, timedelta(minutes=1), seal_settled),
    Periodic("staff-changes", timedelta(minutes=1), make_staff_changes),
    Periodic(AUDIT_HEAD, timedelta(days=1), mail_audit_head),
    Periodic(CARD_TESTING, timedelta(seconds=5), watch_cards),
    Periodic("empty-unpaid", timedelta(minutes=10), empty_unpaid),
    Periodic("expire-checkouts", timedelta(seconds=30), expire_checkouts),
)


_job: Table = Job.__table__  # type: ignore[assignment]


def _lease_job(job: Periodic, at: datetime) -> bool:
    row = db.session.get(Job, job.name)
    if row is not None and not _is_due(row, job, at):
        return False
    with write_unit() as conn:
        if row is None:  # Two workers may both be the first to run it.
            new = upsert(conn.dialect.name, _job).values(name=job.name, due_at=at, memory={})
            conn.execute(new.on_conflict_do_nothing(index_elements=["name"]))
        row = db.session.get(Job, job.name, with_for_update={"skip_locked": True})
        if row is None or not _is_due(row, job, at):
            return False
        row.leased_until = at + LEASE
    return True


def _is_due(row: Job, job: Periodic, at: datetime) -> bool:
    """A moment that lies further ahead than it ever could was written by a clock that was wrong, and holds nothing
    up: clocks of several hosts may differ by CLOCKS_DIFFER."""
    is_ahead = at < row.due_at <= at + job.every + CLOCKS_DIFFER
    is_leased = row.leased_until is not None and at < row.leased_until <= at + LEASE + CLOCKS_DIFFER
    return not (is_ahead or is_leased)


def _end_job(job: Periodic, error: str | None, at: datetime) -> None:
    with write_unit():
        row = db.session.get_one(Job, job.name)
        row.leased_until, row.last_run_at, row.last_error = None, at, error
        row.due_at = at + job.every
