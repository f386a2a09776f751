"""When the public total of an appeal reached a part of its goal. Only public figures are looked at, so what a discreet
appeal tells moves with its tick."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, Milestone
from donations.periods import NO_PERIOD
from donations.totals.public_totals import PublicTotal, public_of

STEPS = (25, 50, 75, 100, 150, 200, 300, 400, 500)  # percent of the goal


def note(at: datetime) -> int:
    """Record the milestones that running appeals have newly reached. Returns their number."""
    running = db.session.scalars(
        select(Appeal).where(Appeal.state.in_(("open", "paused")), Appeal.goal_minor.is_not(None))
    ).all()
    rows = db.session.execute(select(Milestone.appeal_id, Milestone.period_start, Milestone.percent))
    known = {(row.appeal_id, row.period_start, row.percent) for row in rows}
    noted = 0
    for appeal, total in zip(running, public_of(running, at), strict=True):
        for percent in STEPS:
            reached = (appeal.id, start_of(total), percent)
            if total.percent is not None and total.percent >= percent and reached not in known:
                id, start, _ = reached
                db.session.add(Milestone(appeal_id=id, period_start=start, percent=percent, reached_at=at))
                noted += 1
    return noted


def reached(appeal: Appeal, total: PublicTotal) -> list[Milestone]:
    """Those of the current period, latest first. One that a refund has undone is not shown while it is."""
    if total.percent is None:
        return []
    return list(
        db.session.scalars(
            select(Milestone)
            .where(Milestone.appeal_id == appeal.id, Milestone.period_start == start_of(total))
            .where(Milestone.percent <= total.percent)
            .order_by(Milestone.percent.desc())
        )
    )


def start_of(total: PublicTotal) -> date:
    return total.period_start or NO_PERIOD
