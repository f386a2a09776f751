"""An appeal as it is written before the public sees it: the form, the draft it is kept in, the preview, publishing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _

from donations import totals
from donations.appeals import drafts, file_writer, updates, wordings
from donations.appeals.amounts import suggested
from donations.errors import (
    BadAppealsFile,
    ChangedMeanwhile,
    DonationsError,
    DraftChanged,
    ReasonNeeded,
    SentBefore,
    ShownAgain,
    WordingReasonNeeded,
)
from donations.models import Appeal, AppealDraft, Organisation
from donations.web.access import fresh
from donations.web.audited_action import act, me, names
from donations.web.campaigns.forms import AppealForm, whole
from donations.web.campaigns.preview import NoDonation, NoMessages
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on

bp = Blueprint("drafts", __name__)
MAX_UPDATES = 50


@bp.get("/drafts/new")
def ask_new() -> Response:
    house = Organisation.get()
    return _form_page(AppealForm.written({"currency": house.currency, "fee_bearer": "fund"}, house.languages))


@bp.post("/drafts/new")
def create() -> Any:
    form = _sent()
    known = drafts.begun_with(form.form_key)
    if known is None or form.wants_rows:
        return _keep(form, None, None)
    if known.values == form.values:
        return redirect(url_for("campaigns.drafts.preview", number=known.id), 303)
    form.refusal = sentence(SentBefore())
    return _form_page(form, status=SentBefore.status)


@bp.get("/<slug:slug>/edit")
def ask(slug: str) -> Response:
    appeal = Appeal.any_by_slug(slug)
    return _form_page(_of(appeal, drafts.of_appeal(appeal)), appeal, drafts.of_appeal(appeal))


@bp.post("/<slug:slug>/edit")
def write(slug: str) -> Any:
    appeal = Appeal.any_by_slug(slug)
    return _keep(_sent(), appeal, drafts.of_appeal(appeal))


@bp.get("/drafts/<int:number>")
def show(number: int) -> Response:
    draft = drafts.find(number)
    return _form_page(_of(draft.appeal, draft), draft.appeal, draft)


@bp.post("/drafts/<int:number>")
def rewrite(number: int) -> Any:
    draft = drafts.find(number)
    return _keep(_sent(), draft.appeal, draft)


@bp.get("/drafts/<int:number>/preview")
def preview(number: int) -> Response:
    return _preview(drafts.find(number))


def _looked_at(number: int) -> Shown:
    draft = drafts.find(number)
    return [(draft, drafts.base_of(draft))]


@bp.post("/drafts/<int:number>/publish")
@fresh
@decides_on(_looked_at)
def publish(number: int) -> Any:
    try:
        with act("appeal.published") as done:
            draft = drafts.find(number, for_change=True)
            is_new = draft.appeal_id is None
            done.details |= {"written_by": draft.written_by, "fields": drafts.changed_fields(draft)}
            done.details |= {"wording_reason": draft.reason} if drafts.breaks_promise(draft) else {}
            appeal, changes = drafts.publish(draft, version=_version(), by=done.actor, at=done.at)
            done.about, slug = f"appeal:{appeal.slug}", appeal.slug
            done.details["goals"] = [f"{one.area or ''}: {one.before_minor} > {one.after_minor}" for one in changes]
    except DonationsError as error:
        if error.status == 404:
            raise
        refusal = _faults(number) if isinstance(error, BadAppealsFile) else sentence(error)
        return _preview(drafts.find(number), refusal, error.status)
    flash(_("Appeal published.") if is_new else _("Changes published."))
    return redirect(url_for("campaigns.show", slug=slug), 303)


@bp.post("/drafts/<int:number>/discard")
@decides_on(_looked_at)
def delete(number: int) -> Any:
    try:
        with act("appeal.draft_thrown_away", f"draft:{number}") as done:
            draft = drafts.find(number, for_change=True)
            done.details["appeal"], is_new = draft.values.get("slug", ""), draft.appeal_id is None
            drafts.throw_away(draft, version=_version())
    except (ChangedMeanwhile, DraftChanged) as error:
        return _preview(drafts.find(number), sentence(error), error.status)
    flash(_("Draft deleted.") if is_new else _("Draft deleted. Nothing that is published has changed."))
    return redirect(url_for("campaigns.index"), 303)


def _sent() -> AppealForm:
    return AppealForm(request.form, Organisation.get().languages)


def _of(appeal: Appeal | None, draft: AppealDraft | None) -> AppealForm:
    languages = Organisation.get().languages
    if draft is not None:
        return AppealForm.written(draft.values, languages, draft.version, draft.reason)
    assert appeal is not None, "there is one or the other"
    return AppealForm.written(file_writer.of(appeal), languages)


def _version() -> int:
    """Which version of the draft was looked at; 0 is none."""
    return whole(request.form.get("version", ""))


def _keep(form: AppealForm, appeal: Appeal | None, draft: AppealDraft | None) -> Any:
    if form.wants_rows:
        return _form_page(form, appeal, draft)
    written = form.values
    form.check()
    form.take(drafts.faults(written, appeal))
    if form.summary:
        return _form_page(form, appeal, draft, 422)
    if draft is not None and (draft.values, draft.reason, draft.written_by) == (written, form.reason, me().actor):
        return redirect(url_for("campaigns.drafts.preview", number=draft.id), 303)  # The same form once more.
    try:
        return redirect(url_for("campaigns.drafts.preview", number=_kept(form, written, appeal, draft)), 303)
    except (ReasonNeeded, WordingReasonNeeded) as error:
        form["reason"].errors.append(sentence(error))
        return _form_page(form, appeal, draft, error.status)
    except (DraftChanged, ShownAgain) as error:
        form.refusal = sentence(error)
        return _form_page(form, appeal, draft, error.status)


def _kept(form: AppealForm, written: file_writer.Values, appeal: Appeal | None, draft: AppealDraft | None) -> int:
    appeal_slug, number = appeal.slug if appeal else None, draft.id if draft else None
    with act("appeal.written", f"appeal:{written['slug']}") as done:
        known = Appeal.any_by_slug(appeal_slug) if appeal_slug else None
        kept = drafts.keep(
            written, known, drafts.find(number, for_change=True) if number else None, version=form.version,
            form_key=form.form_key, reason=form.reason, by=done.actor, at=done.at,
        )  # fmt: skip
        done.details["fields"] = drafts.changed_fields(kept)
        return int(kept.id)


def _faults(number: int) -> str:
    """What no longer fits, because something else has changed since the draft was written."""
    draft = drafts.find(number)
    form = AppealForm.written(draft.values, Organisation.get().languages)
    form.take(drafts.faults(form.values, draft.appeal))
    return " ".join(error for _name, error in form.summary)


def _form_page(
    form: AppealForm, appeal: Appeal | None = None, draft: AppealDraft | None = None, status: int = 200
) -> Response:
    house = Organisation.get()
    return page(
        "campaigns/draft.html", status, cache="no-store", form=form, appeal=appeal, draft=draft, names=names(),
        languages=house.languages, currencies={code: code for code in house.offered_currencies},
    )  # fmt: skip


def _preview(draft: AppealDraft, refusal: str = "", status: int = 200) -> Response:
    shown = drafts.as_published(draft)
    in_danger = any(fund.kind in ("detainee", "family") for fund in shown.funds)
    return page(
        "campaigns/preview.html", status, cache="no-store", draft=draft, appeal=shown, refusal=refusal,
        changed=drafts.changed_fields(draft), total=totals.public(shown, now()), others=[], names=names(),
        suggested=suggested(shown), messages=NoMessages(), form=NoDonation(shown),
        updates=updates.shown(draft.appeal, MAX_UPDATES) if draft.appeal else [],
        may_publish=drafts.may_publish(draft, me().actor, now()), asks_discretion=in_danger and not shown.discreet,
        wording=wordings.shown_once_published(shown, draft.appeal, now()), breaks_promise=drafts.breaks_promise(draft),
    )  # fmt: skip
