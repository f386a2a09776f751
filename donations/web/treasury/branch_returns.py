"""Branch returns: accepted into the ledger or rejected with a reason; and the links through which branches submit."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from donations import staff
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving import branch_returns, offline_donations
from donations.models import Appeal, Area, BranchReturn
from donations.models.base import MAX_ID
from donations.web.filters import money
from donations.web.page import page, public_url
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act, me, names
from donations.web.treasury.forms import ActForm

STATES = ("new", "accepted", "declined", "replaced")
bp = Blueprint("branch_returns", __name__, url_prefix="/branch-returns")


@bp.get("")
def index() -> Response:
    asked, number = request.args.get("state", "new"), max(1, min(request.args.get("page", 1, type=int), 10_000))
    state = asked if asked in STATES else "new"
    found = branch_returns.in_state(state, number)
    return page(
        "treasury/branch_returns.html",
        cache="no-store",
        found=found[: branch_returns.PAGE_LENGTH],
        state=state,
        number=number,
        states=STATES,
        has_more=len(found) > branch_returns.PAGE_LENGTH,
        counts=branch_returns.counts(),
        names=names(),
    )


@bp.get("/<int:number>")
def show(number: int) -> Response:
    return _page(_find(number), ActForm(formdata=None))


def _looked_at(number: int) -> Shown:
    return [(_find(number),)]


@bp.post("/<int:number>")
@decides_on(_looked_at)
def decide(number: int) -> Any:
    form, row = ActForm(), _find(number)
    if form.act.data not in ("accept", "decline") or not form.validate():
        abort(422)
    try:
        amount = _decide(form, row.id)
    except DonationsError as error:
        return _page(_find(number), form, form.refuse(error))
    is_in = form.act.data == "accept"
    flash(
        _("Return accepted: %(sum)s.", sum=amount) if is_in else _("Return rejected. The branch can read the reason.")
    )
    return redirect(url_for("treasury.branch_returns.show", number=number), 303)


@bp.get("/links")
def links() -> Response:
    areas = select(Area).join(Appeal).where(Area.is_listed, Appeal.state != "draft")
    found = db.session.scalars(areas.order_by(Appeal.position, Area.position)).all()
    return page("treasury/branch_return_links.html", cache="no-store", found=found, address_of=_address_of)


@bp.post("/links/<int:number>")
def change_link(number: int) -> Any:
    form = ActForm()
    if form.act.data not in ("make", "revoke") or not form.validate():
        abort(422)
    with act(f"pay_in_link.{'made' if form.act.data == 'make' else 'revoked'}", f"area:{min(number, MAX_ID)}"):
        area = db.session.get(Area, min(number, MAX_ID), with_for_update=True) or abort(404)
        if form.act.data == "make":
            branch_returns.make_link(area)
        else:
            area.link_nonce = None
    return redirect(url_for("treasury.branch_returns.links", _anchor=f"area-{number}"), 303)


def _decide(form: ActForm, number: int) -> str:
    name = staff.name_of(me())
    with act("pay_in.accepted" if form.act.data == "accept" else "pay_in.declined", f"pay_in:{number}") as done:
        if form.act.data == "decline":
            reason = form.reason.data or ""
            row = branch_returns.decline(number, reason=reason, actor=done.actor, at=done.at)
        else:
            row, is_own = branch_returns.accept(done.conn, number, actor=done.actor, name=name, at=done.at)
            done.details |= {"gift": str(row.offline_donation_id), "booked_on": str(row.booked_on or "")}
            if is_own:  # There is no other treasurer; the audit log records it.
                done.details["name_of_who_accepts_is_on_it"] = True
        return money(row.amount)


def _find(number: int) -> BranchReturn:
    return db.session.get(BranchReturn, min(number, MAX_ID)) or abort(404)


def _address_of(area: Area) -> str | None:
    token = branch_returns.token_of(area)
    return public_url(url_for("branch_returns.show", token=token)) if token else None


def _page(row: BranchReturn, form: ActForm, status: int = 200) -> Response:
    before = db.session.get(BranchReturn, row.revises) if row.revises else None
    return page(
        "treasury/branch_return.html",
        status,
        cache="no-store",
        row=row,
        form=form,
        said=branch_returns.names_and_notes(row),
        before=before,
        after=branch_returns.successor_of(row),
        in_books=branch_returns.accepted_before(row),
        names=names(),
        needs_another=offline_donations.needs_another(),
    )
