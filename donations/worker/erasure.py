"""Erases personal data whose date has come, in small batches that other writers hardly notice. What a run does not
reach goes with the next."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from donations import retention
from donations.database import truncate_wal, write_unit
from donations.extensions import db
from donations.reconciliation import files

MOST_SECONDS = 60.0  # well within the lease of the job
STATEMENT_KEPT = timedelta(days=1)  # a file that waits to be imported
# Evidence that nothing names: its request was not saved, or was lost with a restore and may be entered again.
EVIDENCE_KEPT = timedelta(days=35)


def erase_personal_data(at: datetime) -> int:
    """Erase what is due by every rule, and the files that nothing names. Gives how many rows."""
    ends = time.monotonic() + MOST_SECONDS
    erased = sum(_erase(rule, at, ends) for rule in retention.RULES)
    _drop_files(at)
    db.session.rollback()  # A transaction of ours would hold back what comes next.
    truncate_wal()
    return erased


def _erase(rule: retention.Rule, at: datetime, ends: float) -> int:
    erased = 0
    while time.monotonic() < ends:
        with write_unit() as conn:
            batch = retention.erase(conn, rule, at)
        erased += batch
        if batch < retention.BATCH:
            break
    return erased


def _drop_files(at: datetime) -> None:
    files.sweep("statements", at - STATEMENT_KEPT)
    files.sweep("evidence", at - EVIDENCE_KEPT, but=retention.evidence_named(db.session.connection()))
