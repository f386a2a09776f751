"""What the treasury's first page asks: what came in week by week, and the postings behind a figure. Each is one query;
the balances of funds are in balances.py, what waits for a person is in to_do/. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, and_, bindparam, cast, func, or_, select
from sqlalchemy.engine import Connection

from donations.models import DailyTotalSnapshot, Entry, Payment, Posting
from donations.models.base import BigInt

WEEKS = 26
PAGE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Week:
    """The income of a week, from Monday, in minor units of one currency: donations less refunds."""

    starts_on: date
    card_minor: int
    offline_minor: int

    @property
    def minor(self) -> int:
        return self.card_minor + self.offline_minor


def income_by_week(conn: Connection, currency: str, until: date) -> list[Week]:
    """The last weeks up to that day, oldest first, with those in which nothing came."""
    last = until - timedelta(days=until.weekday())
    starts = [last - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    sums: dict[tuple[date, bool], int] = {}
    for day, account, minor in _income(conn, currency, starts[0], until):
        key = (day - timedelta(days=day.weekday()), account == 4010)
        sums[key] = sums.get(key, 0) - minor
    return [Week(start, sums.get((start, False), 0), sums.get((start, True), 0)) for start in starts]


def _income(conn: Connection, currency: str, since: date, until: date) -> Iterator[Any]:
    """(day, account, minor units): what the marks have, and what was posted since."""
    marked = conn.execute(_MARKED_INCOME).all()
    posted = conn.execute(_INCOME, {"through": marked[0].through if marked else 0})
    for row in (*marked, *posted):
        if row.currency == currency and since <= row.entry_date <= until:
            yield row.entry_date, row.account, int(row.amount_minor)


def by_account(conn: Connection, fund_id: int) -> list[Any]:
    """(account, currency, minor units) of a fund, those that are not nothing."""
    return list(conn.execute(_BY_ACCOUNT, {"of_fund": fund_id}))


def not_cleared(conn: Connection, accounts: Sequence[int]) -> list[Any]:
    """(account, what it clears, fund id, currency, minor units) that are open on these accounts, for a person to decide
    about."""
    return list(conn.execute(_NOT_CLEARED.where(_posting.c.account.in_(accounts))))


def postings(
    conn: Connection, fund_id: int, currency: str, accounts: Sequence[int], before: tuple[int, int] | None = None
) -> list[Any]:
    """Postings of a fund, the newest entries first: at most PAGE_LENGTH and one more, which shows that there are
    others. `before` is the entry and line after which the page continues."""
    asked = _POSTINGS.where(_posting.c.account.in_(accounts)) if accounts else _POSTINGS
    if before:
        entry, line = before
        asked = asked.where(
            or_(_posting.c.entry_id < entry, and_(_posting.c.entry_id == entry, _posting.c.line > line))
        )
    told = {"of_fund": fund_id, "of_currency": currency}
    return list(conn.execute(asked.limit(PAGE_LENGTH + 1), told))


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_posting, _entry, _payment = _table(Posting), _table(Entry), _table(Payment)
_GIVEN = (4000, 4010, 4050, 4060, 4070)
# By their entries and nothing else: the sum keeps SQLite from walking the index by account, which holds every posting.
_INCOME = (
    select(_entry.c.entry_date, _posting.c.account, _posting.c.currency, _posting.c.amount_minor)
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .where(_posting.c.entry_id > bindparam("through"), (_posting.c.account + 0).in_(_GIVEN))
)
# All its days, so that `through` is known even if none of them is asked for.
_MARKED_INCOME = select(DailyTotalSnapshot.__table__).where(DailyTotalSnapshot.account.in_(_GIVEN))
_BY_ACCOUNT = (
    select(_posting.c.account, _posting.c.currency, cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"))
    .where(_posting.c.fund_id == bindparam("of_fund"))
    .group_by(_posting.c.account, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .order_by(_posting.c.account, _posting.c.currency)
)
_NOT_CLEARED = (
    select(
        _posting.c.account,
        _posting.c.clear_ref,
        _posting.c.fund_id,
        _posting.c.currency,
        cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"),
    )
    .where(_posting.c.clear_ref.is_not(None))
    .group_by(_posting.c.account, _posting.c.clear_ref, _posting.c.fund_id, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .order_by(_posting.c.account, _posting.c.clear_ref, _posting.c.fund_id)
    .limit(500)
)
_POSTINGS = (
    select(
        _posting.c.entry_id, _posting.c.line, _posting.c.account, _posting.c.amount_minor, _posting.c.clear_ref,
        _entry.c.entry_date, _entry.c.fact_date, _entry.c.kind, _entry.c.idem_key, _entry.c.reverses,
        _payment.c.charge_id,
    )
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .outerjoin(_payment, and_(_entry.c.source_type == "payment", _payment.c.id == _entry.c.source_id))
    .where(_posting.c.fund_id == bindparam("of_fund"), _posting.c.currency == bindparam("of_currency"))
    .order_by(_posting.c.entry_id.desc(), _posting.c.line)
)  # fmt: skip
