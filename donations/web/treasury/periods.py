"""Periods: the obstacles to closing one, the signatures, reopening, the statement of its funds."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from donations import approvals, paper
from donations.database import snapshot
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Organisation, Period, PeriodSignature
from donations.models.base import MAX_ID
from donations.reconciliation import fund_statement, period_close
from donations.web.access import fresh
from donations.web.days import DayField
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act, me, names
from donations.web.treasury.forms import ActForm, TreasuryForm, needed

bp = Blueprint("periods", __name__, url_prefix="/periods")


class PeriodForm(TreasuryForm):
    ends_on = DayField(validators=[needed(_l("Enter the last day of the period."))])


@bp.get("")
def index() -> Response:
    return _list(PeriodForm(formdata=None))


@bp.get("/new")
def preview() -> Any:
    """What closing a period would need. Nothing is written by looking."""
    form = PeriodForm(formdata=request.args, meta={"csrf": False})
    try:
        if not form.validate():
            return _list(form, 422)
        period = period_close.preview(form.ends_on.data)
    except DonationsError as error:
        return _list(form, form.refuse(error))
    return _show(period)


def _looked_at_new(ends_on: date | None = None) -> Shown:
    day = ends_on or PeriodForm().ends_on.data
    return [period_close.signed_things(db.session.connection(), period_close.preview(day), now())] if day else []


@bp.post("/new")
@fresh
@decides_on(_looked_at_new)
def begin() -> Any:
    """The first signature, by which the period is written."""
    form = PeriodForm()
    if not form.validate():
        return _list(form, 422)
    try:
        return _sign(form.ends_on.data, _accepted())
    except DonationsError as error:
        refused = ActForm()
        return _page(period_close.preview(form.ends_on.data), refused, refused.refuse(error))


@bp.get("/<int:number>")
def show(number: int) -> Response:
    return _show(_find(number))


def _looked_at(number: int) -> Shown:
    return [period_close.signed_things(db.session.connection(), _find(number), now())]


@bp.post("/<int:number>")
@fresh
@decides_on(_looked_at)
def answer(number: int) -> Any:
    """Sign the close, or open it again with a reason."""
    form, period = ActForm(), _find(number)
    try:
        if form.act.data == "sign":
            return _sign(period.ends_on, _accepted())
        if form.act.data == "reopen" and form.reason.data:
            return _reopen(number, form.reason.data)
        form.refusal = _("Enter the reason for reopening the period.")
    except DonationsError as error:
        return _page(_find(number), form, form.refuse(error))
    return _page(period, form, 422)


@bp.get("/<int:number>/statement.pdf")
@fresh
def statement(number: int) -> Response:
    """What each fund received and paid in the period."""
    period = _find(number)
    since, until = period.starts_on, period.ends_on
    with snapshot() as conn:
        found = fund_statement.of_period(conn, since, until)
    answer = make_response(paper.funds_pdf(since, until, found, at=now()))
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="funds-{since}-{until}.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _accepted() -> str:
    """Why what is still open may stay so; empty without the tick."""
    return request.form.get("reason", "").strip() if request.form.get("accept") else ""


def _sign(ends_on: date, accepted: str) -> Any:
    with act("period.signed") as done:
        period = period_close.prepare(ends_on)
        done.about = f"period:{period.id}"
        number = period.id
        is_closed = period_close.sign(done.conn, period, actor=done.actor, at=done.at, accepted=accepted)
        if accepted:
            done.details["accepted"] = accepted
        done.details["closed"] = is_closed
    flash(_("Period closed.") if is_closed else _("You have signed off. A second person must sign off too."))
    return redirect(url_for("treasury.periods.show", number=number), 303)


def _reopen(number: int, reason: str) -> Any:
    with act("period.reopened", f"period:{number}", reason=reason) as done:
        period_close.reopen(_find(number), actor=done.actor, reason=reason, at=done.at)
    flash(_("Period reopened. You can still read what was signed."))
    return redirect(url_for("treasury.periods.show", number=number), 303)


def _find(number: int) -> Period:
    return db.session.get(Period, min(number, MAX_ID)) or abort(404)


def _show(period: Period) -> Response:
    return _page(period, ActForm(formdata=None))


def _list(form: PeriodForm, status: int = 200) -> Response:
    found = db.session.scalars(select(Period).order_by(Period.ends_on.desc()).limit(100)).all()
    return page(
        "treasury/periods.html", status, cache="no-store", found=found, form=form,
        signatures_needed=approvals.required(),
    )  # fmt: skip


def _page(period: Period, form: ActForm, status: int = 200) -> Response:
    signatures = db.session.scalars(
        select(PeriodSignature).where(PeriodSignature.period_id == period.id).order_by(PeriodSignature.id)
    ).all()
    with snapshot() as conn:
        found = period_close.checklist(conn, period, now()) if period.state == "open" else None
    return page(
        "treasury/period.html", status, cache="no-store", period=period, form=form, found=found, names=names(),
        signatures=signatures, today=Organisation.get().day_of(now()),
        mine=found is not None and me().actor in found.signed_by,
    )  # fmt: skip
