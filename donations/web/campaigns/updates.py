"""Updates as organisers write them: the form, the preview, posting, taking back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _

from donations.appeals import updates
from donations.errors import ChangedMeanwhile, DonationsError
from donations.models import Appeal, AppealUpdate, Organisation
from donations.web.access import fresh
from donations.web.audited_action import act, me, names, say_used
from donations.web.campaigns.forms import AppealForm
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on

bp = Blueprint("updates", __name__)


@bp.get("/<slug:slug>/updates/new")
def ask(slug: str) -> Response:
    return _form_page(Appeal.any_by_slug(slug), AppealForm({}, Organisation.get().languages))


@bp.post("/<slug:slug>/updates/new")
def write(slug: str) -> Any:
    appeal, form = Appeal.any_by_slug(slug), _sent()
    if form.summary:
        return _form_page(appeal, form, 422)
    try:
        number = _written(slug, form)
    except DonationsError as error:
        form.refusal = sentence(error)
        return _form_page(Appeal.any_by_slug(slug), form, error.status)
    return redirect(url_for("campaigns.updates.show", slug=slug, number=number), 303)


@bp.get("/<slug:slug>/updates/<int:number>")
def show(slug: str, number: int) -> Response:
    appeal = Appeal.any_by_slug(slug)
    return _page(appeal, updates.find(appeal, number))


@bp.get("/<slug:slug>/updates/<int:number>/edit")
def ask_edit(slug: str, number: int) -> Response:
    appeal = Appeal.any_by_slug(slug)
    row = updates.find(appeal, number)
    form = AppealForm.written({"title": row.title, "text": row.text}, Organisation.get().languages)
    return _form_page(appeal, form, row=row)


def _looked_at(slug: str, number: int) -> Shown:
    return [(updates.find(Appeal.any_by_slug(slug), number),)]


@bp.post("/<slug:slug>/updates/<int:number>/edit")
@decides_on(_looked_at)
def edit(slug: str, number: int) -> Any:
    appeal, form = Appeal.any_by_slug(slug), _sent()
    row = updates.find(appeal, number)
    if form.summary:
        return _form_page(appeal, form, 422, row=row)
    try:
        with act("update.mended", _about(row)) as done:
            known, told = _find(slug, number), form.told
            done.again = not updates.edit(known, told["title"], told["text"], by=done.actor, at=done.at)
    except DonationsError as error:
        form.refusal = sentence(error)
        return _form_page(Appeal.any_by_slug(slug), form, error.status, row=_find(slug, number))
    return redirect(url_for("campaigns.updates.show", slug=slug, number=number), 303)


@bp.post("/<slug:slug>/updates/<int:number>/post")
@fresh
@decides_on(_looked_at)
def publish(slug: str, number: int) -> Any:
    row = _find(slug, number)
    try:
        with act("update.posted", _about(row)) as done:
            known = _find(slug, number)
            done.details["written_by"] = known.written_by
            done.again = not updates.post(known, by=done.actor, at=done.at)
    except DonationsError as error:
        return _page(Appeal.any_by_slug(slug), _find(slug, number), sentence(error), error.status)
    flash(_("Update published. Subscribers will get an email."))
    return redirect(url_for("campaigns.updates.show", slug=slug, number=number), 303)


@bp.post("/<slug:slug>/updates/<int:number>/withdraw")
@decides_on(_looked_at)
def withdraw(slug: str, number: int) -> Any:
    try:
        with act("update.withdrawn", _about(_find(slug, number))) as done:
            row = _find(slug, number)
            done.again = not updates.withdraw(row, done.at)
            was_published = row.published_at is not None
    except ChangedMeanwhile as error:
        return _page(Appeal.any_by_slug(slug), _find(slug, number), sentence(error), error.status)
    flash(
        _("Update withdrawn. Emails already sent cannot be recalled.")
        if was_published
        else _("Draft deleted. No email was sent.")
    )
    return redirect(url_for("campaigns.updates.show", slug=slug, number=number), 303)


def _written(slug: str, form: AppealForm) -> int:
    with act("update.written") as done:
        appeal, told = Appeal.any_by_slug(slug), form.told
        known = updates.begun_with(form.form_key)
        row = updates.write(appeal, told["title"], told["text"], form_key=form.form_key, by=done.actor)
        done.about, done.again = _about(row), row is known
        number = int(row.id)
    if done.again:
        say_used()
    return number


def _sent() -> AppealForm:
    languages = Organisation.get().languages
    form = AppealForm(request.form, languages)
    form.take(updates.faults(form.told["title"], form.told["text"], languages))
    return form


def _find(slug: str, number: int) -> AppealUpdate:
    return updates.find(Appeal.any_by_slug(slug), number, for_change=request.method == "POST")


def _about(row: AppealUpdate) -> str:
    return f"update:{row.id}"


def _form_page(appeal: Appeal, form: AppealForm, status: int = 200, row: AppealUpdate | None = None) -> Response:
    return page("campaigns/update_edit.html", status, cache="no-store", appeal=appeal, form=form, row=row,
                languages=Organisation.get().languages)  # fmt: skip


def _page(appeal: Appeal, row: AppealUpdate, refusal: str = "", status: int = 200) -> Response:
    return page("campaigns/update.html", status, cache="no-store", appeal=appeal, row=row, refusal=refusal,
                may_post=updates.may_post(row, me().actor, now()), names=names(),
                languages=Organisation.get().languages)  # fmt: skip
