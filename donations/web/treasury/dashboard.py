"""The first page of the treasury."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import func, select

from donations import staff
from donations.extensions import db
from donations.models import StripeEvent
from donations.web import sessions
from donations.web.page import page

bp = Blueprint("treasury", __name__, url_prefix="/treasury")


@bp.get("/")
def index() -> Response:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    parked = db.session.scalar(select(func.count()).select_from(StripeEvent).where(StripeEvent.state == "parked"))
    return page("treasury/index.html", cache="no-store", name=staff.name_of(person), parked=parked or 0)
