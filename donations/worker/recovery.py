"""Donations that a restored database has lost, made again: Stripe is asked for each payment that carries a reference of
ours and has no donation here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from donations import restoration, stripe_gateway
from donations.database import write_unit
from donations.errors import DonationsError, PaymentServiceDown
from donations.extensions import db
from donations.installation.outages import is_outage
from donations.restoration import Found
from donations.worker.cursors import cursor

log = logging.getLogger(__name__)
NAME = "recovery"
BATCH = 50
# The listings of Stripe that must have come past a restore before everything of the time before it is known.
LISTINGS = ("events", "movements", "objects")


def recover_donations(at: datetime) -> int:
    """Make lost donations again. Returns how many payments were looked at. Raises the last failure, when all were
    tried."""
    done, failure = 0, None
    for row in _each_lost():
        try:
            done += _recover(row, at)
        except Exception as error:  # One that cannot be made again holds up no other.
            if isinstance(error, PaymentServiceDown) or is_outage(error):
                raise
            log.warning("the donation of %s is not recovered: %s", row.charge_id, type(error).__name__)
            db.session.rollback()
            failure = error
    if failure is not None:
        raise failure
    _note_caught_up(at)
    return done


def _each_lost() -> Iterator[Any]:
    """Twice over: what is learnt from one may tell what another is. Where none is lost, as ever, that is one look."""
    for _ in range(2):
        last = 0
        while lost := _lost(last):
            yield from lost
            last = lost[-1].id
        if not last:
            return


def _lost(after: int) -> list[Any]:
    found = restoration.lost_payments(db.session.connection(), after=after, most=BATCH)
    db.session.rollback()  # A read: no lock is held while Stripe is asked.
    return found


def _recover(row: Any, at: datetime) -> int:
    """Stripe first, then the database: no lock is held while an answer is waited for."""
    found = _asked(row)
    with write_unit() as conn:
        restoration.recover(conn, row.charge_id, found, at=at)
    return 1


def _asked(row: Any) -> Found:
    """Raises PaymentServiceDown; an object unknown to Stripe is reported as such."""
    try:
        charge = stripe_gateway.retrieve("charge", row.charge_id)
        checkout = stripe_gateway.checkout_behind(row.intent_id) if row.intent_id else None
    except PaymentServiceDown:
        raise
    except DonationsError as error:
        log.warning("Stripe does not tell of %s: %s", row.charge_id, type(error).__name__)
        return Found({}, None, known=False)
    return Found(charge.get("metadata") or {}, checkout)


def _note_caught_up(at: datetime) -> None:
    """From now on a mail is held only if its cause lies before the restore."""
    last = restoration.latest(db.session.connection())
    if last is None or last.caught_up_at is not None:
        return
    if all(cursor(name, last.copied_at, at=at) >= last.restored_at for name in LISTINGS):
        with write_unit() as conn:
            restoration.note_caught_up(conn, at=at)
