"""What organisers write of an appeal before the public sees it: keep it, look at it, publish it, throw it away. The
rules of what may be written are those of an appeals file. No commit here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from donations import approvals
from donations.appeals import file, file_conflicts, file_writer, goals, loader, wordings
from donations.appeals.file import ReadAppeal
from donations.appeals.file_error import N_, Fault
from donations.appeals.file_writer import Values
from donations.errors import (
    BadAppealsFile,
    DraftChanged,
    DraftNotFound,
    NeedsAnotherToPublish,
    ReasonNeeded,
    WordingNeedsAnother,
    WordingReasonNeeded,
)
from donations.extensions import db
from donations.models import Appeal, AppealDraft, AppealEvent, Area, Fund, GoalChange, Organisation
from donations.models.base import MAX_ID


def find(number: int, *, for_change: bool = False) -> AppealDraft:
    """Raises DraftNotFound."""
    draft = db.session.get(AppealDraft, min(number, MAX_ID), with_for_update=for_change)
    if draft is None:
        raise DraftNotFound()
    return draft


def of_appeal(appeal: Appeal) -> AppealDraft | None:
    return db.session.scalar(select(AppealDraft).where(AppealDraft.appeal_id == appeal.id))


def waiting() -> list[AppealDraft]:
    """Every draft, the oldest first."""
    return list(db.session.scalars(select(AppealDraft).order_by(AppealDraft.written_at, AppealDraft.id)))


def begun_with(form_key: str) -> AppealDraft | None:
    return db.session.scalar(select(AppealDraft).where(AppealDraft.form_key == form_key))


def faults(written: Values, appeal: Appeal | None) -> list[Fault]:
    """What keeps this from being published, each with its key path below the appeal, like `funds[0].slug`."""
    read = _read(written)
    as_known = _read({**written, "slug": appeal.slug}) if appeal is not None else read
    found = [*read.faults, *file_conflicts.find(as_known), *_address_faults(written, appeal)]
    return [_below(fault) for fault in found if isinstance(fault, Fault)]


def keep(
    written: Values, appeal: Appeal | None, draft: AppealDraft | None, *, version: int, form_key: str, reason: str,
    by: str, at: datetime,
) -> AppealDraft:  # fmt: skip
    """Store a draft in which `faults` found nothing. `version` is that of the draft it was written over, 0 for
    none. Raises DraftChanged if another organiser has saved meanwhile, ReasonNeeded for a new goal without its reason,
    WordingReasonNeeded for a new wording without one while money lies in the funds."""
    if (draft.version if draft is not None else 0) != version:
        raise DraftChanged()
    if appeal is not None and not reason and _goal_differs(written, appeal):
        raise ReasonNeeded()
    is_there_already = draft is not None and _wording_of(written) == _wording_of(draft.values)
    if appeal is not None and not reason and not is_there_already and _breaks_promise(written, appeal):
        raise WordingReasonNeeded()  # Of what was written before money came, publishing asks for it.
    if draft is None:
        draft = AppealDraft(appeal_id=appeal.id if appeal else None, form_key=form_key, version=0, values={})
    draft.wording_by = _who_changed_wording(written, appeal, draft, by)
    draft.values, draft.reason = written, reason
    draft.base_sha256 = file_writer.hash_of(file_writer.of(appeal)) if appeal is not None else ""
    draft.version, draft.written_by, draft.written_at = draft.version + 1, by, at
    try:
        with db.session.begin_nested():
            db.session.add(draft)
    except IntegrityError as error:  # Another organiser began one at the same moment.
        raise DraftChanged() from error
    return draft


def base_of(draft: AppealDraft) -> str:
    """The hash of what is published now, over which the draft would go; empty for a new appeal."""
    return file_writer.hash_of(file_writer.of(draft.appeal)) if draft.appeal is not None else ""


def may_publish(draft: AppealDraft, who: str, at: datetime) -> bool:
    """Where publishing needs a second person, not the one who wrote the last change; where two people must agree to a
    new wording, not the one who wrote it."""
    if Organisation.get().publish_needs_second and not approvals.are_two(draft.written_by, who, at):
        return False
    needs_second = breaks_promise(draft) and _two_must_agree()
    return not needs_second or approvals.are_two(_wrote_wording(draft), who, at)


def breaks_promise(draft: AppealDraft) -> bool:
    """Whether it changes the wording under which money that still lies in the funds was given."""
    return draft.appeal is not None and _breaks_promise(draft.values, draft.appeal)


def publish(draft: AppealDraft, *, version: int, by: str, at: datetime) -> tuple[Appeal, list[GoalChange]]:
    """Bring the appeal to what the draft says; a new one is opened. `version` is what its publisher has looked at.

    Raises NeedsAnotherToPublish, WordingNeedsAnother, WordingReasonNeeded; DraftChanged if the draft or the appeal is
    not what was looked at; BadAppealsFile if it does not fit any more."""
    is_promise = breaks_promise(draft)
    if not may_publish(draft, by, at):
        raise WordingNeedsAnother() if is_promise else NeedsAnotherToPublish()
    if is_promise and not draft.reason:  # Money has come since it was written.
        raise WordingReasonNeeded()
    appeal = draft.appeal
    is_as_it_was = appeal is None or draft.base_sha256 == file_writer.hash_of(file_writer.of(appeal))
    if draft.version != version or not is_as_it_was:
        raise DraftChanged()
    wrong = faults(draft.values, appeal)
    if wrong:
        raise BadAppealsFile(faults="\n" + "\n".join(wrong))
    before = list(goals.standing(appeal)) if appeal is not None else []
    written = draft.values if appeal is not None else {**draft.values, "state": "open"}
    published, _ = loader.load_one(_read(written).appeals[0], at)
    changes = goals.note_changes(before, by=draft.written_by, at=at, reason=draft.reason)
    author = _wrote_wording(draft)
    approved_by = by if by != author else None
    wordings.record(
        published, by=author, at=at, source="page", approved_by=approved_by, reason=draft.reason if is_promise else ""
    )
    db.session.delete(draft)
    db.session.flush()
    return published, changes


def throw_away(draft: AppealDraft, *, version: int) -> None:
    """Raises DraftChanged if it was saved again since it was looked at."""
    if draft.version != version:
        raise DraftChanged()
    db.session.delete(draft)


def write_outcome(appeal: Appeal, outcome: dict[str, str], *, by: str, at: datetime) -> bool | None:
    """Say how an appeal ended: at once, or in its draft, where there is one or another must publish. Whether the public
    sees it now; None if it says so already. Ask `outcome_faults` before."""
    draft = of_appeal(appeal)
    if _written(appeal, draft).get("outcome", {}) == outcome:
        return None
    was_there, version = draft is not None, draft.version if draft is not None else 0
    reason = draft.reason if draft is not None else ""
    key = f"outcome:{appeal.id}:{at.timestamp()}"
    written = _with_outcome(appeal, draft, outcome)
    draft = keep(written, appeal, draft, version=version, form_key=key, reason=reason, by=by, at=at)
    if was_there or not may_publish(draft, by, at):
        return False
    publish(draft, version=draft.version, by=by, at=at)
    return True


def outcome_faults(appeal: Appeal, outcome: dict[str, str]) -> list[Fault]:
    """What keeps this text from being the outcome of an appeal."""
    return faults(_with_outcome(appeal, of_appeal(appeal), outcome), appeal)


def as_published(draft: AppealDraft) -> Appeal:
    """The appeal as it would be, to be looked at only: it is not in the database, and nothing is written."""
    read, appeal = _read(draft.values).appeals[0], draft.appeal
    kept = {
        column.name: getattr(appeal, column.name) if appeal is not None else _first(column)
        for column in Appeal.__table__.columns
        if column.name not in read.columns or column.name in loader.ONLY_AT_FIRST
    }
    return _looked_at(read, kept | {"visibility": "shown"} | ({} if appeal else {"id": 0, "state": "open"}))


def changed_fields(draft: AppealDraft) -> list[str]:
    """The keys in which a draft differs from what is published; all of them for a new appeal."""
    published = file_writer.of(draft.appeal) if draft.appeal else {}
    written = file_writer.of(as_published(draft))
    keys = [*written, *(key for key in published if key not in written)]
    return [key for key in keys if written.get(key) != published.get(key)]


def _written(appeal: Appeal, draft: AppealDraft | None) -> Values:
    return draft.values if draft is not None else file_writer.of(appeal)


def _with_outcome(appeal: Appeal, draft: AppealDraft | None, outcome: dict[str, str]) -> Values:
    rest = {key: value for key, value in _written(appeal, draft).items() if key != "outcome"}
    return rest | ({"outcome": outcome} if outcome else {})


def _looked_at(read: ReadAppeal, kept: Values) -> Appeal:
    with db.session.no_autoflush:
        shown = Appeal(**{**read.columns, **kept})
        shown.funds = [Fund(**fund.columns) for fund in read.funds]
        shown.events = [AppealEvent(**event) for event in read.events]
        shown.areas = [Area(**area) for area in read.areas]
    return shown


def _first(column: Any) -> Any:
    """The default of a column in a new row."""
    default: Any = column.default
    return None if default is None else default.arg(None) if default.is_callable else default.arg


def _read(written: Values) -> file.ReadFile:
    house = Organisation.get()
    return file.read_one(written, {"languages": house.languages, "offered_currencies": house.offered_currencies})


def _below(fault: Fault) -> Fault:
    return Fault(fault.path.removeprefix("appeals[0]").removeprefix("."), fault.sentence, **fault.facts)


def _address_faults(written: Values, appeal: Appeal | None) -> list[Fault]:
    """An appeal's address is on posters and in mails: it stays, and no other appeal takes it."""
    slug = written.get("slug")
    if appeal is not None and slug != appeal.slug:
        said = N_("the address must stay %(slug)s, because people have it on paper and on other sites. Put it back.")
        return [Fault("appeals[0].slug", said, slug=repr(appeal.slug))]
    if appeal is None and db.session.scalar(select(Appeal.id).where(Appeal.slug == slug)) is not None:
        return [Fault("appeals[0].slug", N_("another appeal already has this address. Choose another."))]
    return []


def _breaks_promise(written: Values, appeal: Appeal) -> bool:
    return _changes_wording(written, appeal) and wordings.money_lies_in(appeal)


def _changes_wording(written: Values, appeal: Appeal) -> bool:
    return bool(wordings.changes(_read(written).appeals[0], appeal))


def _who_changed_wording(written: Values, appeal: Appeal | None, draft: AppealDraft, by: str) -> str | None:
    """Who wrote the wording as it is now, even if another has gone on with the rest since."""
    if appeal is None or not _changes_wording(written, appeal):
        return None
    return draft.wording_by if draft.wording_by and _wording_of(written) == _wording_of(draft.values) else by


def _wording_of(written: Values) -> tuple[Any, ...]:
    names = {fund.get("slug"): fund.get("name") for fund in written.get("funds", [])}
    return written.get("surplus", {}), names


def _two_must_agree() -> bool:
    return approvals.required() > 1


def _wrote_wording(draft: AppealDraft) -> str:
    return draft.wording_by or draft.written_by


def _goal_differs(written: Values, appeal: Appeal) -> bool:
    goal = _read(written).appeals[0].columns["goal_minor"]
    return bool(goal != appeal.goal_minor)
