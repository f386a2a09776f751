"""What an appeal has raised: one public definition, one version, the published snapshot. Every number the public sees
comes from `public`, and is kept in step with the ledger in the transaction that posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, case, select
from sqlalchemy.engine import Connection

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.extensions import db
from donations.ledger import Posted
from donations.models import Appeal, AppealTotal, Fund, FundTotal, Organisation, PublishedTotal
from donations.money import Money, exponent
from donations.periods import period_end, period_of
from donations.prepared import Prepared, upsert

DISCREET_STEP = 5  # major units a discreet total is rounded down to
DISCREET_LEAST_COUNT = 10  # below it a discreet appeal does not say how many gave
TICK_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class PublicTotal:
    """What the public may see of an appeal's total. `amounts_shown` is False while amounts are hidden: then every
    figure is None or empty. `donations` is None below 10 for a discreet appeal."""

    slug: str
    state: str
    currency: str
    amounts_shown: bool
    discreet: bool
    raised: Money | None
    goal: Money | None
    percent: int | None  # floored; past 100 when it is; None without a goal
    donations: int | None
    also: tuple[Money, ...]  # money settled in other currencies
    funds: tuple[tuple[str, Money], ...]  # (fund slug, raised in the appeal's currency)
    period_start: date | None
    period_end: date | None  # the last day of the period
    as_of: datetime
    version: str  # opaque; changes when anything above changes; good as an ETag


@dataclass(frozen=True, slots=True)
class Figures:
    """The reckoned figures of one period, before anyone decides what of them is public."""

    by_fund: dict[str, int]
    also: dict[str, int]
    raised_minor: int
    donations: int
    version: int
    as_of: datetime


def public(appeal: Appeal, at: datetime) -> PublicTotal:
    """What the public sees now. For a discreet appeal every figure comes from the published snapshot."""
    organisation = Organisation.get()
    start = period_of(appeal.period, organisation.day_of(at))
    zone = ZoneInfo(organisation.timezone)
    figures = _snapshot(appeal, start, zone) if appeal.discreet else reckon(appeal, start, zone)
    shown = appeal.visibility == "shown"
    goal = Money(appeal.goal_minor, appeal.currency) if appeal.goal_minor else None
    few = appeal.discreet and figures.donations < DISCREET_LEAST_COUNT
    also = [Money(minor, currency) for currency, minor in sorted(figures.also.items()) if minor]
    return PublicTotal(
        slug=appeal.slug,
        state=appeal.state,
        currency=appeal.currency,
        amounts_shown=shown,
        discreet=appeal.discreet,
        raised=Money(figures.raised_minor, appeal.currency) if shown else None,
        goal=goal if shown else None,
        percent=max(0, figures.raised_minor * 100 // goal.minor) if goal and shown else None,
        donations=figures.donations if shown and not few else None,
        also=tuple(also) if shown else (),
        funds=tuple((slug, Money(minor, appeal.currency)) for slug, minor in figures.by_fund.items()) if shown else (),
        period_start=start if appeal.period else None,
        period_end=period_end(appeal.period, start) if appeal.period else None,
        # While amounts are hidden, not even the time or number of the last change may tell that a gift arrived.
        as_of=figures.as_of if shown else _midnight(start, zone),
        version=f"{figures.version}.{start:%Y%m%d}" if shown else f"hidden.{appeal.state}.{start:%Y%m%d}",
    )


def reckon(appeal: Appeal, start: date, zone: ZoneInfo) -> Figures:
    """The stored figures of one period, exact. Not for the public of a discreet appeal."""
    rows = db.session.execute(
        select(Fund.slug, FundTotal.currency, FundTotal.raised_minor)
        .outerjoin(FundTotal, (FundTotal.fund_id == Fund.id) & (FundTotal.period_start == start))
        .where(Fund.appeal_id == appeal.id)
        .order_by(Fund.position, Fund.id)
    ).all()
    by_fund = {slug: 0 for slug, _, _ in rows}
    also: dict[str, int] = defaultdict(int)
    for slug, currency, minor in rows:
        if currency == appeal.currency:
            by_fund[slug] += minor
        elif currency is not None:
            also[currency] += minor
    total = db.session.get(AppealTotal, (appeal.id, start))
    if total is None:
        return Figures(by_fund, dict(also), sum(by_fund.values()), 0, 0, _midnight(start, zone))
    return Figures(by_fund, dict(also), sum(by_fund.values()), total.donations, total.version, total.as_of)


def publish(appeal: Appeal, at: datetime) -> None:
    """The tick of a discreet appeal: the figures, rounded down, become the public ones until the next tick."""
    organisation = Organisation.get()
    start = period_of(appeal.period, organisation.day_of(at))
    figures = reckon(appeal, start, ZoneInfo(organisation.timezone))
    row = db.session.get(PublishedTotal, appeal.id)
    if row is None:
        row = PublishedTotal(appeal_id=appeal.id, version=0, as_of=at)
        db.session.add(row)
    row.figures = {
        "period_start": start.isoformat(),
        "by_fund": {slug: _rounded(minor, appeal.currency) for slug, minor in figures.by_fund.items()},
        "also": {currency: _rounded(minor, currency) for currency, minor in figures.also.items()},
        "raised_minor": _rounded(figures.raised_minor, appeal.currency),
        "donations": figures.donations,
    }
    row.version, row.as_of = row.version + 1, max(row.as_of, at)  # The time never goes back, even when a clock does.


def touch(appeal: Appeal, *, at: datetime) -> None:
    """Raise the public version because something other than money changed: state, visibility, goal."""
    start = period_of(appeal.period, Organisation.get().day_of(at))
    _raise_versions(db.session.connection(), {(appeal.id, start): 0}, at)
    published = db.session.get(PublishedTotal, appeal.id)
    if published is not None:
        published.version += 1
    elif appeal.discreet:  # Its first snapshot: of a new appeal, or of one whose total was public until now.
        publish(appeal, at)


def apply(
    conn: Connection,
    posted: Iterable[Posted],
    *,
    counted: Mapping[tuple[int, date], int],
    homes: Mapping[int, tuple[int, str | None]],
    at: datetime,
) -> None:
    """Move the stored totals by the lines just posted, and the counts by `counted` (appeal id, period -> +1 or -1).
    `homes` says of funds already known which appeal and period they belong to. Rows are locked in order of fund id."""
    homes = {**homes, **_homes(conn, {line.line.fund_id for line in posted} - homes.keys())}
    moved: dict[tuple[int, date, str], int] = defaultdict(int)
    appeals: dict[tuple[int, date], int] = defaultdict(int, counted)
    for one in posted:
        home = homes.get(one.line.fund_id)
        if one.line.account not in PUBLIC_ACCOUNTS or home is None:
            continue
        start = period_of(home[1], one.entry_date)
        moved[one.line.fund_id, start, one.line.currency] -= one.line.minor
        appeals[home[0], start] += 0
    changes = [(key, minor) for key, minor in sorted(moved.items()) if minor]
    if changes:
        _ADD_TO_FUND.run_many(
            conn,
            [
                {"fund_id": fund_id, "period_start": start, "currency": currency, "raised_minor": minor}
                for (fund_id, start, currency), minor in changes
            ],
        )
    if changes or any(counted.values()):
        _raise_versions(conn, appeals, at)


def _raise_versions(conn: Connection, appeals: Mapping[tuple[int, date], int], at: datetime) -> None:
    _ADD_TO_APPEAL.run_many(
        conn,
        [
            {"appeal_id": appeal_id, "period_start": start, "donations": count, "version": 1, "as_of": at}
            for (appeal_id, start), count in sorted(appeals.items())
        ],
    )


def _snapshot(appeal: Appeal, start: date, zone: ZoneInfo) -> Figures:
    row = db.session.get(PublishedTotal, appeal.id)
    if row is not None and row.figures["period_start"] == start.isoformat():
        kept: dict[str, Any] = row.figures
        return Figures(kept["by_fund"], kept["also"], kept["raised_minor"], kept["donations"], row.version, row.as_of)
    none = {fund.slug: 0 for fund in appeal.funds}
    as_of = row.as_of if row is not None else _midnight(start, zone)
    return Figures(none, {}, 0, 0, row.version if row is not None else 0, as_of)


def _rounded(minor: int, currency: str) -> int:
    step = DISCREET_STEP * 10 ** exponent(currency)
    return int(minor - minor % step)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _homes(conn: Connection, fund_ids: set[int]) -> dict[int, tuple[int, str | None]]:
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
