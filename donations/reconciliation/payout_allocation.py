"""Whose money a payout is: its parts by fund, from its members as they are booked, or, where Stripe names no members,
from an estimate that is kept as a fact."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, text
from sqlalchemy.engine import Connection

from donations.bookkeeping import Parts
from donations.models import Payout, PayoutShare
from donations.money import apportion
from donations.stripe_statuses import Reconciliation


def lock_payout(conn: Connection, payout_id: str) -> Any:
    """The payout's row, locked for the rest of the transaction; None if it was not reported yet."""
    return conn.execute(_LOCK, {"of_payout": payout_id}).first()


def parts_of(conn: Connection, payout: Any) -> Parts:
    """(fund id, minor units) of a payout, positive towards the bank; empty while that is not known. What the parts lack
    of the payout's amount is unexplained."""
    if payout is None:
        return ()
    if payout.original_id is not None:
        return _taken_back(conn, payout)
    if payout.automatic and payout.members_listed:
        rows = conn.execute(_OF_MEMBERS, {"of_payout": payout.id, "currency": payout.currency})
        return tuple((fund_id, int(minor)) for fund_id, minor in rows if minor)
    if has_members(payout):
        return ()
    return tuple((row.fund_id, row.amount_minor) for row in conn.execute(_ESTIMATED, {"of_payout": payout.id}))


def has_members(payout: Any) -> bool:
    """Whether Stripe lists what a payout is made of: not for one made by hand or at once, nor for one that takes from
    the bank."""
    is_listed = Reconciliation.of(payout.reconciliation_status) is not Reconciliation.NOT_APPLICABLE
    return bool(payout.automatic and payout.amount_minor > 0 and is_listed)


def is_estimated(payout: Any) -> bool:
    """Whether its division over the funds can only be an estimate."""
    return payout.original_id is None and not has_members(payout)


def _taken_back(conn: Connection, payout: Any) -> Parts:
    """A payout that takes another one back has its parts, the other way round."""
    original = conn.execute(_OF_ID, {"of_payout": payout.original_id}).first()
    if original is None or original.original_id is not None:
        return ()
    whole = parts_of(conn, original)
    if payout.amount_minor == -original.amount_minor:
        return tuple((fund_id, -minor) for fund_id, minor in whole)
    parts = [(fund_id, minor) for fund_id, minor in whole if minor > 0]
    if not parts:
        return ()
    back = apportion(-payout.amount_minor, [minor for _, minor in parts])
    return tuple((fund_id, -minor) for (fund_id, _), minor in zip(parts, back, strict=True))


def estimate(conn: Connection, payout: Any) -> bool:
    """Row 6b: allocate a payout without members to the funds that had money at Stripe when it was made (or, where it
    takes from the bank, that owed some), in proportion, and keep that as a fact; allocate again where what is known of
    that moment has changed. False if nothing did. The caller holds the payout's lock, and posts it."""
    new = estimated_now(conn, payout)
    if new is None:
        return False
    conn.execute(delete(PayoutShare).where(PayoutShare.payout_id == payout.id))
    rows = [{"payout_id": payout.id, "fund_id": fund, "amount_minor": minor} for fund, minor in new]
    if rows:
        conn.execute(insert(PayoutShare), rows)
    return True


def estimated_now(conn: Connection, payout: Any) -> Parts | None:
    """What the estimate of a payout would be by all that is known now; None where it is that already, or stays as it
    is for ever."""
    if not is_estimated(payout) or payout.estimate_kept:
        return None
    asked = {"currency": payout.currency, "of_payout": payout.id, "made_at": payout.created_at}
    held = {fund_id: int(minor) for fund_id, minor in conn.execute(_AT_STRIPE, {"currency": payout.currency})}
    for fund_id, minor in conn.execute(_NOT_YET_AT_STRIPE, asked):
        held[fund_id] = held.get(fund_id, 0) - int(minor)
    sign = 1 if payout.amount_minor > 0 else -1
    weights = [(fund_id, sign * held[fund_id]) for fund_id in sorted(held) if sign * held[fund_id] > 0]
    parts = apportion(abs(payout.amount_minor), [weight for _, weight in weights]) if weights else []
    new = tuple((fund, sign * part) for (fund, _), part in zip(weights, parts, strict=True) if part)
    kept = tuple((row.fund_id, row.amount_minor) for row in conn.execute(_ESTIMATED, {"of_payout": payout.id}))
    return None if new == kept else new


_payout: Table = Payout.__table__  # type: ignore[assignment]
_LOCK = select(_payout).where(_payout.c.id == bindparam("of_payout")).with_for_update()
_OF_ID = select(_payout).where(_payout.c.id == bindparam("of_payout"))
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
# What came to the Stripe balance after a payout was made, or with it. Of two payouts made in the same second neither
# counts for the other.
_NOT_YET_AT_STRIPE = text(
    r"SELECT p.fund_id, sum(p.amount_minor) FROM balance_transaction b"
    r" JOIN entry e ON e.idem_key IN ('bt\:' || b.id, 'bt\:' || b.id || '\:reversed')"
    r" JOIN posting p ON p.entry_id = e.id"
    r" WHERE p.account = 1100 AND p.currency = :currency AND (b.created_at > :made_at OR b.source_id = :of_payout"
    r" OR (b.created_at = :made_at AND b.reporting_category IN ('payout', 'payout_reversal')))"
    r" GROUP BY p.fund_id"
).bindparams(bindparam("made_at", type_=_payout.c.created_at.type))
