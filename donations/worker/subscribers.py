"""Mails to those who follow an appeal, queued batch by batch, and addresses whose day has come erased."""

from __future__ import annotations

from datetime import datetime

from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.giving.states import COUNTED_STATES
from donations.models import Organisation

MAX_BATCHES = 20  # a run ends well within the lease of its job; the rest goes with the next


def mail_subscribers(at: datetime) -> int:
    """Queue who must be asked and who is told of an update. Returns how many mails."""
    queued = 0
    for _ in range(MAX_BATCHES):
        with write_unit() as conn:
            more = subscribers.queue_confirmations(conn, COUNTED_STATES, at) + subscribers.queue_update_mails(conn, at)
        queued += more
        if not more:
            break
    return queued


def erase_subscribers(at: datetime) -> int:
    """Erase the addresses whose day has come. Returns how many."""
    if db.session.get(Organisation, 1) is None:
        return 0
    with write_unit():
        return subscribers.forget_old(at)
