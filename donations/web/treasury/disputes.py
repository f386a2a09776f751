"""Disputes with their deadlines, and warnings of fraud. They are answered at Stripe; here they are not forgotten."""

from __future__ import annotations

from flask import Blueprint, Response

from donations.extensions import db
from donations.reconciliation import disputes
from donations.web.page import now, page

bp = Blueprint("disputes", __name__, url_prefix="/disputes")


@bp.get("")
def index() -> Response:
    conn = db.session.connection()
    return page("treasury/disputes.html", cache="no-store", found=disputes.listed(conn), at=now(),
                warnings=disputes.warnings(conn), closed=disputes.CLOSED)  # fmt: skip
