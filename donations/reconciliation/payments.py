"""Donations that came through Stripe, for the pages that show one: found by any number a person may have, with all that
is known of it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, func, or_, select
from sqlalchemy.engine import Connection

from donations import facts, giving, receipts
from donations.errors import NothingToRefund
from donations.models import (
    Allocation,
    Appeal,
    BalanceTransaction,
    Dispute,
    Donation,
    Entry,
    FraudWarning,
    Payment,
    Posting,
    Receipt,
    Refund,
    RefundAttempt,
    StrayPayment,
)
from donations.money import Money

PAGE_LENGTH = 50
MAX_FOUND = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of a payment. `left` is what may still be refunded, None where nothing ever came;
    `is_disputed`: nothing may be refunded for now. `owed` bounced and is still owed to the supporter, by fund.
    `receipt_change_due`: when the receipt follows what the team has changed."""

    payment: Any
    donation: Any | None
    parts: Sequence[Any]
    transactions: Sequence[Any]
    refunds: Sequence[Any]
    attempts: Sequence[Any]
    disputes: Sequence[Any]
    warnings: Sequence[Any]
    receipts: Sequence[Any]
    postings: Sequence[Any]
    owed: Sequence[Any]
    left: Money | None
    is_disputed: bool
    receipt_change_due: datetime | None
    stray: str | None = None  # why it is held for a person: facts.Stray

    @property
    def may_be_refunded(self) -> bool:
        return self.left is not None and self.left.minor > 0 and not self.is_disputed


def recent(conn: Connection, before: int) -> list[Any]:
    """Payments, the newest first: at most PAGE_LENGTH and one more, which shows that there are others. `before` is the
    number of the last one of the page before. Declined cards are left out, of which card testing brings thousands;
    search finds them."""
    return list(conn.execute(_LISTED.where(_payment.c.id < before, ~_IS_DECLINED).limit(PAGE_LENGTH + 1)))


def search(conn: Connection, words: str) -> list[Any]:
    """The payments for a number: of a receipt, a donation's reference, a charge, a payment intent, a refund or a
    dispute, written in full."""
    told = {"given": words, "given_label": words.upper()}
    return list(conn.execute(_FOUND.limit(MAX_FOUND), told))


def has_receipt(conn: Connection, label: str) -> bool:
    """Whether a receipt has this number."""
    return conn.execute(select(_receipt.c.id).where(_receipt.c.label == label.upper())).first() is not None


def show(conn: Connection, charge_id: str) -> Shown | None:
    payment = conn.execute(select(_payment).where(_payment.c.charge_id == charge_id)).first()
    if payment is None:
        return None
    # A stray payment carries the reference of a donation that is not its own, and shows nothing of it.
    stray = conn.execute(select(StrayPayment.reason).where(StrayPayment.payment_id == payment.id)).scalar()
    donation_id = payment.donation_id if stray is None else None
    known = {"of_payment": payment.id, "of_donation": donation_id, "of_charge": charge_id}
    read = {name: conn.execute(asked, known).all() for name, asked in _PARTS.items()}
    donation = conn.execute(_DONATION, known).first()
    left, is_disputed = _standing(conn, payment)
    due = receipts.change_due(donation_id) if donation_id is not None else None
    return Shown(payment, donation, left=left, is_disputed=is_disputed, receipt_change_due=due, stray=stray, **read)


def _standing(conn: Connection, payment: Any) -> tuple[Money | None, bool]:
    """Calculated as the refund itself calculates it, without its lock."""
    found = facts.load_of_payment(conn, payment)
    try:
        return giving.refunds.left(conn, found), giving.refunds.is_disputed(found)
    except NothingToRefund:
        return None, False


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_payment, _donation, _appeal = _table(Payment), _table(Donation), _table(Appeal)
_transaction, _refund, _dispute = _table(BalanceTransaction), _table(Refund), _table(Dispute)
_warning, _attempt, _receipt = _table(FraudWarning), _table(RefundAttempt), _table(Receipt)
_entry, _posting, _allocation = _table(Entry), _table(Posting), _table(Allocation)


def _of(table: Table, *order: Any) -> Select[Any]:
    return select(table).where(table.c.payment_id == bindparam("of_payment")).order_by(*order)


_LISTED = (
    select(
        _payment.c.id, _payment.c.charge_id, _payment.c.amount_minor, _payment.c.currency, _payment.c.charged_at,
        _payment.c.first_seen_at, _payment.c.succeeded_at, _payment.c.failed_at, _donation.c.state,
        _appeal.c.title,
    )
    .outerjoin(_donation, _donation.c.id == _payment.c.donation_id)
    .outerjoin(_appeal, _appeal.c.id == _donation.c.appeal_id)
    .order_by(_payment.c.id.desc())
)  # fmt: skip
# NULL-safe: a payment of which only its balance transaction is known has no method yet.
_IS_DECLINED = and_(
    func.coalesce(_payment.c.method, "") == "card", _payment.c.failed_at.is_not(None), _payment.c.succeeded_at.is_(None)
)
_given: Any = bindparam("given")
_FOUND = _LISTED.where(
    or_(
        _payment.c.charge_id == _given,
        _payment.c.intent_id == _given,
        _payment.c.id.in_(select(_refund.c.payment_id).where(_refund.c.id == _given)),
        _payment.c.id.in_(select(_dispute.c.payment_id).where(_dispute.c.id == _given)),
        _payment.c.donation_id.in_(select(_donation.c.id).where(_donation.c.reference == func.lower(_given))),
        _payment.c.donation_id.in_(
            select(_receipt.c.donation_id).where(_receipt.c.label == bindparam("given_label"))
        ),
    )
)  # fmt: skip
_DONATION = (
    select(
        _donation.c.id, _donation.c.reference, _donation.c.state, _donation.c.amount_minor, _donation.c.currency,
        _donation.c.created_at, _donation.c.interval, _donation.c.fee_bearer, _donation.c.source,
        _appeal.c.slug, _appeal.c.title, _donation.c.email_sealed.is_not(None).label("is_mailed"),
        _donation.c.purpose_estimated,
    )
    .join(_appeal, _appeal.c.id == _donation.c.appeal_id)
    .where(_donation.c.id == bindparam("of_donation"))
)  # fmt: skip
_PARTS: dict[str, Select[Any]] = {
    "parts": select(_allocation)
    .where(_allocation.c.donation_id == bindparam("of_donation"))
    .order_by(_allocation.c.fund_id),
    "transactions": _of(_transaction, _transaction.c.created_at, _transaction.c.id),
    "refunds": select(_refund, _attempt.c.note, _attempt.c.requested_by)
    .outerjoin(_attempt, _attempt.c.refund_id == _refund.c.id)
    .where(_refund.c.payment_id == bindparam("of_payment"))
    .order_by(_refund.c.created_at, _refund.c.id),
    "attempts": _of(_attempt, _attempt.c.id).where(_attempt.c.state != "made"),
    "disputes": _of(_dispute, _dispute.c.created_at, _dispute.c.id),
    "warnings": _of(_warning, _warning.c.created_at, _warning.c.id),
    "receipts": select(_receipt.c.label, _receipt.c.state, _receipt.c.amount_minor, _receipt.c.currency,
                       _receipt.c.issued_at)
    .where(_receipt.c.donation_id == bindparam("of_donation"))
    .order_by(_receipt.c.series_id, _receipt.c.number),
    "postings": select(_posting, _entry.c.entry_date, _entry.c.idem_key, _entry.c.reverses)
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .where(_entry.c.source_type == "payment", _entry.c.source_id == bindparam("of_payment"))
    .order_by(_posting.c.entry_id, _posting.c.line)
    .limit(200),
    "owed": select(_posting.c.fund_id, _posting.c.currency, (-func.sum(_posting.c.amount_minor)).label("minor"))
    .where(_posting.c.account == 2020, _posting.c.clear_ref == bindparam("of_charge"))
    .group_by(_posting.c.fund_id, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) < 0)
    .order_by(_posting.c.fund_id),
}  # fmt: skip
