"""What an appeal tells its supporters as time goes on: post, mend and withdraw an update, and the updates the public
may read. No commit here; who is mailed is in following."""

from __future__ import annotations

from sqlalchemy import select

from donations.errors import UpdateNotFound
from donations.extensions import db
from donations.models import Appeal, AppealUpdate
from donations.models.base import MOST_ID


def shown(appeal: Appeal, most: int) -> list[AppealUpdate]:
    """The updates the public may read, newest first. Whether the appeal itself is shown, the caller has asked."""
    is_public = (AppealUpdate.published_at.is_not(None), AppealUpdate.withdrawn_at.is_(None))
    wanted = select(AppealUpdate).where(AppealUpdate.appeal_id == appeal.id, *is_public)
    newest = (AppealUpdate.published_at.desc(), AppealUpdate.position.desc())
    return list(db.session.scalars(wanted.order_by(*newest).limit(most)))


def all_of(appeal: Appeal, most: int) -> list[AppealUpdate]:
    """Every update, written, posted or withdrawn, for those who run it; the newest first."""
    wanted = select(AppealUpdate).where(AppealUpdate.appeal_id == appeal.id)
    return list(db.session.scalars(wanted.order_by(AppealUpdate.position.desc()).limit(most)))


def find_shown(appeal: Appeal, update_id: int) -> AppealUpdate:
    """Raises UpdateNotFound, also for one that was never posted, was withdrawn or belongs to another appeal."""
    update = find(appeal, update_id)
    if not update.is_public:
        raise UpdateNotFound()
    return update


def find(appeal: Appeal, update_id: int) -> AppealUpdate:
    """Any update of this appeal, for those who run it. Raises UpdateNotFound."""
    update = db.session.get(AppealUpdate, min(update_id, MOST_ID))
    if update is None or update.appeal_id != appeal.id:
        raise UpdateNotFound()
    return update
