"""Refunds, disputes, warnings, debits and payouts fetched from Stripe directly, because an event may be lost for good:
the source of a new balance transaction at once, unfinished and new objects every hour."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select

from donations import inbox, stripe_gateway
from donations.database import write_unit
from donations.errors import DonationsError, PaymentServiceDown, PostingStopped
from donations.extensions import db
from donations.facts import Charge, Dispute, FraudWarning, Payout, Refund, Thing
from donations.models import BalanceTransaction, Payment, StrayPayment
from donations.models import Dispute as DisputeRow
from donations.models import FraudWarning as WarningRow
from donations.models import Payout as PayoutRow
from donations.models import Refund as RefundRow
from donations.stripe_statuses import ChargeStatus, PayoutStatus, RefundStatus
from donations.worker.cursors import cursor, move_cursor

log = logging.getLogger(__name__)
NAME = "objects"
OVERLAP = timedelta(hours=1)
FIRST_LOOK_BACK = timedelta(days=35)
# A dispute runs for up to four months, and an appeal may follow its end; none of it needs to move money.
DISPUTES_FOR = timedelta(days=200)
BATCH = 100
# The source of a balance transaction, by its reporting category.
BEHIND = {
    "charge": "charge", "charge_failure": "charge", "refund": "refund", "refund_failure": "refund",
    "dispute": "dispute", "dispute_reversal": "dispute", "payout": "payout", "payout_reversal": "payout",
}  # fmt: skip
FAILED = RefundStatus.all_that(lambda status: status.has_failed)


def sync_objects(at: datetime) -> int:
    """Ask for everything whose state no balance transaction tells: new refunds and warnings, disputes of late, and what
    is known and not over. Returns how many had changed."""
    since = cursor(NAME, at - FIRST_LOOK_BACK, at=at) - OVERLAP
    changed = 0
    for kind, moment in (("refund", since), ("warning", since), ("dispute", at - DISPUTES_FOR)):
        for thing in reversed(list(stripe_gateway.things_since(kind, moment))):
            changed += apply_object(thing, at)
    for kind, ids in _not_over():
        changed += sum(apply_object(thing, at) for thing in _asked(kind, ids))
    changed += complete(at)
    move_cursor(NAME, at)
    return changed


def apply_object(thing: Thing, at: datetime) -> bool:
    """Record an object as Stripe reports it, in a transaction of its own. False if all of it was known."""
    if _is_known(thing):
        return False
    try:
        with write_unit() as conn:
            inbox.apply_object(conn, thing, at=at)
    except PostingStopped:
        with write_unit() as conn:  # A deadline does not wait for posting.
            inbox.tell(conn, thing, at=at)
        raise
    return True


def complete(at: datetime, transaction_ids: Sequence[str] | None = None) -> int:
    """Fetch the sources of balance transactions of which only the money is known: those given, or any. Returns the
    number of objects recorded."""
    batches: list[Sequence[str] | None] = [None]
    if transaction_ids is not None:  # A database takes only so many values in one query.
        batches = [transaction_ids[first : first + BATCH] for first in range(0, len(transaction_ids), BATCH)]
    done = 0
    for batch in batches:
        for kind, object_id in _incomplete(batch):
            done += sum(apply_object(thing, at) for thing in _asked(kind, [object_id]))
    return done


def _asked(kind: str, ids: Iterable[str]) -> Iterator[Thing]:
    """The things as they are now. One that Stripe does not know holds up no other."""
    for object_id in ids:
        try:
            yield stripe_gateway.thing(kind, object_id)
        except PaymentServiceDown:
            raise
        except DonationsError as error:
            log.warning("%s %s cannot be asked for: %s", kind, object_id, type(error).__name__)


def _is_known(thing: Thing) -> bool:
    found = db.session.execute(_known_as(thing)).first() is not None
    db.session.rollback()  # A read: no lock is held while Stripe is asked for the next.
    return found


def _known_as(thing: Thing) -> Select[str]:
    """Asks for the row that says all of what this thing says."""
    match thing:
        case Charge():
            same: list[ColumnElement[bool]] = [Payment.charge_id == thing.charge_id]
            if thing.status.is_over:
                over = Payment.failed_at if thing.status is ChargeStatus.FAILED else Payment.succeeded_at
                same.append(over.is_not(None))
            if thing.is_captured:
                same.append(Payment.amount_minor >= thing.amount.minor)
            return select(Payment.charge_id).where(Payment.charged_at.is_not(None), *same)
        case Refund():
            return select(RefundRow.id).where(
                RefundRow.id == thing.id, RefundRow.status == thing.status,
                RefundRow.balance_transaction_id.is_not_distinct_from(thing.balance_transaction_id),
                RefundRow.failure_transaction_id.is_not_distinct_from(thing.failure_transaction_id),
            )  # fmt: skip
        case Dispute():
            return select(DisputeRow.id).where(
                DisputeRow.id == thing.id, DisputeRow.status == thing.status,
                DisputeRow.amount_minor == thing.amount.minor,
                DisputeRow.due_by.is_not_distinct_from(thing.due_by),
                DisputeRow.has_evidence.is_not_distinct_from(thing.has_evidence),
                DisputeRow.submissions.is_not_distinct_from(thing.submissions),
            )  # fmt: skip
        case FraudWarning():
            return select(WarningRow.id).where(WarningRow.id == thing.id, WarningRow.actionable == thing.actionable)
        case Payout():
            return select(PayoutRow.id).where(
                PayoutRow.id == thing.id, PayoutRow.status == thing.status,
                PayoutRow.reconciliation_status == thing.reconciliation_status,
            )  # fmt: skip


def _not_over() -> list[tuple[str, list[str]]]:
    """The ids of what is known and not over, by kind: the longest without an end first."""
    asked: dict[str, Select[str]] = {
        "charge": select(Payment.charge_id)
        .where(Payment.charged_at.is_not(None), Payment.succeeded_at.is_(None), Payment.failed_at.is_(None))
        .where(Payment.id.not_in(select(StrayPayment.payment_id)))
        .order_by(Payment.charged_at),
        "refund": select(RefundRow.id)
        .where(RefundRow.status.in_(RefundStatus.all_that(lambda status: status.is_on_its_way)))
        .order_by(RefundRow.created_at),
        "warning": select(WarningRow.id).where(WarningRow.actionable).order_by(WarningRow.created_at),
        "payout": select(PayoutRow.id)
        .where(PayoutRow.status.in_(PayoutStatus.all_that(lambda status: status.is_on_its_way)))
        .order_by(PayoutRow.created_at),
    }
    return [(kind, list(db.session.scalars(one.limit(BATCH)))) for kind, one in asked.items()]


def _incomplete(transaction_ids: Sequence[str] | None) -> list[tuple[str, str]]:
    """(kind, id) of the sources of balance transactions that are unknown, or whose state is."""
    known = {
        "charge": select(Payment.charge_id).where(Payment.charged_at.is_not(None)),
        "charge_failure": select(Payment.charge_id).where(Payment.failed_at.is_not(None)),
        "refund": select(RefundRow.id),
        "refund_failure": select(RefundRow.id).where(RefundRow.status.in_(FAILED)),
        "dispute": select(DisputeRow.id),
        "payout": select(PayoutRow.id),
    }
    found: list[tuple[str, str]] = []
    for category, kind in BEHIND.items():
        asked = select(BalanceTransaction.source_id).where(
            BalanceTransaction.reporting_category == category,
            BalanceTransaction.source_id.is_not(None),
            BalanceTransaction.source_id.not_in(known.get(category, known[kind])),
        )
        if transaction_ids is not None:
            asked = asked.where(BalanceTransaction.id.in_(transaction_ids))
        found += [(kind, str(source)) for source in db.session.scalars(asked.distinct().limit(BATCH))]
    return found
