"""Receipts and payments of each fund over a period: what it had, what came in and went out, what it has and where that
is. Calculated from the postings alone, so that it always adds up; how it looks on paper is not known here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, case, func, select
from sqlalchemy.engine import Connection

from donations.bookkeeping.accounts import DISBURSEMENTS_UNPAID, OPENING, TRANSFERS, Group, accounts_of
from donations.models import Entry, Posting

# Receipts and payments by account: what a fund receives is a credit. A payment out counts when it is sent: until then
# its money is in hand and committed. Transfers are told apart by their direction, below.
FLOWS = {
    "online": accounts_of(Group.ONLINE),
    "offline": accounts_of(Group.OFFLINE),
    "refunds": accounts_of(Group.REFUNDS),
    "chargebacks": accounts_of(Group.CHARGEBACKS),
    "fees": accounts_of(Group.FEES),
    "disbursed": accounts_of(Group.DISBURSED, Group.COMMITTED),
    "other": accounts_of(Group.OTHER),
}
# Where the money is; what is owed to people outside is taken off.
PLACES = {group.name.lower(): group.value for group in Group if group.holds_money}
_HELD = frozenset(account for accounts in PLACES.values() for account in accounts)


@dataclass(frozen=True, slots=True)
class FundStatement:
    """One fund in one currency, in minor units: opening + flows = closing = all places together. `committed` is the
    part of the closing balance that is promised and not sent yet."""

    fund_id: int
    currency: str
    opening: int
    flows: dict[str, int]
    closing: int
    places: dict[str, int]
    committed: int


def of_period(conn: Connection, since: date, until: date) -> list[FundStatement]:
    """The statements of all funds that ever moved anything up to the last day, in order of currency and fund; of the
    one for unidentified money too, which comes to nothing with what is owed for it and still lies somewhere. Both days
    count."""
    before: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    during: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for row in conn.execute(_by_account(since, until)):
        before[row.currency, row.fund_id][row.account] = int(row.before)
        during[row.currency, row.fund_id][row.account] = int(row.during)
    transfers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in conn.execute(_transfers(since, until)):
        transfers[row.currency, row.fund_id].append(-int(row.minor))
    return [_statement(place, before[place], during[place], transfers[place]) for place in sorted(before)]


def _statement(
    place: tuple[str, int], before: dict[int, int], during: dict[int, int], transfers: list[int]
) -> FundStatement:
    currency, fund_id = place
    # Opening balances posted in this period count as there before it.
    opening = _sum(before, tuple(_HELD)) - during.get(OPENING, 0)
    flows = {name: -_sum(during, accounts) for name, accounts in FLOWS.items()}
    flows["transfers_in"] = sum(minor for minor in transfers if minor > 0)
    flows["transfers_out"] = sum(minor for minor in transfers if minor < 0)
    after = {account: before[account] + during[account] for account in before}
    places = {name: _sum(after, accounts) for name, accounts in PLACES.items()}
    closing = sum(places.values())
    assert opening + sum(flows.values()) == closing, "every posting is in the statement"
    return FundStatement(fund_id, currency, opening, flows, closing, places, -after.get(DISBURSEMENTS_UNPAID, 0))


def _sum(of_account: dict[int, int], accounts: tuple[int, ...]) -> int:
    return sum(of_account.get(account, 0) for account in accounts)


def _by_account(since: date, until: date) -> Any:
    amount, is_before = _posting.c.amount_minor, _entry.c.entry_date < since
    return (
        select(
            _posting.c.currency,
            _posting.c.fund_id,
            _posting.c.account,
            func.sum(case((is_before, amount), else_=0)).label("before"),
            func.sum(case((is_before, 0), else_=amount)).label("during"),
        )
        .join_from(_posting, _entry)
        .where(_entry.c.entry_date <= until)
        .group_by(_posting.c.currency, _posting.c.fund_id, _posting.c.account)
    )


def _transfers(since: date, until: date) -> Any:
    """Grouped by source, so that a reversed one comes to nothing and not to one in and one out."""
    cause = (_entry.c.source_type, _entry.c.source_id)
    return (
        select(_posting.c.currency, _posting.c.fund_id, func.sum(_posting.c.amount_minor).label("minor"))
        .join_from(_posting, _entry)
        .where(_posting.c.account == TRANSFERS, _entry.c.entry_date.between(since, until))
        .group_by(_posting.c.currency, _posting.c.fund_id, *cause)
    )


_entry: Table = Entry.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
