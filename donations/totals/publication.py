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
from donations.totals import areas, donation_counts
from donations.totals.public_totals import calculate
from donations.totals.stored_totals import raise_versions

DISCREET_STEP = 5  # major units a discreet total is rounded down to
PART_STEP = 50  # the same of what a fund or an area has: fewer people give to one of them
COUNT_STEP = 5  # donations
MIN_NEW = 3  # donations that must have come since a figure last changed, so that it tells of no single one
TICK_SECONDS = 15 * 60
Counts = dict[str, int]


def publish(appeal: Appeal, at: datetime, *, all_known: bool = False) -> None:
    """The tick of a discreet appeal: its figures, rounded down, become the public ones until the next tick. Each figure
    changes only where MIN_NEW donations to what it is of have come since it last did. `all_known` says that the exact
    figures were public until now, so that there is nothing to hold back."""
    organisation = Organisation.get()
    start = period_of(appeal.period, organisation.day_of(at))
    figures = calculate([appeal], {appeal.id: start}, ZoneInfo(organisation.timezone))[appeal.id]
    new = {
        "raised_minor": _rounded(figures.raised_minor, appeal.currency, DISCREET_STEP),
        "donations": figures.donations - figures.donations % COUNT_STEP,
        "by_fund": {slug: _rounded(minor, appeal.currency, PART_STEP) for slug, minor in figures.by_fund.items()},
        "also": {currency: _rounded(minor, currency, DISCREET_STEP) for currency, minor in figures.also.items()},
        "by_area": {
            str(id): _rounded(minor, appeal.currency, PART_STEP) for id, minor in areas.calculate(appeal, start).items()
        },
    }
    row = db.session.get(PublishedTotal, appeal.id)
    if row is None:
        row = PublishedTotal(appeal_id=appeal.id, version=0, as_of=at)
        db.session.add(row)
    came = {"appeal": figures.donations, **donation_counts.counts(db.session.connection(), appeal)}
    if not all_known:
        new, came = _held_back(new, came, _before(row, start, came))
    row.figures = {"period_start": start.isoformat(), **new, "came": came}
    row.version, row.as_of = row.version + 1, max(row.as_of, at)  # The time never goes back, even when a clock does.


def _before(row: PublishedTotal, start: date, came: Counts) -> dict[str, Any]:
    """The snapshot that is public now. An appeal without one has had no donations. In a new period its donations are
    counted again; after a version without such counts, all earlier donations count as shown."""
    if not row.version:
        return {}
    if row.figures["period_start"] != start.isoformat():
        return {"came": {**came, "appeal": 0}}
    return {"came": came, **row.figures}


def _held_back(new: dict[str, Any], came: Counts, old: dict[str, Any]) -> tuple[dict[str, Any], Counts]:
    """The figures to be shown, and what had come when each last changed."""
    shown: dict[str, Any] = {}
    counted: Counts = {}

    def choose(kind: str, name: str, value: int, before: int) -> int:
        key = f"{kind}:{name}" if name else kind
        since = old.get("came", {}).get(key, 0)
        is_due = came.get(key, 0) - since >= MIN_NEW
        counted[key] = came.get(key, 0) if is_due else since
        return value if is_due else before

    for name in ("raised_minor", "donations"):
        shown[name] = choose("appeal", "", new[name], old.get(name, 0))
    for group in ("by_fund", "also", "by_area"):
        before = old.get(group, {})
        shown[group] = {one: choose(group, one, value, before.get(one, 0)) for one, value in new[group].items()}
    return shown, counted


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
        publish(appeal, at, all_known=True)


def _rounded(minor: int, currency: str, units: int) -> int:
    step = units * 10 ** exponent(currency)
    return int(minor - minor % step)
