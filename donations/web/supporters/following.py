"""What a mailed link opens for who follows an appeal: say yes, or end it. Looking changes nothing; only a button does,
or the one click of a mail program."""

from __future__ import annotations

from flask import Blueprint, Response

from donations import appeals, tokens
from donations.appeals import following
from donations.database import write_unit
from donations.models import Subscription
from donations.web.page import now, page

bp = Blueprint("following", __name__)


@bp.get("/following/confirm/<token>")
def ask_confirm(token: str) -> Response:
    return _page("ask_confirm", following.find(tokens.read_confirming(token)), token)


@bp.post("/following/confirm/<token>")
def confirm(token: str) -> Response:
    with write_unit():
        following.confirm(following.find(tokens.read_confirming(token)), now())
    return _page("confirmed", following.find(tokens.read_confirming(token)), token)


@bp.get("/following/end/<token>")
def ask_end(token: str) -> Response:
    return _page("ask_end", following.find(tokens.read_ending(token)), token)


@bp.post("/following/end/<token>")
def end(token: str) -> Response:
    with write_unit():
        following.end(following.find(tokens.read_ending(token)), now())
    return _page("ended", following.find(tokens.read_ending(token)), token)


def _page(kind: str, row: Subscription, token: str) -> Response:
    """What has ended stays ended, and what is confirmed is not asked again."""
    kind = "ended" if row.state == "ended" else kind
    kind = "confirmed" if kind == "ask_confirm" and row.state == "confirmed" else kind
    is_public = row.appeal.visibility in ("shown", "amounts_hidden") and row.appeal.state != "draft"
    appeal = row.appeal if is_public else None
    mark = appeals.shown_mark()
    return page("supporters/following.html", cache="no-store", kind=kind, appeal=appeal, token=token, mark=mark)
