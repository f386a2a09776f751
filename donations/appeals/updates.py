"""Updates of an appeal: draft, edit, publish and withdraw one, and list those the public may read. No commit here; the
mails are in subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from donations import approvals
from donations.appeals.file_error import Fault
from donations.appeals.file_table import Table
from donations.errors import AlreadyDone, DraftChanged, NeedsAnotherToPublish, SentBefore, UpdateNotFound
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Organisation
from donations.models.base import MAX_ID

Texts = dict[str, str]


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


def find(appeal: Appeal, update_id: int, *, for_change: bool = False) -> AppealUpdate:
    """Any update of this appeal, for those who run it. Raises UpdateNotFound."""
    update = db.session.get(AppealUpdate, min(update_id, MAX_ID), with_for_update=for_change)
    if update is None or update.appeal_id != appeal.id:
        raise UpdateNotFound()
    return update


def faults(title: Texts, text: Texts, languages: Sequence[str]) -> list[Fault]:
    """What keeps these texts from being an update, by the rules of an appeals file."""
    table = Table({key: told for key, told in (("title", title), ("text", text)) if told}, "", [])
    for key in ("title", "text"):
        table.texts(key, languages, required=True)
    return [fault for fault in table.faults if isinstance(fault, Fault)]


def begun_with(form_key: str) -> AppealUpdate | None:
    return db.session.scalar(select(AppealUpdate).where(AppealUpdate.form_key == form_key))


def write(appeal: Appeal, title: Texts, text: Texts, *, form_key: str, by: str) -> AppealUpdate:
    """Create an update that only staff see yet, or find the one that the same form created before. Raises SentBefore if
    the form holds something else now, DraftChanged if another organiser wrote one at the same moment."""
    known = begun_with(form_key)
    if known is not None:
        if (known.appeal_id, known.title, known.text) != (appeal.id, title, text):
            raise SentBefore()
        return known
    of_appeal = AppealUpdate.appeal_id == appeal.id
    last = db.session.scalar(select(func.max(AppealUpdate.position)).where(of_appeal)) or 0
    update = AppealUpdate(
        appeal_id=appeal.id, position=last + 1, title=title, text=text, written_by=by, form_key=form_key
    )
    try:
        with db.session.begin_nested():
            db.session.add(update)
    except IntegrityError as error:  # Another organiser wrote one at the same moment.
        raise DraftChanged() from error
    return update


def edit(update: AppealUpdate, title: Texts, text: Texts, *, by: str, at: datetime) -> bool:
    """Change the text of an update. Returns whether anything changed. Raises NeedsAnotherToPublish for a published one
    where two people are needed: withdraw it and write another."""
    if (update.title, update.text) == (title, text):
        return False
    if update.published_at is not None and Organisation.get().publish_needs_second:
        raise NeedsAnotherToPublish()
    update.title, update.text, update.written_by = title, text, by
    update.changed_at = at if update.published_at is not None else None
    return True


def may_post(update: AppealUpdate, who: str, at: datetime) -> bool:
    return not Organisation.get().publish_needs_second or approvals.are_two(update.written_by, who, at)


def post(update: AppealUpdate, *, by: str, at: datetime) -> bool:
    """Let the public read it, and its followers be mailed. Whether anything changed; again it changes nothing.

    Raises AlreadyDone for one that was withdrawn, NeedsAnotherToPublish."""
    if update.withdrawn_at is not None:
        raise AlreadyDone()
    if update.published_at is not None:
        return False
    if not may_post(update, by, at):
        raise NeedsAnotherToPublish()
    update.published_at = at
    return True


def withdraw(update: AppealUpdate, at: datetime) -> bool:
    """Take it back, posted or not; mails that have not gone out stay. Whether anything changed."""
    if update.withdrawn_at is not None:
        return False
    update.withdrawn_at = at
    return True
