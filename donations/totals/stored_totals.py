"""The stored totals, moved by the lines that were just posted, in the transaction that posts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.ledger import Posted
from donations.models import Appeal, AppealTotal, Fund, FundTotal
from donations.periods import period_of
from donations.prepared import Prepared, upsert


def apply(
    conn: Connection,
    posted: Iterable[Posted],
    *,
    counted: Mapping[tuple[int, date], int],
    homes: Mapping[int, tuple[int, str | None]],
    at: datetime,
) -> None:
    """Move the stored totals by the lines just posted, and the counts by `counted` (appeal id, period -> +1 or -1).
    `homes` holds the appeal and period of funds already known. Rows are locked in order of fund id."""
    homes = {**homes, **homes_of(conn, {line.line.fund_id for line in posted} - homes.keys())}
    moved: dict[tuple[int, date, str], int] = defaultdict(int)
    appeals: dict[tuple[int, date], int] = defaultdict(int, counted)
    for one in posted:
        home = homes.get(one.line.fund_id)
        if one.line.account not in PUBLIC_ACCOUNTS or home is None:
            continue
        start = period_of(home[1], one.entry_date)
        moved[one.line.fund_id, start, one.line.currency] -= one.line.minor
        appeals[home[0], start] += 0
    if add_to_funds(conn, moved) or any(counted.values()):
        raise_versions(conn, appeals, at)


def add_to_funds(conn: Connection, moved: Mapping[tuple[int, date, str], int]) -> bool:
    """Move what is stored of funds (fund id, period, currency) by so many minor units. Returns whether anything
    moved."""
    changes = [(key, minor) for key, minor in sorted(moved.items()) if minor]
    if changes:
        _ADD_TO_FUND.run_many(
            conn,
            [
                {"fund_id": fund_id, "period_start": start, "currency": currency, "raised_minor": minor}
                for (fund_id, start, currency), minor in changes
            ],
        )
    return bool(changes)


def raise_versions(conn: Connection, appeals: Mapping[tuple[int, date], int], at: datetime) -> None:
    """A new version of each of these totals (appeal id, period), and so many donations more or less in it."""
    _ADD_TO_APPEAL.run_many(
        conn,
        [
            {"appeal_id": appeal_id, "period_start": start, "donations": count, "version": 1, "as_of": at}
            for (appeal_id, start), count in sorted(appeals.items())
        ],
    )


def homes_of(conn: Connection, fund_ids: set[int]) -> dict[int, tuple[int, str | None]]:
    """The appeal and period of each of these funds that has an appeal."""
    homes = {}
    for fund_id in fund_ids:
        home = _HOME.first(conn, {"of_fund": fund_id})
        if home is not None:
            homes[fund_id] = (home.id, home.period)
    return homes


_HOME = Prepared(
    select(Appeal.id, Appeal.period).join(Fund, Fund.appeal_id == Appeal.id).where(Fund.id == bindparam("of_fund"))
)
_fund_total: Table = FundTotal.__table__  # type: ignore[assignment]
_appeal_total: Table = AppealTotal.__table__  # type: ignore[assignment]


def _insert(dialect: str, table: Table) -> Any:
    return upsert(dialect, table).values({column.name: bindparam(column.name) for column in table.columns})


def _add_to_fund(dialect: str) -> Any:
    statement = _insert(dialect, _fund_total)
    return statement.on_conflict_do_update(
        index_elements=["fund_id", "period_start", "currency"],
        set_={"raised_minor": _fund_total.c.raised_minor + statement.excluded.raised_minor},
    )


def _add_to_appeal(dialect: str) -> Any:
    """The time of a version never goes back, even when a clock does."""
    statement = _insert(dialect, _appeal_total)
    old, new = _appeal_total.c.as_of, statement.excluded.as_of
    return statement.on_conflict_do_update(
        index_elements=["appeal_id", "period_start"],
        set_={
            "donations": _appeal_total.c.donations + statement.excluded.donations,
            "version": _appeal_total.c.version + 1,
            "as_of": case((new > old, new), else_=old),
        },
    )


_ADD_TO_FUND, _ADD_TO_APPEAL = Prepared(_add_to_fund), Prepared(_add_to_appeal)
