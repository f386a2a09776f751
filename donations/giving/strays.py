"""Balance transactions that belong to no payment, each booked by itself: Stripe's own fees, payouts, reserves."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from donations import facts, ledger
from donations.bookkeeping import OF_A_CHARGE, entry_for
from donations.giving.settling import settle
from donations.models import BalanceTransaction
from donations.prepared import Prepared


def book_movement(conn: Connection, movement: facts.Movement, *, at: datetime) -> None:
    """Write a balance transaction and book what follows: for its payment, or for itself. One that comes from a charge
    not known yet waits for it."""
    known = facts.record_movement(conn, movement, at=at)
    if known is not None:
        settle(conn, known, at=at)
    elif movement.reporting_category not in OF_A_CHARGE:
        _book_alone(conn, movement, at=at)


def _book_alone(conn: Connection, movement: facts.Movement, *, at: datetime) -> None:
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    number = _LOCK.one(conn, {"of_movement": movement.id}).number
    wanted = entry_for(movement, general_fund_id=house.general_fund_id, suspense_fund_id=house.suspense_fund_id)
    ledger.converge(
        conn,
        ("balance_transaction", number),
        wanted,
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=house.closed_until,
    )


_LOCK = Prepared(
    select(BalanceTransaction.number).where(BalanceTransaction.id == bindparam("of_movement")).with_for_update()
)
