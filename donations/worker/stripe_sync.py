"""What Stripe is asked for without being told: events that were lost on their way, balance transactions, payouts. It
feeds the same facts as the webhooks, so a lost webhook heals itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from donations import facts, giving, inbox, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import BalanceTransaction, Payment, Payout, Refund
from donations.reconciliation import balance_transactions, payouts
from donations.worker import stripe_objects
from donations.worker.cursors import cursor, move_cursor

OVERLAP = timedelta(minutes=10)
LISTED_ANYWAY_EVERY = timedelta(minutes=1)
HURRY_FOR = timedelta(hours=1)  # Stripe promises a charge's fee within the hour; what is later than that is not near.
# Stripe keeps events for 30 days; what is older must be asked for object by object.
EVENTS_KEPT = timedelta(days=30)
FIRST_LOOK_BACK = timedelta(days=1)


def catch_up(at: datetime) -> int:
    """Fetch all events since the cursor, less an overlap, whether or not they were delivered. Returns how many were
    new. The cursor moves only when all of them are kept."""
    since = max(cursor("events", at - FIRST_LOOK_BACK, at=at) - OVERLAP, at - EVENTS_KEPT)
    texts = list(stripe_gateway.events_since(since, tuple(inbox.HANDLERS)))
    new = 0
    for text in reversed(texts):
        event = stripe_gateway.parse_event(text)
        new += inbox.receive(event, text.encode(), at=at) != "duplicate"
    move_cursor("events", at)
    return new


def sync_transactions(at: datetime) -> int:
    """List balance transactions: at once while something lacks its own, else once a minute; and post the new ones.
    Returns their number."""
    listed_until = cursor("movements", at - FIRST_LOOK_BACK, at=at)
    lacking = _oldest_lacking()
    in_a_hurry = lacking is not None and at - lacking < HURRY_FOR
    if not in_a_hurry and at - listed_until < LISTED_ANYWAY_EVERY:
        return 0
    since = min(listed_until, lacking or listed_until) - OVERLAP
    new = _book_new(list(stripe_gateway.transactions_since(since)), at)
    move_cursor("movements", at)
    return new + _claim_orphans(at)


def sync_payouts(at: datetime) -> int:
    """List payouts, and the members of those that are complete; once more, where what was listed did not come to the
    payout. Returns of how many the members were listed."""
    since = cursor("payouts", at - EVENTS_KEPT, at=at) - timedelta(days=7)  # A payout may fail five working days later.
    for payout in list(stripe_gateway.payouts_since(since)):
        with write_unit() as conn:
            balance_transactions.record_payout(conn, payout, at=at)
    move_cursor("payouts", at)
    # Of a payout that takes from the bank Stripe lists no members.
    listable = and_(Payout.automatic, Payout.amount_minor > 0, Payout.reconciliation_status == "completed")
    complete = list(db.session.scalars(select(Payout.id).where(listable, Payout.members_listed.is_(False))))
    complete += payouts.unexplained_since(db.session.connection(), at - EVENTS_KEPT)
    for payout_id in complete:
        _list_members(payout_id, at)
    with write_unit() as conn:
        balance_transactions.book_drifted_payouts(conn, at=at)
    return len(complete)


def _list_members(payout_id: str, at: datetime) -> None:
    members = stripe_gateway.members_of(payout_id)
    known = _known(members)
    if len(known) < len(members):
        oldest = db.session.get_one(Payout, payout_id).created_at - EVENTS_KEPT
        _book_new(list(stripe_gateway.transactions_since(oldest)), at)
    with write_unit() as conn:
        facts.record_members(conn, payout_id, members)
        balance_transactions.book_payout(conn, payout_id, at=at)


def _book_new(listed: list[facts.BalanceTransaction], at: datetime) -> int:
    known = _known([transaction.id for transaction in listed])
    new = [transaction for transaction in reversed(listed) if transaction.id not in known]
    for transaction in new:
        if transaction.behind is not None:
            stripe_objects.apply_object(transaction.behind, at)
        book_transaction(transaction, at)
    if new:
        stripe_objects.complete(at, [transaction.id for transaction in new])
    return len(new)


def book_transaction(transaction: facts.BalanceTransaction, at: datetime) -> None:
    """Record and post one balance transaction, in a transaction of its own."""
    with write_unit() as conn:
        balance_transactions.book_transaction(conn, transaction, at=at)


def _claim_orphans(at: datetime) -> int:
    """Settle the payments whose balance transaction came before anybody knew what it belonged to."""
    orphans = db.session.execute(
        select(BalanceTransaction.id, Payment.charge_id)
        .join(Refund, Refund.id == BalanceTransaction.source_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(BalanceTransaction.payment_id.is_(None))
    ).all()
    for balance_transaction_id, charge_id in orphans:
        with write_unit() as conn:
            known = facts.lock_root(conn, charge_id, at=at)
            db.session.get_one(BalanceTransaction, balance_transaction_id).payment_id = known.row.id
            db.session.flush()
            giving.settle(conn, known, at=at)
    return len(orphans)


def _known(ids: Iterable[str]) -> set[str]:
    listed = list(ids)
    found: set[str] = set()
    for first in range(0, len(listed), 500):
        some = listed[first : first + 500]
        found |= set(db.session.scalars(select(BalanceTransaction.id).where(BalanceTransaction.id.in_(some))))
    return found


def _oldest_lacking() -> datetime | None:
    """Since when something should have a balance transaction that we do not know."""
    lacks = (Payment.succeeded_at.is_not(None), Payment.recorded_transaction_id.is_(None))
    of_charges = db.session.scalar(select(func.min(Payment.charged_at)).where(*lacks))
    known = select(BalanceTransaction.id)
    of_refunds = db.session.scalar(
        select(func.min(Refund.created_at)).where(
            or_(
                and_(Refund.balance_transaction_id.is_not(None), Refund.balance_transaction_id.not_in(known)),
                and_(Refund.failure_transaction_id.is_not(None), Refund.failure_transaction_id.not_in(known)),
            )
        )
    )
    of_payouts = db.session.scalar(
        select(func.min(Payout.created_at)).where(
            or_(
                and_(Payout.balance_transaction_id.is_not(None), Payout.balance_transaction_id.not_in(known)),
                and_(Payout.failure_transaction_id.is_not(None), Payout.failure_transaction_id.not_in(known)),
            )
        )
    )
    found = [moment for moment in (of_charges, of_refunds, of_payouts) if moment is not None]
    return min(found) if found else None
