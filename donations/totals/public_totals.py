"""The public view of totals, calculated for one appeal or for many with the same few queries. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, AppealTotal, Fund, FundTotal, Organisation, PublishedTotal
from donations.money import Money
from donations.periods import period_end, period_of

DISCREET_MIN_COUNT = 10  # below it a discreet appeal does not say how many gave


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
    further: tuple[Money, ...] = ()  # goals beyond the first, smallest first

    @property
    def next_goal(self) -> Money | None:
        """The first further goal that is not reached yet, once the first one is."""
        if self.raised is None or self.goal is None or self.raised.minor < self.goal.minor:
            return None
        return next((goal for goal in self.further if goal.minor > self.raised.minor), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """The calculated figures of one period, before it is decided which of them are public."""

    by_fund: dict[str, int]
    also: dict[str, int]
    raised_minor: int
    donations: int
    version: int
    as_of: datetime


def public(appeal: Appeal, at: datetime) -> PublicTotal:
    """What the public sees now. For a discreet appeal every figure comes from the published snapshot."""
    return public_of([appeal], at)[0]


def public_of(appeals: Sequence[Appeal], at: datetime) -> list[PublicTotal]:
    """The same for many appeals at once, in their order."""
    organisation = Organisation.get()
    zone, today = ZoneInfo(organisation.timezone), organisation.day_of(at)
    starts = {appeal.id: period_of(appeal.period, today) for appeal in appeals}
    exact = calculate([appeal for appeal in appeals if not appeal.discreet], starts, zone)
    published = _snapshots([appeal for appeal in appeals if appeal.discreet], starts, zone)
    return [
        _shown(appeal, starts[appeal.id], (published if appeal.discreet else exact)[appeal.id], zone)
        for appeal in appeals
    ]


def calculate(appeals: Sequence[Appeal], starts: Mapping[int, date], zone: ZoneInfo) -> dict[int, Figures]:
    """The stored figures by appeal id, exact, each of the period that starts then. Not for the public of a discreet
    appeal."""
    if not appeals:
        return {}
    ids, days = [appeal.id for appeal in appeals], set(starts.values())
    rows = db.session.execute(
        select(Fund.appeal_id, Fund.slug, FundTotal.period_start, FundTotal.currency, FundTotal.raised_minor)
        .outerjoin(FundTotal, (FundTotal.fund_id == Fund.id) & FundTotal.period_start.in_(days))
        .where(Fund.appeal_id.in_(ids))
        .order_by(Fund.position, Fund.id)
    )
    sums = {appeal.id: _Sums(appeal.currency, starts[appeal.id]) for appeal in appeals}
    for appeal_id, slug, start, currency, minor in rows:
        assert appeal_id is not None, "these are funds of appeals"
        sums[appeal_id].add(slug, start, currency, minor)
    counted = {
        (appeal_id, start): (donations, version, as_of)
        for appeal_id, start, donations, version, as_of in db.session.execute(
            select(
                AppealTotal.appeal_id, AppealTotal.period_start, AppealTotal.donations, AppealTotal.version,
                AppealTotal.as_of,
            ).where(AppealTotal.appeal_id.in_(ids), AppealTotal.period_start.in_(days))
        )
    }  # fmt: skip
    nothing = {appeal.id: (0, 0, midnight(starts[appeal.id], zone)) for appeal in appeals}
    return {
        id: Figures(one.by_fund, one.also, sum(one.by_fund.values()), *counted.get((id, one.start), nothing[id]))
        for id, one in sums.items()
    }


@dataclass(slots=True)
class _Sums:
    """What the funds of one appeal have raised in one period: in its own currency, and in others."""

    currency: str
    start: date
    by_fund: dict[str, int] = field(default_factory=dict)
    also: dict[str, int] = field(default_factory=dict)

    def add(self, slug: str, start: date | None, currency: str | None, minor: int | None) -> None:
        self.by_fund.setdefault(slug, 0)
        if start != self.start or currency is None or minor is None:  # Nothing yet, or of another kind of period.
            return
        if currency == self.currency:
            self.by_fund[slug] += minor
        else:
            self.also[currency] = self.also.get(currency, 0) + minor


def _snapshots(appeals: Sequence[Appeal], starts: Mapping[int, date], zone: ZoneInfo) -> dict[int, Figures]:
    if not appeals:
        return {}
    ids = [appeal.id for appeal in appeals]
    published = select(PublishedTotal).where(PublishedTotal.appeal_id.in_(ids))
    rows = {row.appeal_id: row for row in db.session.scalars(published)}
    slugs: dict[int, list[str]] = {id: [] for id in ids}
    for fund in db.session.scalars(select(Fund).where(Fund.appeal_id.in_(ids)).order_by(Fund.position, Fund.id)):
        assert fund.appeal_id is not None
        slugs[fund.appeal_id].append(fund.slug)
    return {id: _snapshot(rows.get(id), slugs[id], starts[id], zone) for id in ids}


def _snapshot(row: PublishedTotal | None, slugs: list[str], start: date, zone: ZoneInfo) -> Figures:
    """What was published, if it is of this period; else nothing yet."""
    if row is not None and row.figures["period_start"] == start.isoformat():
        kept: dict[str, Any] = row.figures
        return Figures(kept["by_fund"], kept["also"], kept["raised_minor"], kept["donations"], row.version, row.as_of)
    none = dict.fromkeys(slugs, 0)
    as_of = row.as_of if row is not None else midnight(start, zone)
    return Figures(none, {}, 0, 0, row.version if row is not None else 0, as_of)


def _shown(appeal: Appeal, start: date, figures: Figures, zone: ZoneInfo) -> PublicTotal:
    shown = appeal.visibility == "shown"
    goal = Money(appeal.goal_minor, appeal.currency) if appeal.goal_minor else None
    few = appeal.discreet and figures.donations < DISCREET_MIN_COUNT
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
        # While amounts are hidden, not even the time or number of the last change may reveal that a donation arrived.
        as_of=figures.as_of if shown else midnight(start, zone),
        further=tuple(Money(minor, appeal.currency) for minor in appeal.stretch_minor) if shown else (),
        version=f"{figures.version}.{start:%Y%m%d}" if shown else f"hidden.{appeal.state}.{start:%Y%m%d}",
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
