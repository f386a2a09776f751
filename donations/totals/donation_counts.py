"""How many donations each fund, area and other currency of an appeal has had: of a discreet appeal a figure changes
only when several have come."""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.models import Appeal, Donation, Entry, Fund, Posting

_entry: Table = Entry.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
_fund: Table = Fund.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]


def counts(conn: Connection, appeal: Appeal) -> dict[str, int]:
    """By "by_fund:<slug>", "also:<currency>" and "by_area:<id>": how many have ever come, with those given
    back. Money is counted by the payment, offline donation or statement line that it came by."""
    own = _posting.c.currency == appeal.currency
    sources = (
        select(_entry.c.source_id, _fund.c.slug, _posting.c.currency, own.label("own"))
        .join_from(_posting, _entry, _entry.c.id == _posting.c.entry_id)
        .join(_fund, _fund.c.id == _posting.c.fund_id)
        .where(_fund.c.appeal_id == appeal.id, _posting.c.account.in_(sorted(PUBLIC_ACCOUNTS)))
        .distinct()
        .subquery()
    )
    number = func.count(sources.c.source_id.distinct())
    by_fund = select(sources.c.slug, number).where(sources.c.own).group_by(sources.c.slug)
    found = {f"by_fund:{slug}": count for slug, count in conn.execute(by_fund)}
    also = select(sources.c.currency, number).where(~sources.c.own).group_by(sources.c.currency)
    found |= {f"also:{currency}": count for currency, count in conn.execute(also)}
    by_area = (
        select(_donation.c.area_id, func.count())
        .where(
            _donation.c.appeal_id == appeal.id, _donation.c.area_id.is_not(None), _donation.c.settled_at.is_not(None)
        )
        .group_by(_donation.c.area_id)
    )
    return found | {f"by_area:{area_id}": count for area_id, count in conn.execute(by_area)}
