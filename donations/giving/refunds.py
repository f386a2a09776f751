"""Refunds to the payment method that paid: how much may be refunded, a refund requested and stored before Stripe is
called, and Stripe's answer. No call to Stripe is made here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.engine import Connection

from donations import facts
from donations.bookkeeping import settled_amount, standing_of
from donations.errors import AlreadyDone, NothingToRefund, RefundInDispute, RefundRefused, RefundTooLarge
from donations.extensions import db
from donations.giving.settlement import settle
from donations.models import Payment, RefundAttempt
from donations.models.base import new_reference
from donations.money import Money

# Stripe keeps an idempotency key for a day; we stop relying on it an hour before.
KEY_LIFETIME = timedelta(hours=23)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund to make. `form_key` is made by the form, so that it is asked for once; `reason` is one of
    REFUND_REASONS, `note` our own words."""

    form_key: str
    amount: Money
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Try:
    """What is asked of Stripe now. `is_first`: no one has asked yet. `key_holds`: Stripe still knows the key, so asking
    again can only find the same refund."""

    charge_id: str
    amount: Money
    reason: str
    reference: str
    idempotency_key: str
    is_first: bool
    key_holds: bool


def ask(conn: Connection, charge_id: str, asked: Asked, *, actor: str, at: datetime) -> RefundAttempt:
    """Keep that a refund is wanted, or give the one the same form asked for. Raises NothingToRefund, RefundInDispute,
    RefundTooLarge; AlreadyDone if the same form asked for something else, RefundRefused if Stripe refused it then."""
    if db.session.scalar(select(Payment.id).where(Payment.charge_id == charge_id)) is None:
        raise NothingToRefund()
    known = facts.lock_root(conn, charge_id, at=at)  # Two clicks at once take turns.
    before = db.session.scalar(select(RefundAttempt).where(RefundAttempt.form_key == asked.form_key))
    if before is not None:
        return _same(before, known.row.id, asked)
    _check(conn, facts.load_root(conn, known).facts, asked.amount)
    attempt = RefundAttempt(
        form_key=asked.form_key, reference=new_reference(), payment_id=known.row.id, amount_minor=asked.amount.minor,
        currency=asked.amount.currency, reason=asked.reason, note=asked.note, state="asked", requested_by=actor,
        requested_at=at, next_try_at=at + FIRST_PAUSE,
    )  # fmt: skip
    db.session.add(attempt)
    db.session.flush()
    return attempt


def left(conn: Connection, known: facts.PaymentFacts) -> Money:
    """What may still be refunded at Stripe, in the donation's own currency: all that succeeded, less what was refunded,
    lost to a dispute, asked for and not heard of yet, or settled with the supporter by another way. Raises
    NothingToRefund."""
    if known.amount is None:
        raise NothingToRefund()
    amount, nothing = known.amount, Money(0, known.amount.currency)
    standing = standing_of(known, amount.currency)
    if not standing.received:
        raise NothingToRefund()
    waiting = Money(int(conn.execute(_WAITING, {"of_payment": known.payment_id}).scalar_one()), amount.currency)
    counted = (refund for refund in known.refunds if not refund.failed and not known.is_release(refund))
    refunded = sum((refund.amount for refund in counted), nothing)
    return max(amount - refunded - standing.lost - waiting - _settled_otherwise(known), nothing)


def is_disputed(known: facts.PaymentFacts) -> bool:
    """Whether a bank has taken the money back. An inquiry is no dispute yet, and is best answered by a refund."""
    return any(one.standing.is_open or one.standing.is_appeal for one in known.disputes)


def begin_try(conn: Connection, attempt_id: int, *, at: datetime) -> Try | None:
    """Note that Stripe is being asked now, so that no one else asks for a while. None if it is over."""
    attempt = db.session.get_one(RefundAttempt, attempt_id, with_for_update=True)
    if attempt.state != "asked":
        return None
    age = at - attempt.requested_at
    attempt.tries += 1
    attempt.next_try_at = at + min(max(age, FIRST_PAUSE), LONGEST_PAUSE)
    db.session.flush()
    return Try(
        charge_id=db.session.get_one(Payment, attempt.payment_id).charge_id,
        amount=attempt.amount,
        reason=attempt.reason,
        reference=attempt.reference,
        idempotency_key=attempt.idempotency_key,
        is_first=attempt.tries == 1,
        key_holds=age < KEY_LIFETIME,
    )


def apply_refund(conn: Connection, refund: facts.Refund, *, at: datetime) -> None:
    """Record Stripe's report of a refund with all that follows for its donation, and end the attempt that requested it.
    An answer to our own call and an event have the same effect, in whatever order."""
    known = facts.record_refund(conn, refund, at=at)
    if known is None:
        return
    settle(conn, known, at=at)
    if refund.reference is not None:
        conn.execute(_MADE, {"of_reference": refund.reference, "of_payment": known.row.id, "new_refund": refund.id})


def give_up(conn: Connection, attempt_id: int, error: str) -> None:
    """Stripe refused it, or never heard of it: it is over, and its money may be refunded another way."""
    conn.execute(_REFUSED, {"of_attempt": attempt_id, "new_error": error})


def due(at: datetime) -> list[int]:
    """The attempts of which nothing was heard and which it is time to ask for again, the oldest first."""
    waiting = select(RefundAttempt.id).where(RefundAttempt.next_try_at <= at, RefundAttempt.state == "asked")
    return list(db.session.scalars(waiting.order_by(RefundAttempt.next_try_at).limit(20)))


def _same(before: RefundAttempt, payment_id: int, asked: Asked) -> RefundAttempt:
    if (before.payment_id, before.amount_minor, before.currency) != (
        payment_id, asked.amount.minor, asked.amount.currency,
    ):  # fmt: skip
        raise AlreadyDone()
    if before.state == "refused":
        raise RefundRefused(code=before.error)
    return before


def _check(conn: Connection, known: facts.PaymentFacts, wanted: Money) -> None:
    most = left(conn, known)
    if is_disputed(known):
        raise RefundInDispute()
    if wanted.currency != most.currency or wanted.minor > most.minor:
        raise RefundTooLarge(left=most)


def _settled_otherwise(known: facts.PaymentFacts) -> Money:
    """What bounced and was then repaid by bank, or kept because the donor said so, in the donation's own currency,
    rounded up: rather a penny too little is refunded than one too much."""
    assert known.amount is not None
    settled, minor = settled_amount(known), sum(part for _, part in known.settled_owed)
    if not minor or settled is None or not settled.minor:
        return Money(0, known.amount.currency)
    return Money(-(-minor * known.amount.minor // settled.minor), known.amount.currency)


_attempt: Table = RefundAttempt.__table__  # type: ignore[assignment]
_WAITING = select(func.coalesce(func.sum(_attempt.c.amount_minor), 0)).where(
    _attempt.c.payment_id == bindparam("of_payment"), _attempt.c.state == "asked"
)
_MADE = (
    update(_attempt)
    .where(_attempt.c.reference == bindparam("of_reference"), _attempt.c.payment_id == bindparam("of_payment"))
    .values(state="made", refund_id=bindparam("new_refund"), next_try_at=None, error=None)
)
_REFUSED = (
    update(_attempt)
    .where(_attempt.c.id == bindparam("of_attempt"), _attempt.c.state == "asked")
    .values(state="refused", error=bindparam("new_error"), next_try_at=None)
)
