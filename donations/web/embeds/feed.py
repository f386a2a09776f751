"""The Atom feed of an appeal (RFC 4287): its updates, and the parts of its goal as they were reached."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, current_app, render_template, request

from donations.web.embeds.content import Showing, find, kept
from donations.web.headers import LIVE, kind
from donations.web.query_parameters import reads

bp = Blueprint("feed", __name__)


@bp.get("/appeals/<slug:slug>/feed.atom")
@kind("data")
@reads("lang")
def atom(slug: str) -> Response:
    showing = find(slug, request.args.get("lang"))
    return kept(showing, "feed", lambda: _written(showing))


def _written(showing: Showing) -> Response:
    changed: datetime = max([entry.at for entry in showing.news], default=showing.total.as_of)
    body = render_template("embeds/feed.xml", showing=showing, changed=changed)
    response = current_app.response_class(body, mimetype="application/atom+xml")
    response.headers["Cache-Control"] = LIVE
    return response
