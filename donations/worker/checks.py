"""Deletes the forms of donations whose day is over, with what was typed in them."""

from __future__ import annotations

from datetime import datetime

from donations.database import write_unit
from donations.giving import checks

MOST_BATCHES = 20  # a run ends well within the lease of its job; the rest goes with the next


def forget_checks(at: datetime) -> int:
    """Delete the checks that have expired. Gives how many."""
    forgotten = 0
    for _ in range(MOST_BATCHES):
        with write_unit():
            batch = checks.forget_expired(at)
        forgotten += batch
        if batch < checks.BATCH:
            break
    return forgotten
