"""Erases personal data whose date has come, in small batches that other writers hardly notice. What a run does not
reach goes with the next."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from donations import retention
from donations.database import truncate_wal, write_unit
from donations.extensions import db
from donations.installation.vacuum import rewrite, vacuum
from donations.reconciliation import file_store

NAME = "erasure"
SMALL_TABLE = 64 * 1024 * 1024  # bytes that PostgreSQL rewrites in about a second
MAX_SECONDS = 60.0  # well within the lease of the job
STATEMENT_KEPT = timedelta(days=1)  # a file that waits to be imported
# Evidence that nothing names: its request was not saved, or was lost with a restore and may be entered again.
EVIDENCE_KEPT = timedelta(days=35)


def erase_personal_data(at: datetime) -> int:
    """Erase what is due by every rule, and the files that nothing names. Returns how many rows."""
    ends = time.monotonic() + MAX_SECONDS
    erased = sum(_erase(rule, at, ends) for rule in retention.RULES if rule.job == NAME)
    _drop_files(at)
    db.session.rollback()  # A transaction of ours would hold back what comes next.
    truncate_wal()
    vacuum(_tables())  # Also of what others have erased, or mails have lost, since the last run.
    return erased


def rewrite_tables(_at: datetime) -> None:
    """Write the tables that hold personal data again, where PostgreSQL would else keep erased bytes in free room."""
    db.session.rollback()
    rewrite(_tables(), most_bytes=SMALL_TABLE)


def _tables() -> list[str]:
    return sorted({rule.table.name for rule in retention.RULES})


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
    file_store.sweep("statements", at - STATEMENT_KEPT)
    file_store.sweep("evidence", at - EVIDENCE_KEPT, but=retention.evidence_named(db.session.connection()))
