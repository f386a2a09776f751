"""Counts for organisers: updates not yet published, and subscribers by appeal. Drafts are in drafts,
messages in giving."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from donations.extensions import db
from donations.models import AppealUpdate, Subscriber


@dataclass(slots=True)
class Waiting:
    updates: int = 0
    followers: int = 0


def waiting_for_somebody() -> dict[int, Waiting]:
    """By appeal id, of those where anything waits or anybody follows."""
    found: dict[int, Waiting] = {}
    unposted = select(AppealUpdate.appeal_id, func.count()).where(
        AppealUpdate.published_at.is_(None), AppealUpdate.withdrawn_at.is_(None)
    )
    for appeal_id, count in db.session.execute(unposted.group_by(AppealUpdate.appeal_id)):
        found.setdefault(appeal_id, Waiting()).updates = count
    following = select(Subscriber.appeal_id, func.count()).where(Subscriber.state == "confirmed")
    for appeal_id, count in db.session.execute(following.group_by(Subscriber.appeal_id)):
        found.setdefault(appeal_id, Waiting()).followers = count
    return found
