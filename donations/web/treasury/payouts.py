"""Payouts: the list, and each with its transactions, its unexplained remainder and its statement line."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from donations.extensions import db
from donations.reconciliation import payouts
from donations.web.page import page
from donations.web.treasury.funds import named

bp = Blueprint("payouts", __name__, url_prefix="/payouts")


@bp.get("")
def index() -> Response:
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found = payouts.listed(db.session.connection(), number)
    return page("treasury/payouts.html", cache="no-store", found=found[: payouts.PAGE_LENGTH], number=number,
                has_more=len(found) > payouts.PAGE_LENGTH)  # fmt: skip


@bp.get("/<payout_id>")
def show(payout_id: str) -> Response:
    conn = db.session.connection()
    payout = payouts.find(conn, payout_id)
    if payout is None:
        abort(404)
    made = payouts.made_of(conn, payout)
    return page(
        "treasury/payout.html", cache="no-store", payout=payout, made=made,
        line=payouts.statement_line(conn, payout_id), candidates=payouts.candidates(conn, payout, made.unexplained),
        members=payouts.members(conn, payout_id), parts_by_fund=payouts.by_fund(conn, payout),
        funds=named(), is_estimated=payouts.is_estimated(payout),
    )  # fmt: skip
