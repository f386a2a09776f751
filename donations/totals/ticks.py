"""When what the public sees of a total changes for another reason than money: the tick of a discreet appeal, and a
change of state, visibility or goal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from donations.extensions import db
from donations.models import Appeal, Organisation, PublishedTotal
from donations.money import exponent
from donations.periods import period_of
from donations.totals import areas
from donations.totals.moving import raise_versions
from donations.totals.reckoning import reckon

DISCREET_STEP = 5  # major units a discreet total is rounded down to
TICK_SECONDS = 15 * 60


def publish(appeal: Appeal, at: datetime) -> None:
    """The tick of a discreet appeal: the figures, rounded down, become the public ones until the next tick."""
    organisation = Organisation.get()
    start = period_of(appeal.period, organisation.day_of(at))
    figures = reckon([appeal], {appeal.id: start}, ZoneInfo(organisation.timezone))[appeal.id]
    by_area = areas.reckon(appeal, start)
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
        "by_area": {str(id): _rounded(minor, appeal.currency) for id, minor in by_area.items()},
    }
    row.version, row.as_of = row.version + 1, max(row.as_of, at)  # The time never goes back, even when a clock does.


def published_areas(appeal: Appeal, start: date) -> dict[int, int]:
    """What a discreet appeal shows of its areas until the next tick; nothing of another period than this one."""
    row = db.session.get(PublishedTotal, appeal.id)
    if row is None or row.figures["period_start"] != start.isoformat():
        return {}
    kept: Any = row.figures.get("by_area", {})
    return {int(id): minor for id, minor in kept.items()}


def touch(appeal: Appeal, *, at: datetime) -> None:
    """Raise the public version because something other than money changed: state, visibility, goal."""
    start = period_of(appeal.period, Organisation.get().day_of(at))
    raise_versions(db.session.connection(), {(appeal.id, start): 0}, at)
    published = db.session.get(PublishedTotal, appeal.id)
    if published is not None:
        published.version += 1
    elif appeal.discreet:  # Its first snapshot: of a new appeal, or of one whose total was public until now.
        publish(appeal, at)


def _rounded(minor: int, currency: str) -> int:
    step = DISCREET_STEP * 10 ** exponent(currency)
    return int(minor - minor % step)
