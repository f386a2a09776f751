"""The history of goals: what an appeal wanted to raise, and what its areas had taken on, on any day. How much
was raised is in totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, GoalChange, Organisation


@dataclass(frozen=True, slots=True)
class Standing:
    """The goals of one appeal at one moment: its own and those of its areas by name."""

    appeal_id: int
    goal_minor: int | None
    areas: dict[str, int]


def standing(appeal: Appeal | None = None) -> Iterator[Standing]:
    """The goals as they are now, of one appeal or of all."""
    for each in [appeal] if appeal is not None else db.session.scalars(select(Appeal)):
        yield Standing(each.id, each.goal_minor, {area.name: area.target_minor for area in each.areas})


def note_changes(before: Iterable[Standing], *, by: str, at: datetime, reason: str = "") -> list[GoalChange]:
    """Keep every change of a goal since `before`. It is valid from the day of `at` on. A goal that an appeal was made
    with is no change."""
    today = Organisation.get().day_of(at)
    found = []
    for old in before:
        appeal = db.session.get_one(Appeal, old.appeal_id)
        common = {"appeal_id": appeal.id, "currency": appeal.currency, "valid_from": today, "reason": reason}
        for area, was, now in _changed(old, next(standing(appeal))):
            amounts = {"area": area, "before_minor": was, "after_minor": now}
            found.append(GoalChange(**common, **amounts, changed_by=by, changed_at=at))
    db.session.add_all(found)
    return found


def history(appeal: Appeal) -> list[GoalChange]:
    """Every change of the appeal's goal and of its areas' parts, the newest first."""
    newest = (GoalChange.changed_at.desc(), GoalChange.id.desc())
    return list(db.session.scalars(select(GoalChange).where(GoalChange.appeal_id == appeal.id).order_by(*newest)))


def goal_on(appeal: Appeal, day: date) -> int | None:
    """What the appeal wanted to raise on that day, in minor units."""
    return _on(appeal, None, day, appeal.goal_minor)


def area_target_on(appeal: Appeal, area: str, day: date) -> int | None:
    """What an area had taken on on that day, in minor units; None if it was not on the list."""
    current = next((one.target_minor for one in appeal.areas if one.name == area), None)
    return _on(appeal, area, day, current)


def _on(appeal: Appeal, area: str | None, day: date, current: int | None) -> int | None:
    """The goals that the first change after the day ended; without a change, the present ones."""
    later = (
        select(GoalChange)
        .where(GoalChange.appeal_id == appeal.id, GoalChange.area == area if area else GoalChange.area.is_(None))
        .where(GoalChange.valid_from > day)
        .order_by(GoalChange.valid_from, GoalChange.changed_at, GoalChange.id)
    )
    change = db.session.scalar(later.limit(1))
    return current if change is None else change.before_minor


def _changed(old: Standing, new: Standing) -> Iterator[tuple[str | None, int | None, int | None]]:
    """(area or None, before, after) of each that differs."""
    if old.goal_minor != new.goal_minor:
        yield None, old.goal_minor, new.goal_minor
    for name in [*old.areas, *(name for name in new.areas if name not in old.areas)]:
        if old.areas.get(name) != new.areas.get(name):
            yield name, old.areas.get(name), new.areas.get(name)
