"""Converge the entries of one source, of any kind, on its facts. After an entry was reversed, this posts what should
replace it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection

from donations import facts, giving, ledger
from donations.extensions import db
from donations.facts.upserts import TRANSACTION_COLUMNS
from donations.models import (
    Adjustment,
    BalanceTransaction,
    OfflineDonation,
    PayingInSlip,
    Payment,
    PaymentRequest,
    StatementLine,
)
from donations.reconciliation import (
    adjustments,
    balance_transactions,
    paying_in_slips,
    payment_requests,
    statement_line_entries,
)


def rebook(conn: Connection, source: tuple[str, int], *, actor: str, at: datetime) -> None:
    """Converge on what is known of a source (its type and id). One that is not there any more calls for
    nothing; one with another entry that was tampered with waits until that one is dealt with."""
    book = _BOOK.get(source[0])
    if book is not None and not ledger.has_tampered(conn, source):
        book(conn, source[1], actor, at)


def _payment(conn: Connection, payment_id: int, _actor: str, at: datetime) -> None:
    row = db.session.get(Payment, payment_id)
    if row is not None:
        giving.settle(conn, facts.lock_root(conn, row.charge_id, at=at), at=at)


def _transaction(conn: Connection, number: int, _actor: str, at: datetime) -> None:
    row = conn.execute(select(_balance_transaction).where(_balance_transaction.c.number == number)).first()
    if row is None:
        return
    if row.payment_id is not None:
        _payment(conn, row.payment_id, _actor, at)
    else:
        said = {name: getattr(row, name) for name in TRANSACTION_COLUMNS}
        balance_transactions.book_transaction(conn, facts.BalanceTransaction(charge_id=None, **said), at=at)


def _line(conn: Connection, line_id: int, _actor: str, at: datetime) -> None:
    if db.session.get(StatementLine, line_id) is not None:
        statement_line_entries.book_line(conn, line_id, at=at)


def _offline_donation(conn: Connection, offline_donation_id: int, _actor: str, at: datetime) -> None:
    donation = db.session.get(OfflineDonation, offline_donation_id)
    if donation is None:
        return
    if donation.state == "accepted" and donation.method in giving.offline_donations.BY_HAND:
        giving.offline_donations.book(conn, donation, at=at)
    else:  # Money from statement lines is posted with them; here only the receipt follows.
        with giving.offline_donations.following(conn, [offline_donation_id], at=at):
            pass


def _slip(conn: Connection, paying_in_slip_id: int, _actor: str, at: datetime) -> None:
    slip = db.session.get(PayingInSlip, paying_in_slip_id)
    if slip is not None and slip.paid_in_on is not None:
        paying_in_slips.book(conn, slip, at=at)


def _payment_request(conn: Connection, number: int, _actor: str, at: datetime) -> None:
    row = db.session.get(PaymentRequest, number)
    if row is not None:
        payment_requests.book(conn, row, at=at)


def _adjustment(conn: Connection, number: int, actor: str, at: datetime) -> None:
    row = db.session.get(Adjustment, number)
    if row is not None and row.state == "made":
        adjustments.book(conn, row, actor=actor, at=at)


_balance_transaction: Table = BalanceTransaction.__table__  # type: ignore[assignment]
_BOOK: dict[str, Callable[[Connection, int, str, datetime], None]] = {
    "payment": _payment,
    "balance_transaction": _transaction,
    "bank_line": _line,
    "offline_gift": _offline_donation,
    "slip": _slip,
    "disbursement": _payment_request,
    "adjustment": _adjustment,
}
