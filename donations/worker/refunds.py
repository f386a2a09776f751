"""Carries a refund to Stripe: one that was just asked for, when the web calls it, and those whose answer was lost. The
same reference never makes a second one."""

from __future__ import annotations

import logging
from datetime import datetime

from donations import facts, giving, stripe_gateway
from donations.database import write_unit
from donations.errors import DonationsError, RefundRefused
from donations.giving.refunds import Try
from donations.reconciliation import posting_stop

log = logging.getLogger(__name__)


def carry_out(attempt_id: int, at: datetime) -> None:
    """Ask Stripe for a refund that is kept, and take its answer in; nothing if it is over. Raises PaymentServiceDown,
    after which it is asked for again by itself, and RefundRefused, after which it is over."""
    with write_unit() as conn:
        asked = giving.refunds.begin_try(conn, attempt_id, at=at)
    if asked is None:
        return
    try:
        refund = _find_or_make(asked)
    except RefundRefused as error:
        with write_unit() as conn:
            giving.refunds.give_up(conn, attempt_id, str(error.facts["code"]))
        raise
    with write_unit() as conn, posting_stop.posted_despite_stop(conn, attempt_id):
        giving.refunds.apply_refund(conn, refund, at=at)


def continue_refunds(at: datetime) -> int:
    """Go on with the refunds whose answer was lost. Returns how many were looked at."""
    waiting = giving.refunds.due(at)
    for attempt_id in waiting:
        try:
            carry_out(attempt_id, at)
        except DonationsError as error:
            log.warning("refund attempt %s: %s", attempt_id, type(error).__name__)
    return len(waiting)


def _find_or_make(asked: Try) -> facts.Refund:
    """Who asks again looks first. Once Stripe may have forgotten the key, nothing is made any more: what is not there
    then was never made."""
    if not asked.is_first:
        found = [one for one in stripe_gateway.refunds_of(asked.charge_id) if one.reference == asked.reference]
        if found:
            return found[0]
        if not asked.key_holds:
            raise RefundRefused(code="never_arrived")
    return stripe_gateway.make_refund(
        asked.charge_id,
        asked.amount,
        reason=asked.reason,
        reference=asked.reference,
        idempotency_key=asked.idempotency_key,
    )
