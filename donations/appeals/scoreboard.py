"""The progress of an appeal's areas towards their targets: raised, target, and the amount expected by today. The areas
and donations without an area always add up to the appeal's public total. Presentation is in web/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from donations import totals
from donations.appeals import goals
from donations.errors import AppealNotFound
from donations.models import Appeal, Area, GoalChange, Organisation
from donations.money import Money
from donations.periods import period_of
from donations.totals import PublicTotal, areas


@dataclass(frozen=True, slots=True)
class TargetChange:
    """A target that was another one before, changed on a day of this period."""

    on: date
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class AreaStanding:
    """`due` is where the area should be by the end of today; `changes` are those of this period, the latest first. Who
    is not on the list any more has no target."""

    name: str
    raised: Money
    target: Money | None
    due: Money | None
    changes: tuple[TargetChange, ...]

    @property
    def percent(self) -> int | None:
        """Floored; past 100 when it is."""
        return None if self.target is None else max(0, self.raised.minor * 100 // self.target.minor)

    @property
    def is_reached(self) -> bool:
        return self.target is not None and self.raised.minor >= self.target.minor

    @property
    def is_on_pace(self) -> bool:
        return self.due is None or self.raised.minor >= self.due.minor

    @property
    def short_by(self) -> Money | None:
        """What is missing to where it should be today."""
        if self.due is None or self.is_on_pace:
            return None
        return Money(self.due.minor - self.raised.minor, self.due.currency)


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """`areas` with the one that leads first. Days are counted in the organisation's zone, today as passed; None without
    a period, and where the appeal is closed."""

    total: PublicTotal
    areas: tuple[AreaStanding, ...]
    rest: Money
    days: int | None
    days_passed: int | None
    version: str

    @property
    def raised(self) -> Money:
        assert self.total.raised is not None, "a scoreboard is shown with its amounts only"
        return self.total.raised

    @property
    def days_left(self) -> int | None:
        return None if self.days is None or self.days_passed is None else self.days - self.days_passed

    @property
    def missing(self) -> Money | None:
        """What the appeal as a whole still needs; None without a goal."""
        goal = self.total.goal
        return None if goal is None else Money(max(0, goal.minor - self.raised.minor), goal.currency)

    @property
    def leader(self) -> AreaStanding | None:
        """The first area, if any has raised something."""
        first = next((one for one in self.areas if one.target is not None), None)
        return first if first is not None and first.raised.minor > 0 else None


def of(appeal: Appeal, at: datetime) -> Scoreboard:
    """What the public sees now; of a discreet appeal from its published snapshot. Raises AppealNotFound for one without
    areas, and for one whose amounts are not shown."""
    if not appeal.areas or appeal.visibility != "shown":
        raise AppealNotFound()
    today = Organisation.get().day_of(at)
    start = period_of(appeal.period, today)
    total = totals.public(appeal, at)
    raised = totals.published_areas(appeal, start) if appeal.discreet else totals.calculate_areas(appeal, start)
    days, passed = _days(total, today)
    changed = _changes(appeal, start)
    shown = [
        _standing(area, raised.get(area.id, 0), appeal.currency, days, passed, changed.get(area.name, ()))
        for area in areas.all_of(appeal)
        if area.is_listed or raised.get(area.id)
    ]
    assert total.raised is not None
    return Scoreboard(
        total=total,
        areas=tuple(sorted(shown, key=lambda one: (one.target is None, -(one.percent or 0)))),
        rest=Money(total.raised.minor - sum(one.raised.minor for one in shown), appeal.currency),
        days=days,
        days_passed=passed,
        version=f"{total.version}.{today:%Y%m%d}",
    )


def _standing(
    area: Area, minor: int, currency: str, days: int | None, passed: int | None, changes: Sequence[TargetChange]
) -> AreaStanding:
    raised = Money(minor, currency)
    if not area.is_listed:
        return AreaStanding(area.name, raised, None, None, ())
    due = Money(area.target_minor * passed // days, currency) if days and passed is not None else None
    return AreaStanding(area.name, raised, Money(area.target_minor, currency), due, tuple(changes))


def _days(total: PublicTotal, today: date) -> tuple[int | None, int | None]:
    """How many days the period has, and how many have passed by the end of today."""
    if total.period_start is None or total.period_end is None or total.state == "closed":
        return None, None
    return (total.period_end - total.period_start).days + 1, (today - total.period_start).days + 1


def _changes(appeal: Appeal, start: date) -> dict[str, list[TargetChange]]:
    """By area. One that came on the list, or went, is no change of a target."""
    found: dict[str, list[TargetChange]] = {}
    for change in goals.history(appeal):
        if change.area and change.before_minor and change.after_minor and change.valid_from >= start:
            found.setdefault(change.area, []).append(_told(change))
    return found


def _told(change: GoalChange) -> TargetChange:
    return TargetChange(
        change.valid_from,
        Money(change.before_minor or 0, change.currency),
        Money(change.after_minor or 0, change.currency),
    )
