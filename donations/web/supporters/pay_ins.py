"""What a branch hands in, by the link it was sent: no sign-in, no cookie. The link shows its own pay-ins and nothing of
anybody else's; whether one is taken into the books, the treasurer says."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from donations import receipts
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.giving import pay_ins
from donations.models import Area, PayIn
from donations.models.base import MOST_ID
from donations.web.page import now, page
from donations.web.supporters.pay_in_form import KINDS, METHODS, PayInForm

bp = Blueprint("pay_ins", __name__)


@bp.get("/pay-in/<token>")
def show(token: str) -> Response:
    area = pay_ins.area_of(token)
    return _page(token, area, PayInForm.empty(area))


@bp.post("/pay-in/<token>")
def hand_in(token: str) -> Answer:
    return _hand_in(token, pay_ins.area_of(token), None)


@bp.get("/pay-in/<token>/<int:number>")
def ask_amended(token: str, number: int) -> Response:
    area = pay_ins.area_of(token)
    row = _own(area, number)
    return _page(token, area, PayInForm.of(row, pay_ins.words_of(row)), amends=row)


@bp.post("/pay-in/<token>/<int:number>")
def amend(token: str, number: int) -> Answer:
    area = pay_ins.area_of(token)
    return _hand_in(token, area, _own(area, number))


def _hand_in(token: str, area: Area, amends: PayIn | None) -> Answer:
    form = PayInForm(area)
    if not form.validate():
        return _page(token, area, form, 422, amends=amends)
    try:
        with write_unit():
            at = now()
            row = pay_ins.hand_in(pay_ins.area_of(token), form.handed_in, amends=amends, at=at)
            number, again = row.id, "yes" if row.sent_at != at else None
    except DonationsError as error:
        form.refuse(error)
        return _page(token, pay_ins.area_of(token), form, error.status, amends=amends)
    return redirect(url_for("pay_ins.show", token=token, sent=number, again=again, _anchor="sent"), 303)


def _own(area: Area, number: int) -> PayIn:
    """A pay-in of this branch that has no later version; 404 for any other."""
    row = db.session.get(PayIn, min(number, MOST_ID))
    if row is None or row.area_id != area.id or row.state == "replaced":
        abort(404)
    return row


def _page(token: str, area: Area, form: PayInForm, status: int = 200, amends: PayIn | None = None) -> Response:
    found = pay_ins.of_area(area)
    amended = {row.amends for row in found}
    return page(
        "supporters/pay_in.html", status, cache="no-store", token=token, area=area, appeal=area.appeal, form=form,
        amends=amends, found=found, amended=amended, kinds=KINDS, methods=METHODS, receipt_of=_receipt_of,
        again="again" in request.args,
        sent=next((row for row in found if row.id == request.args.get("sent", 0, type=int)), None),
    )  # fmt: skip


def _receipt_of(row: PayIn) -> str | None:
    """The token of the receipt that stands for what was accepted."""
    live = receipts.live_of(row.gift.donation_id) if row.gift is not None and row.state == "accepted" else None
    return receipts.token_of(live) if live else None
