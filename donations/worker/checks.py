"""Deletes forms whose time is over, with what was typed in them: of donations, and of the team."""

from __future__ import annotations

from datetime import datetime

from donations.database import write_unit
from donations.giving import checks
from donations.staff import kept_forms

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


def forget_kept_forms(at: datetime) -> int:
    """Delete what the team typed into forms that came too late, once nobody may be shown it any more."""
    with write_unit():
        return kept_forms.forget_expired(at)
