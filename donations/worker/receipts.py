"""Receipts that had to wait until what the team changed could no longer be undone: each is brought up to date by
itself, so that one that fails holds up no other."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select

from donations import giving
from donations.database import write_unit
from donations.extensions import db
from donations.models import ReceiptChange

log = logging.getLogger(__name__)
BATCH = 100


def change_receipts(at: datetime) -> None:
    """Bring up to date what is due. One that fails stays and is tried again; the last failure is raised, for the job's
    own record."""
    due = select(ReceiptChange.donation_id).where(ReceiptChange.due_at <= at).order_by(ReceiptChange.due_at)
    failure: Exception | None = None
    for donation_id in db.session.scalars(due.limit(BATCH)).all():
        try:
            with write_unit() as conn:
                giving.carry_out_change(conn, donation_id, at=at)
        except Exception as error:
            log.warning("the receipt of donation %s waits: %s", donation_id, type(error).__name__)
            db.session.rollback()
            failure = error
    if failure is not None:
        raise failure
