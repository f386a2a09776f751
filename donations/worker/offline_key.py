"""Seals with the offline key what is settled, and carries out what waited for it once it is unlocked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import select

from donations import offline_key
from donations.database import snapshot, truncate_wal, write_unit
from donations.extensions import db
from donations.installation.vacuum import vacuum
from donations.models import BankAccount
from donations.offline_key.reopen import HASHES, STEPS
from donations.reconciliation.statement_lines import complete_evidence

NAME = "offline-key"
MAX_SECONDS = 30.0


def seal_settled(at: datetime) -> int:
    """The job: seal what is settled by every rule. Returns how many rows."""
    with snapshot() as conn:
        if offline_key.current_key(conn) is None:
            return 0
        incomplete = conn.scalars(select(BankAccount.id).where(~BankAccount.evidence_complete)).all()
    ends = time.monotonic() + MAX_SECONDS
    for account_id in incomplete:  # Its lines could not be known by the bank's own numbers, once they are sealed.
        with write_unit() as conn:
            complete_evidence(conn, account_id)
    done = sum(_all(partial(offline_key.seal_batch, rule=rule), at, ends) for rule in offline_key.RULES)
    with write_unit() as conn:
        done += offline_key.drop_signatures(conn, at=at)
    if done:  # What the machine's key could open must be in no byte any more.
        db.session.rollback()
        truncate_wal()
        vacuum(sorted({rule.table.name for rule in offline_key.RULES}))
    return done


def note_hashes(at: datetime) -> int:
    """With the key that is unlocked now: make what is sealed findable by its address, so that nothing is missed."""
    ends = time.monotonic() + MAX_SECONDS
    return sum(_all(step, at, ends) for step in HASHES)


def carry_out(at: datetime) -> int:
    """With the key that is unlocked now: answer who has asked, put back what is needed again, send what waited. Gives
    how many rows; the rest, where there is much, with the next call."""
    ends = time.monotonic() + MAX_SECONDS
    return sum(_all(step, at, ends) for step in STEPS)


def _all(step: Callable[..., int], at: datetime, ends: float) -> int:
    done = 0
    while time.monotonic() < ends:
        with write_unit() as conn:
            batch = step(conn, at=at)
        done += batch
        if batch == 0:
            break
    return done
