"""Appeals as organisers see them: the list, one appeal, and its changes of state. The texts of an appeal are edited in
drafts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from donations import appeals, totals
from donations.appeals import drafts, file_writer, goals, updates, wordings
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving import messages
from donations.models import Appeal, Organisation
from donations.web import cached_copies, languages
from donations.web.access import fresh
from donations.web.audited_action import Act, act, names
from donations.web.campaigns import labels
from donations.web.campaigns.forms import AppealForm
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")
MAX_UPDATES = 200


@bp.context_processor
def what_they_share() -> dict[str, Any]:
    return {"words": labels, "tongue_of": tongue_of}


@bp.get("/")
def index() -> Response:
    found = list(db.session.scalars(select(Appeal).order_by(Appeal.state == "closed", Appeal.position, Appeal.id)))
    waiting = drafts.waiting()
    return page(
        "campaigns/index.html", cache="no-store", new=[draft for draft in waiting if draft.appeal_id is None],
        cards=list(zip(found, totals.public_of(found, now()), strict=True)) if found else [], names=names(),
        changed={draft.appeal_id: draft for draft in waiting}, waiting=appeals.waiting_for_somebody(),
        unread=messages.waiting(),
    )  # fmt: skip


@bp.get("/<slug:slug>")
def show(slug: str) -> Response:
    return _page(Appeal.any_by_slug(slug))


@bp.post("/<slug:slug>/pause")
def pause(slug: str) -> Any:
    return _do(slug, "paused", appeals.pause, _("Appeal paused. It takes no donations now."))


@bp.post("/<slug:slug>/hide")
def hide(slug: str) -> Any:
    how = request.form.get("how", "")
    if how not in labels.HIDING:
        return _page(Appeal.any_by_slug(slug), _("Choose what visitors can still see of the appeal."), 422)
    answer = _do(slug, "hidden", lambda appeal, at: appeals.hide(appeal, how, at))
    if answer.status_code != 303:
        return answer
    report = cached_copies.ask_all(Appeal.any_by_slug(slug))  # It is hidden by now, however long this takes.
    if not report.is_gone:
        return redirect(url_for("campaigns.ask_copies", slug=slug), 303)
    flash(labels.nothing_left(report))
    return answer


@bp.get("/<slug:slug>/copies")
def ask_copies(slug: str) -> Any:
    """Ask once more whether the public still sees what is hidden."""
    appeal = Appeal.any_by_slug(slug)
    if appeal.visibility == "shown":
        return redirect(url_for("campaigns.show", slug=slug), 303)
    return page("campaigns/copies.html", cache="no-store", appeal=appeal, report=cached_copies.ask_all(appeal))


def _looked_at(slug: str) -> Shown:
    """Not how much was donated: that moves while anybody looks."""
    appeal = Appeal.any_by_slug(slug)
    return [(appeal.slug, appeal.state, appeal.visibility, file_writer.hash_of(file_writer.of(appeal)))]


@bp.post("/<slug:slug>/open")
@fresh
@decides_on(_looked_at)
def open(slug: str) -> Any:
    return _do(slug, "opened", appeals.open_again, _("Appeal opened. It takes donations now."))


@bp.post("/<slug:slug>/show")
@fresh
@decides_on(_looked_at)
def reveal(slug: str) -> Any:
    return _do(slug, "shown", appeals.show, _("Appeal shown again."))


@bp.get("/<slug:slug>/close")
@fresh
def ask_close(slug: str) -> Response:
    appeal = Appeal.any_by_slug(slug)
    draft = drafts.of_appeal(appeal)
    outcome = (draft.values.get("outcome") if draft else appeal.outcome) or {}
    return _close_page(appeal, AppealForm.written({"outcome": outcome}, Organisation.get().languages))


@bp.post("/<slug:slug>/close")
@fresh
@decides_on(_looked_at)
def close(slug: str) -> Any:
    appeal, form = Appeal.any_by_slug(slug), AppealForm(request.form, Organisation.get().languages)
    outcome = form.values.get("outcome", {})
    form.take(drafts.outcome_faults(appeal, outcome))
    if form.summary:
        return _close_page(appeal, form, 422)
    try:
        with act("appeal.closed", f"appeal:{slug}") as done:
            _close(done, slug, outcome)
    except DonationsError as error:
        form.refusal = sentence(error)
        return _close_page(Appeal.any_by_slug(slug), form, error.status)
    return redirect(url_for("campaigns.show", slug=slug), 303)


def tongue_of(code: str) -> str:
    """What the reader calls a language, as a heading."""
    return languages.name_of(code).capitalize()


def _close(done: Act, slug: str, outcome: dict[str, str]) -> None:
    appeal = Appeal.any_by_slug(slug)
    done.again = not appeals.close(appeal, done.at)
    is_public = drafts.write_outcome(appeal, outcome, by=done.actor, at=done.at)
    done.again = done.again and is_public is None
    done.details["outcome"] = {None: "unchanged", True: "published", False: "draft"}[is_public]
    if is_public is False:
        flash(_("Appeal closed. The outcome is saved as a draft until it is published."))


def _do(slug: str, what: str, verb: Any, told: str = "") -> Any:
    try:
        with act(f"appeal.{what}", f"appeal:{slug}") as done:
            appeal = Appeal.any_by_slug(slug)
            done.again = not verb(appeal, done.at)
            done.details |= {"state": appeal.state, "visibility": appeal.visibility}
    except DonationsError as error:
        if error.status == 404:
            raise
        return _page(Appeal.any_by_slug(slug), sentence(error), error.status)
    if told:
        flash(told)
    return redirect(url_for("campaigns.show", slug=slug), 303)


def _page(appeal: Appeal, refusal: str = "", status: int = 200) -> Response:
    draft = drafts.of_appeal(appeal)
    return page(
        "campaigns/appeal.html", status, cache="no-store", appeal=appeal, total=totals.public(appeal, now()),
        draft=draft, names=names(), history=goals.history(appeal), refusal=refusal, wordings=wordings.history(appeal),
        changed=drafts.changed_fields(draft) if draft else [],
        updates=updates.all_of(appeal, MAX_UPDATES), waiting=appeals.waiting_for_somebody().get(appeal.id),
        unread=messages.waiting().get(appeal.id, 0),
    )  # fmt: skip


def _close_page(appeal: Appeal, form: AppealForm, status: int = 200) -> Response:
    return page("campaigns/close.html", status, cache="no-store", appeal=appeal, form=form,
                languages=Organisation.get().languages)  # fmt: skip
