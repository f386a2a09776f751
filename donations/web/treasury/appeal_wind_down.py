"""Ending an appeal, step by step: what is left of it, what may become of that, and its close. What moves money is asked
for on the pages of transfers and of paying out, by their own rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _

from donations import appeals
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Appeal
from donations.reconciliation import appeal_wind_down
from donations.web.access import fresh
from donations.web.page import page
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act
from donations.web.treasury.forms import ActForm

bp = Blueprint("appeal_wind_down", __name__, url_prefix="/appeals")


@bp.get("/<slug:slug>/ending")
def show(slug: str) -> Response:
    return _page(Appeal.any_by_slug(slug), ActForm(formdata=None))


def _looked_at(slug: str) -> Shown:
    """Not how much is left: that moves while anybody looks."""
    appeal = Appeal.any_by_slug(slug)
    return [(appeal.slug, appeal.state, appeal.visibility)]


@bp.post("/<slug:slug>/ending")
@fresh
@decides_on(_looked_at)
def close(slug: str) -> Any:
    form, appeal = ActForm(), Appeal.any_by_slug(slug)
    if form.act.data != "close":
        return _page(appeal, form, 422)
    try:
        with act("appeal.closed", f"appeal:{slug}") as done:
            done.again = not appeals.close(Appeal.any_by_slug(slug), done.at)
    except DonationsError as error:
        return _page(Appeal.any_by_slug(slug), form, form.refuse(error))
    flash(_("Appeal closed. It takes no more donations. Money that still arrives is recorded."))
    return redirect(url_for("treasury.appeal_wind_down.show", slug=slug), 303)


def _page(appeal: Appeal, form: ActForm, status: int = 200) -> Response:
    return page(
        "treasury/appeal_wind_down.html", status, cache="no-store", appeal=appeal, form=form,
        rests=appeal_wind_down.of_appeal(db.session.connection(), appeal), unsettled=appeal_wind_down.UNSETTLED,
    )  # fmt: skip
