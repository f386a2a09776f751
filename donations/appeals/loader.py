"""Load an appeals file into the database: whole or not at all, and twice is the same as once.

State and visibility are set when an appeal is made and never again: what an operator has paused or hidden since stays
so, and the report says it. Appeals that are not in the file are left alone. While money lies in an appeal's funds, a
file changes what supporters were told only with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from donations import totals
from donations.appeals import file, file_conflicts, goals, wordings
from donations.appeals.file import Columns, ReadAppeal, ReadFund
from donations.appeals.file_error import N_, Fault
from donations.appeals.load_report import Change, LoadReport
from donations.errors import BadAppealsFile
from donations.extensions import db
from donations.models import Appeal, AppealEvent, Area, Fund, Organisation

GENERAL_NAME = {"en": "General fund", "ru": "Общий фонд"}
ONLY_AT_FIRST = ("state", "visibility")
ABOUT_DISCREET = (
    "its funds are for detained people or their families, and its total is live: anyone watching sees each donation and"
    " its exact time. Where giving may be dangerous, set discreet = true. Where not, discreet = false ends this note"
)
FEWER_APPROVALS = N_(
    "2 people must approve here, and a file cannot lower that. Enter 2 or delete the line. An "
    "administrator can change it under Treasury, Approvals, if a second person agrees."
)
NEEDS_TWO = N_(
    "donations were made under the present wording, so 2 people must agree to a new one for "
    "%(appeal)s. Put the wording back, or change it under Appeals and let another person publish it."
)


def load(file_text: str, at: datetime, by: str = "file", change_wording: str = "") -> LoadReport:
    """Bring the database to what the file says. Raises BadAppealsFile with every fault, one a line, and changes nothing
    then. `at` dates an appeal that is closed without a date, and the new version of each changed total; `by` is who
    changes the goals; `change_wording` is the reason for a new wording where money was given under the one before."""
    organisation = db.session.get(Organisation, 1)
    read = file.read(file_text, None if organisation is None else _columns_of(organisation))
    faults = [*read.faults, *file_conflicts.find(read), *_lowered_approvals(read, organisation)]
    faults += [] if faults else _broken_promises(read, organisation, change_wording)
    if faults:
        raise BadAppealsFile(faults="\n" + "\n".join(faults))
    report = LoadReport()
    if read.organisation is not None:
        organisation = _load_organisation(organisation, read.organisation, report)
    assert organisation is not None, "the file is at fault without one"
    known = list(goals.standing())
    appeals = [_load_appeal(wanted, organisation, report, at) for wanted in read.appeals]
    _put_in_order(appeals, report)
    _see_to_general_fund(organisation, report)
    db.session.flush()
    goals.note_changes(known, by=by, at=at)
    for appeal in appeals:
        _keep_wording(appeal, report, by=by, at=at, reason=change_wording)
    return report


def _lowered_approvals(read: file.ReadFile, organisation: Organisation | None) -> list[Fault]:
    """A file may set how many must approve when it is loaded first, and raise it; a lower number needs two people."""
    wanted = (read.organisation or {}).get("approvals_required")
    if wanted is None or organisation is None or wanted >= organisation.approvals_required:
        return []
    return [Fault("organisation.approvals_required", FEWER_APPROVALS)]


def _broken_promises(read: file.ReadFile, organisation: Organisation | None, reason: str) -> list[Fault]:
    """What the file would promise otherwise of money that was given already. Where two people decide, no file does."""
    if reason and organisation is not None and organisation.approvals_required < 2:
        return []
    known = {appeal.slug: appeal for appeal in db.session.scalars(select(Appeal))}
    found: list[Fault] = []
    for wanted in read.appeals:
        appeal = known.get(wanted.columns["slug"])
        changed = wordings.changes(wanted, appeal) if appeal is not None else []
        if appeal is not None and changed and wordings.money_lies_in(appeal):
            found += [Fault(one.path, NEEDS_TWO, **one.facts) for one in changed] if reason else changed
    return found


def _keep_wording(appeal: Appeal, report: LoadReport, **told: Any) -> None:
    kept = wordings.record(appeal, source="file", **told)
    if kept is not None and kept.keeps_earlier:
        report.wordings.append(f"{appeal.slug}: {kept.number}")
        report.notes.append(
            f"appeal {appeal.slug}: wording {kept.number} holds from now on; donations made before keep theirs"
        )


def load_one(read: ReadAppeal, at: datetime) -> tuple[Appeal, LoadReport]:
    """Bring one appeal to what was read of it and found without a fault."""
    report = LoadReport()
    appeal = _load_appeal(read, Organisation.get(), report, at)
    db.session.flush()
    return appeal, report


def _columns_of(organisation: Organisation) -> dict[str, Any]:
    return {"languages": organisation.languages, "offered_currencies": organisation.offered_currencies}


def _load_organisation(row: Organisation | None, columns: Columns, report: LoadReport) -> Organisation:
    if row is None:
        row = Organisation(id=1, **columns)
        db.session.add(row)
        report.created.append("organisation")
    else:
        _report_change("organisation", _set(row, columns), report)
    return row


def _load_appeal(wanted: ReadAppeal, organisation: Organisation, report: LoadReport, at: datetime) -> Appeal:
    columns = wanted.columns
    if columns["state"] == "closed" and columns["closed_on"] is None:
        columns = {**columns, "closed_on": organisation.day_of(at)}
    appeal = db.session.scalar(select(Appeal).where(Appeal.slug == columns["slug"]))
    what = f"appeal {columns['slug']}"
    if appeal is None:
        position = db.session.scalar(select(func.coalesce(func.max(Appeal.position), -1))) or 0
        appeal = Appeal(**columns, position=position + 1)
        db.session.add(appeal)
        db.session.flush()
        report.created.append(what)
        if wanted.might_be_discreet:
            report.notes.append(f"{what}: {ABOUT_DISCREET}")
        _load_parts(appeal, wanted, report)
        totals.touch(appeal, at=at)
        return appeal
    fields = _set(appeal, _what_a_reload_sets(appeal, wanted, report)) + _load_parts(appeal, wanted, report)
    _report_change(what, fields, report)
    if fields:
        totals.touch(appeal, at=at)
    return appeal


def _what_a_reload_sets(appeal: Appeal, wanted: ReadAppeal, report: LoadReport) -> Columns:
    columns = {key: value for key, value in wanted.columns.items() if key not in ONLY_AT_FIRST}
    for key in ONLY_AT_FIRST:
        if getattr(appeal, key) != wanted.columns[key]:
            report.notes.append(
                f"appeal {appeal.slug}: its {key} stays {getattr(appeal, key)}, though the file says"
                f" {wanted.columns[key]}; use `donations appeals` to change it"
            )
    if appeal.state != "closed" or columns["closed_on"] is None:
        del columns["closed_on"]
    return columns


def _load_parts(appeal: Appeal, wanted: ReadAppeal, report: LoadReport) -> list[str]:
    """Funds, timeline and areas: the names of those that changed. Each fund is also reported by itself."""
    fund_changes = [_load_fund(appeal, fund, report) for fund in wanted.funds]
    return [
        *(["funds"] if any(fund_changes) else []),
        *(["events"] if _load_events(appeal, wanted.events) else []),
        *(["areas"] if _load_areas(appeal, wanted.areas) else []),
    ]


def _load_fund(appeal: Appeal, wanted: ReadFund, report: LoadReport) -> bool:
    what = f"fund {wanted.columns['slug']}"
    # The organisation's own general fund belongs to no appeal until one declares it.
    same = Fund.kind == "general" if wanted.columns["kind"] == "general" else Fund.slug == wanted.columns["slug"]
    row = db.session.scalar(select(Fund).where(same))
    if row is None:
        db.session.add(Fund(appeal=appeal, **wanted.columns))
        db.session.flush()
        report.created.append(what)
        return True
    fields = _set(row, {"appeal": appeal, **wanted.columns})
    _report_change(what, fields, report)
    return bool(fields)


def _load_events(appeal: Appeal, wanted: list[Columns]) -> bool:
    if [_picked(event, wanted[0]) for event in appeal.events] == wanted if wanted else not appeal.events:
        return False
    appeal.events = [AppealEvent(**columns) for columns in wanted]
    return True


def _load_areas(appeal: Appeal, wanted: list[Columns]) -> bool:
    """Areas that are not in the file are taken off the list: donations name their area, so none is deleted."""
    existing = {area.name: area for area in db.session.scalars(select(Area).where(Area.appeal_id == appeal.id))}
    changed = False
    for name in existing.keys() - {columns["name"] for columns in wanted}:
        changed |= bool(_set(existing[name], {"is_listed": False}))
    for columns in wanted:
        row = existing.get(columns["name"])
        if row is None:
            db.session.add(Area(appeal_id=appeal.id, **columns))
            changed = True
        else:
            changed |= bool(_set(row, {**columns, "is_listed": True}))
    if changed:
        db.session.flush()
        db.session.expire(appeal, ["areas"])
    return changed


def _put_in_order(appeals: list[Appeal], report: LoadReport) -> None:
    """The appeals of the file in the file's order, on the places that they hold among all."""
    places = sorted(appeal.position for appeal in appeals)
    if places != [appeal.position for appeal in appeals]:
        for appeal, place in zip(appeals, places, strict=True):
            appeal.position = place
        report.changed.append(Change("order of the appeals", ("position",)))


def _see_to_general_fund(organisation: Organisation, report: LoadReport) -> None:
    """Fees that the organisation bears are booked to it, so it exists even where no appeal declares one."""
    if db.session.scalar(select(Fund).where(Fund.kind == "general")) is None:
        names = {language: GENERAL_NAME.get(language, GENERAL_NAME["en"]) for language in organisation.languages}
        db.session.add(Fund(slug="general", kind="general", name=names, appeal=None, share=0, position=0))
        report.created.append("fund general")


def _set(row: Any, columns: Columns) -> list[str]:
    fields = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in fields:
        setattr(row, name, columns[name])
    return fields


def _picked(row: Any, like: Columns) -> Columns:
    return {name: getattr(row, name) for name in like}


def _report_change(what: str, fields: list[str], report: LoadReport) -> None:
    if fields:
        report.changed.append(Change(what, tuple(fields)))
    else:
        report.unchanged.append(what)
