"""Whose money a payout is: its parts by fund, from its members as they are booked, or, where Stripe names no members,
from an estimate that is kept as a fact."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, insert, select, text
from sqlalchemy.engine import Connection

from donations.bookkeeping import Parts
from donations.models import Payout, PayoutShare
from donations.money import apportion


def lock_payout(conn: Connection, payout_id: str) -> Any:
    """The payout's row, locked for the rest of the transaction; None if nothing was said of it yet."""
    return conn.execute(_LOCK, {"of_payout": payout_id}).first()


def parts_of(conn: Connection, payout: Any) -> Parts:
    """(fund id, minor units) of a payout, positive towards the bank; empty while that is not known. What the parts lack
    of the payout's amount is unexplained."""
    if payout is None:
        return ()
    if payout.automatic and payout.members_listed:
        rows = conn.execute(_OF_MEMBERS, {"of_payout": payout.id, "currency": payout.currency})
        return tuple((fund_id, int(minor)) for fund_id, minor in rows if minor)
    if has_members(payout):
        return ()
    return tuple((row.fund_id, row.amount_minor) for row in conn.execute(_ESTIMATED, {"of_payout": payout.id}))


def has_members(payout: Any) -> bool:
    """Whether Stripe lists what a payout is made of: not for one made by hand, nor for one that takes from the bank."""
    return bool(payout.automatic and payout.amount_minor > 0)


def estimate(conn: Connection, payout: Any) -> None:
    """Row 6b: lay a payout without members over the funds that had money at Stripe (or, where it takes from the bank,
    that owed some), in proportion, and keep that as a fact. Once only."""
    if has_members(payout) or conn.execute(_ESTIMATED, {"of_payout": payout.id}).first() is not None:
        return
    sign = 1 if payout.amount_minor > 0 else -1
    held = conn.execute(_AT_STRIPE, {"currency": payout.currency}).all()
    weights = [(fund_id, sign * int(minor)) for fund_id, minor in held if sign * minor > 0]
    if not weights:
        return
    parts = apportion(abs(payout.amount_minor), [weight for _, weight in weights])
    shares = zip(weights, parts, strict=True)
    conn.execute(
        insert(PayoutShare),
        [{"payout_id": payout.id, "fund_id": fund, "amount_minor": sign * part} for (fund, _), part in shares if part],
    )


_payout: Table = Payout.__table__  # type: ignore[assignment]
_LOCK = select(_payout).where(_payout.c.id == bindparam("of_payout")).with_for_update()
_ESTIMATED = (
    select(PayoutShare.fund_id, PayoutShare.amount_minor)
    .where(PayoutShare.payout_id == bindparam("of_payout"))
    .order_by(PayoutShare.fund_id)
)
# Every member has its entry under a key of its own; a reversal has the same key with a word behind it.
_OF_MEMBERS = text(
    r"SELECT p.fund_id, sum(p.amount_minor) FROM balance_transaction b"
    r" JOIN entry e ON e.idem_key IN ('bt\:' || b.id, 'bt\:' || b.id || '\:reversed')"
    r" JOIN posting p ON p.entry_id = e.id"
    r" WHERE b.payout_id = :of_payout AND p.account = 1100 AND p.currency = :currency"
    r" GROUP BY p.fund_id ORDER BY p.fund_id"
)
_AT_STRIPE = text(
    "SELECT fund_id, sum(amount_minor) FROM posting WHERE account = 1100 AND currency = :currency"
    " GROUP BY fund_id ORDER BY fund_id"
)
