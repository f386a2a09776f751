"""What each fund has, and where it is: calculated from the postings alone, for the dashboard, the approvals and the
exports alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.engine import Connection

from donations.bookkeeping.accounts import AVAILABLE, Group, accounts_of
from donations.models import BalanceSnapshot, Fund, Posting

# What the columns of a fund are made of. A `-` turns the sign: income and what is owed are credits. A row adds up:
# raised + moved - fees - paid_out + other = held, and held = at_stripe + in_transit + in_hand + in_bank + owed.
COLUMNS = {
    "raised": (
        -1, accounts_of(Group.ONLINE, Group.OFFLINE, Group.REFUNDS, Group.CHARGEBACKS, Group.IN_DISPUTE),
    ),
    "moved": (-1, accounts_of(Group.OPENING, Group.TRANSFERS)),
    "fees": (1, accounts_of(Group.FEES)),
    "paid_out": (1, accounts_of(Group.DISBURSED, Group.COMMITTED)),
    "other": (-1, accounts_of(Group.OTHER)),
    "held": (1, accounts_of(Group.AT_STRIPE, Group.IN_TRANSIT, Group.IN_HAND, Group.IN_BANK, Group.OWED)),
    "at_stripe": (1, accounts_of(Group.AT_STRIPE)),
    "in_transit": (1, accounts_of(Group.IN_TRANSIT)),
    "in_hand": (1, accounts_of(Group.IN_HAND)),
    "in_bank": (1, accounts_of(Group.IN_BANK)),
    "owed": (1, accounts_of(Group.OWED)),
    "in_dispute": (1, accounts_of(Group.IN_DISPUTE)),
    "committed": (-1, accounts_of(Group.COMMITTED)),
    "free": (1, AVAILABLE),
}  # fmt: skip
# Columns that most organisations have nothing in: left out where they would be empty.
RARE = ("moved", "other", "in_hand", "owed", "in_dispute", "committed")


@dataclass(frozen=True, slots=True)
class FundBalance:
    """One fund in one currency, in minor units, by the names of COLUMNS."""

    fund_id: int
    currency: str
    figures: dict[str, int]


def columns_shown(found: Iterable[FundBalance]) -> dict[str, tuple[int, tuple[int, ...]]]:
    """The columns that a table of these balances needs: all but the rare ones that would be empty."""
    balances = list(found)
    return {
        name: made_of for name, made_of in COLUMNS.items() if name not in RARE or any(b.figures[name] for b in balances)
    }


def of_funds(conn: Connection, fund_ids: Iterable[int] | None = None) -> list[FundBalance]:
    """The balances of these funds, or of all that have a posting, in order of fund and currency: what the marks have,
    and what was posted since."""
    marked = conn.execute(_MARKED).all()
    since = conn.execute(_SINCE, {"through": marked[0].through if marked else 0}).all()
    chosen = None if fund_ids is None else set(fund_ids)
    accounts: dict[tuple[int, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in (*marked, *since):
        if chosen is None or row.fund_id in chosen:
            accounts[row.fund_id, row.currency][row.account] += int(row.amount_minor)
    suspense = conn.scalar(_SUSPENSE)
    return [
        FundBalance(fund_id, currency, _figures(of_account, is_in_suspense=fund_id == suspense))
        for (fund_id, currency), of_account in sorted(accounts.items())
    ]


def free(conn: Connection, fund_id: int, currency: str) -> int:
    """What a fund has free, in minor units: never more than this is paid out or moved (I9). Of what lies in suspense,
    nothing."""
    if fund_id == conn.scalar(_SUSPENSE):
        return 0
    return int(conn.execute(_FREE, {"of_fund": fund_id, "of_currency": currency}).scalar_one())


def _figures(of_account: dict[int, int], *, is_in_suspense: bool) -> dict[str, int]:
    figures = {name: _sum(of_account, *made_of) for name, made_of in COLUMNS.items()}
    return {**figures, "free": 0} if is_in_suspense else figures


def _sum(of_account: dict[int, int], sign: int, accounts: tuple[int, ...]) -> int:
    return sign * sum(of_account.get(account, 0) for account in accounts)


_posting: Table = Posting.__table__  # type: ignore[assignment]
_SUSPENSE = select(Fund.id).where(Fund.kind == "suspense")
# The sum keeps SQLite from walking the index by fund, which holds every posting there is.
_OF_FUND = ((_posting.c.fund_id + 0).label("fund_id"), _posting.c.currency, _posting.c.account)
# The marks in one query, so that they are of one moment; then everything behind them, which only ever grows.
_MARKED = select(BalanceSnapshot.__table__)
_SINCE = (
    select(*_OF_FUND, func.sum(_posting.c.amount_minor).label("amount_minor"))
    .where(_posting.c.entry_id > bindparam("through"))
    .group_by(*_OF_FUND)
)
_FREE = select(func.coalesce(func.sum(_posting.c.amount_minor), 0)).where(
    _posting.c.fund_id == bindparam("of_fund"),
    _posting.c.currency == bindparam("of_currency"),
    _posting.c.account.in_(AVAILABLE),
)
