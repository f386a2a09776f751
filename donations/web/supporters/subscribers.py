"""What a subscriber's mailed links open: confirm, or unsubscribe. Opening a page changes nothing; only its button
does, or the one click of a mail program (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, Response

from donations import appeals, tokens
from donations.appeals import subscribers
from donations.database import write_unit
from donations.models import Subscriber
from donations.web.page import now, page

bp = Blueprint("subscribers", __name__)


@bp.get("/following/confirm/<token>")  # as in mails up to 2026
@bp.get("/subscribers/confirm/<token>")
def ask_confirm(token: str) -> Response:
    return _page("ask_confirm", subscribers.find(tokens.read_confirming(token)), token)


@bp.post("/following/confirm/<token>")
@bp.post("/subscribers/confirm/<token>")
def confirm(token: str) -> Response:
    with write_unit():
        subscribers.confirm(subscribers.find(tokens.read_confirming(token)), now())
    return _page("confirmed", subscribers.find(tokens.read_confirming(token)), token)


@bp.get("/following/end/<token>")
@bp.get("/subscribers/unsubscribe/<token>")
def ask_unsubscribe(token: str) -> Response:
    return _page("ask_end", subscribers.find(tokens.read_ending(token)), token)


@bp.post("/following/end/<token>")
@bp.post("/subscribers/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    with write_unit():
        subscribers.end(subscribers.find(tokens.read_ending(token)), now())
    return _page("ended", subscribers.find(tokens.read_ending(token)), token)


def _page(kind: str, row: Subscriber, token: str) -> Response:
    """What has ended stays ended, and what is confirmed is not asked again."""
    kind = "ended" if row.state == "ended" else kind
    kind = "confirmed" if kind == "ask_confirm" and row.state == "confirmed" else kind
    is_public = row.appeal.visibility in ("shown", "amounts_hidden") and row.appeal.state != "draft"
    appeal = row.appeal if is_public else None
    mark = appeals.shown_mark()
    return page("supporters/subscriber.html", cache="no-store", kind=kind, appeal=appeal, token=token, mark=mark)
