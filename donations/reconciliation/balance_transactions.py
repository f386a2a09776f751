"""Post balance transactions: for their payment, for their payout, or each for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, and_, bindparam, select, text
from sqlalchemy.engine import Connection

from donations import alarms, facts, giving, ledger
from donations.bookkeeping import OF_A_CHARGE, PAYOUT_CATEGORIES, Wanted, entry_for, entry_of_payout
from donations.facts import BalanceTransaction, Classified, Payout
from donations.models import BalanceTransaction as BalanceTransactionRow
from donations.models import Classification, Payment
from donations.models import Payout as PayoutRow
from donations.money import Money
from donations.prepared import Prepared
from donations.reconciliation import payout_allocation, statement_line_entries
from donations.stripe_statuses import PayoutStatus

LOOKED_AFTER_FOR = timedelta(days=120)


def book_transaction(conn: Connection, transaction: BalanceTransaction, *, at: datetime) -> None:
    """Record a balance transaction and post what follows. One of a charge not known yet waits for it."""
    known = facts.record_transaction(conn, transaction, at=at)
    if known is not None:
        giving.settle(conn, known, at=at)
    elif transaction.reporting_category in PAYOUT_CATEGORIES and transaction.source_id is not None:
        book_payout(conn, transaction.source_id, at=at)
    elif transaction.reporting_category not in OF_A_CHARGE:
        house = facts.load_house(conn)
        row = _LOCK.one(conn, {"of_movement": transaction.id})
        said = Classified(row.account, row.fund_id) if row.account is not None else None
        wanted = entry_for(
            replace(transaction, classified=said),
            general_fund_id=house.general_fund_id,
            suspense_fund_id=house.suspense_fund_id,
        )
        _converge(conn, house, row.number, wanted, at=at)


def book_again(conn: Connection, balance_transaction_id: str, *, at: datetime) -> None:
    """Post a known balance transaction again, because something was decided about it, and the payout it is a member of,
    whose parts may have changed."""
    row = conn.execute(_BY_ID, {"of_movement": balance_transaction_id}).one()
    if row.charge_id is not None:
        giving.settle(conn, facts.lock_root(conn, row.charge_id, at=at), at=at)
    else:
        book_transaction(conn, _transaction(row), at=at)
    if row.payout_id is not None:
        book_payout(conn, row.payout_id, at=at)


def book_payout(conn: Connection, payout_id: str, *, at: datetime) -> None:
    """Converge the ledger on what is known of a payout now: whose money it was, that it failed, the statement line it
    was matched to. A failed payout undoes its match: a person must look at the statement line."""
    house, payout = facts.load_house(conn), payout_allocation.lock_payout(conn, payout_id)
    if payout is not None:
        payout_allocation.estimate(conn, payout)
    parts = payout_allocation.parts_of(conn, payout)
    for row in conn.execute(_OF_PAYOUT, {"of_payout": payout_id}).all():
        wanted = entry_of_payout(
            _transaction(row), parts, general_fund_id=house.general_fund_id, suspense_fund_id=house.suspense_fund_id
        )
        _converge(conn, house, row.number, wanted, at=at)
    if payout is not None and PayoutStatus.of(payout.status).has_come_back:
        statement_line_entries.undo_automatic(conn, "payout", payout_id, by="stripe", at=at)
    statement_line_entries.book_matched(conn, "payout", payout_id, at=at)
    if payout is not None and payout.original_id is None:
        for taken_back_by in conn.scalars(_TAKEN_BACK_BY, {"of_payout": payout_id}).all():
            book_payout(conn, taken_back_by, at=at)


def record_payout(conn: Connection, payout: Payout, *, at: datetime) -> None:
    """Record a payout and post what follows. Treasurers are told of one to a new bank account: someone may have changed
    the account at Stripe."""
    facts.record_payout(conn, payout)
    told = {"of_payout": payout.id, "of_currency": payout.currency}
    before = set(conn.scalars(_DESTINATIONS, told)) if payout.destination else set()
    if before and payout.destination not in before:
        amount = Money(payout.amount_minor, payout.currency)
        about = {"id": payout.id, "amount": amount, "destination": payout.destination, "currency": payout.currency}
        name = f"payout destination {payout.destination}"
        alarms.sound(conn, name, alarms.Kind.PAYOUT_DESTINATION, about, at=at, once=True)
    book_payout(conn, payout.id, at=at)


def book_drifted_payouts(conn: Connection, *, at: datetime) -> int:
    """Post again the recent payouts whose parts are no longer what was posted: their members were listed since, a
    decision moved one of them to another fund, or what is known of the moment they were made has changed. Returns how
    many."""
    told = {"since": at - LOOKED_AFTER_FOR}
    drifted = list(conn.scalars(_DRIFTED, told).all())
    for payout_id in drifted:
        book_payout(conn, payout_id, at=at)
    for payout in conn.execute(_WITHOUT_MEMBERS, told).all():  # The oldest first: each counts for the next.
        if payout_allocation.estimated_now(conn, payout) is not None:
            book_payout(conn, payout.id, at=at)
            drifted.append(payout.id)
    return len(drifted)


def _converge(conn: Connection, house: Any, number: int, wanted: Sequence[Wanted], *, at: datetime) -> None:
    zone = ZoneInfo(house.timezone)
    ledger.converge(
        conn,
        ("balance_transaction", number),
        wanted,
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=house.closed_until,
    )


def _transaction(row: Any) -> BalanceTransaction:
    return BalanceTransaction(charge_id=None, **{name: getattr(row, name) for name in facts.TRANSACTION_COLUMNS})


_table: Table = BalanceTransactionRow.__table__  # type: ignore[assignment]
_payment: Table = Payment.__table__  # type: ignore[assignment]
_classification: Table = Classification.__table__  # type: ignore[assignment]
_LOCK = Prepared(
    select(_table.c.number, _classification.c.account, _classification.c.fund_id)
    .outerjoin(
        _classification,
        and_(_classification.c.balance_transaction_id == _table.c.id, _classification.c.state == "made"),
    )
    .where(_table.c.id == bindparam("of_movement"))
    .with_for_update(of=_table)
)
_BY_ID = (
    select(_table, _payment.c.charge_id)
    .outerjoin(_payment, _payment.c.id == _table.c.payment_id)
    .where(_table.c.id == bindparam("of_movement"))
)
_OF_PAYOUT = (
    select(_table)
    .where(_table.c.source_id == bindparam("of_payout"), _table.c.reporting_category.in_(sorted(PAYOUT_CATEGORIES)))
    .order_by(_table.c.created_at, _table.c.id)
)
_payout: Table = PayoutRow.__table__  # type: ignore[assignment]
_TAKEN_BACK_BY = (
    select(_payout.c.id).where(_payout.c.original_id == bindparam("of_payout")).order_by(_payout.c.created_at)
)
_DESTINATIONS = select(_payout.c.destination).where(
    _payout.c.currency == bindparam("of_currency"), _payout.c.id != bindparam("of_payout"),
    _payout.c.destination.is_not(None),
)  # fmt: skip
_WITHOUT_MEMBERS = (
    select(_payout)
    .where(_payout.c.created_at > bindparam("since", type_=_payout.c.created_at.type))
    .where(~_payout.c.estimate_kept, _payout.c.original_id.is_(None))
    .order_by(_payout.c.created_at, _payout.c.id)
)
# A payout's own entries say by fund what is in transit; its members' entries say what it is made of.
_DRIFTED = text(
    r"WITH late AS (SELECT id, currency FROM payout WHERE members_listed AND automatic AND created_at > :since),"
    r" booked AS (SELECT o.id AS payout_id, p.fund_id, sum(p.amount_minor) AS minor FROM late o"
    r" JOIN balance_transaction b ON b.source_id = o.id AND b.reporting_category = 'payout'"
    r" JOIN entry e ON e.idem_key IN ('bt\:' || b.id, 'bt\:' || b.id || '\:reversed')"
    r" JOIN posting p ON p.entry_id = e.id AND p.account = 1120 GROUP BY o.id, p.fund_id),"
    r" made_of AS (SELECT o.id AS payout_id, p.fund_id, sum(p.amount_minor) AS minor FROM late o"
    r" JOIN balance_transaction b ON b.payout_id = o.id"
    r" JOIN entry e ON e.idem_key IN ('bt\:' || b.id, 'bt\:' || b.id || '\:reversed')"
    r" JOIN posting p ON p.entry_id = e.id AND p.account = 1100 AND p.currency = o.currency"
    r" GROUP BY o.id, p.fund_id)"
    r" SELECT DISTINCT d.payout_id FROM (SELECT payout_id, fund_id, minor FROM booked"
    r" UNION ALL SELECT payout_id, fund_id, -minor FROM made_of) d"
    r" WHERE d.fund_id NOT IN (SELECT id FROM fund WHERE kind = 'suspense')"
    r" AND EXISTS (SELECT 1 FROM booked x WHERE x.payout_id = d.payout_id)"
    r" GROUP BY d.payout_id, d.fund_id HAVING sum(d.minor) <> 0"
).bindparams(bindparam("since", type_=_payout.c.created_at.type))
