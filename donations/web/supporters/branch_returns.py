"""Branch returns, through the link a branch was sent: no sign-in, no cookie. The link shows its own returns only; a
treasurer decides whether one is accepted into the ledger."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from donations import receipts
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import Area, BranchReturn
from donations.models.base import MAX_ID
from donations.web.page import now, page
from donations.web.supporters.branch_return_form import KINDS, METHODS, BranchReturnForm

bp = Blueprint("branch_returns", __name__)


@bp.get("/pay-in/<token>")  # as in links up to 2026
@bp.get("/branch-returns/<token>")
def show(token: str) -> Response:
    area = branch_returns.area_of(token)
    return _page(token, area, BranchReturnForm.empty(area))


@bp.post("/pay-in/<token>")
@bp.post("/branch-returns/<token>")
def submit(token: str) -> Answer:
    return _submit(token, branch_returns.area_of(token), None)


@bp.get("/pay-in/<token>/<int:number>")
@bp.get("/branch-returns/<token>/<int:number>")
def ask_revision(token: str, number: int) -> Response:
    area = branch_returns.area_of(token)
    row = _own(area, number)
    return _page(token, area, BranchReturnForm.of(row, branch_returns.names_and_notes(row)), revises=row)


@bp.post("/pay-in/<token>/<int:number>")
@bp.post("/branch-returns/<token>/<int:number>")
def revise(token: str, number: int) -> Answer:
    area = branch_returns.area_of(token)
    return _submit(token, area, _own(area, number))


def _submit(token: str, area: Area, revises: BranchReturn | None) -> Answer:
    form = BranchReturnForm(area)
    if not form.validate():
        return _page(token, area, form, 422, revises=revises)
    try:
        with write_unit():
            at = now()
            row = branch_returns.submit(branch_returns.area_of(token), form.submitted, revises=revises, at=at)
            number, again = row.id, "yes" if row.sent_at != at else None
    except DonationsError as error:
        form.refuse(error)
        return _page(token, branch_returns.area_of(token), form, error.status, revises=revises)
    return redirect(url_for("branch_returns.show", token=token, sent=number, again=again, _anchor="sent"), 303)


def _own(area: Area, number: int) -> BranchReturn:
    """A branch return of this branch that has no later version; 404 for any other."""
    row = db.session.get(BranchReturn, min(number, MAX_ID))
    if row is None or row.area_id != area.id or row.state == "replaced":
        abort(404)
    return row


def _page(
    token: str, area: Area, form: BranchReturnForm, status: int = 200, revises: BranchReturn | None = None
) -> Response:
    found = branch_returns.of_area(area)
    amended = {row.revises for row in found}
    return page(
        "supporters/branch_return_form.html",
        status,
        cache="no-store",
        token=token,
        area=area,
        appeal=area.appeal,
        form=form,
        revises=revises,
        found=found,
        amended=amended,
        kinds=KINDS,
        methods=METHODS,
        receipt_of=_receipt_of,
        again="again" in request.args,
        sent=next((row for row in found if row.id == request.args.get("sent", 0, type=int)), None),
    )


def _receipt_of(row: BranchReturn) -> str | None:
    """The token of the live receipt for what was accepted."""
    live = (
        receipts.live_of(row.offline_donation.donation_id)
        if row.offline_donation is not None and row.state == "accepted"
        else None
    )
    return receipts.token_of(live) if live else None
