"""The frame on other sites, its live part, and the script that turns a link into one. A frame takes no donation:
its buttons are links to the appeal's own page."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, current_app, g, request

from donations.errors import AppealNotFound
from donations.web import embed_theme
from donations.web.embeds import seen_sites
from donations.web.embeds.content import Showing, find, kept
from donations.web.headers import FOR_EVER, GONE, LIVE, kind
from donations.web.page import content_hash, fragment, page, versioned
from donations.web.query_parameters import LOOK, reads

bp = Blueprint("embeds", __name__)
SCRIPT_KEPT = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"


@bp.get("/embed/<slug:slug>")
@kind("frame")
@reads("lang", *LOOK)
def show(slug: str) -> Response:
    try:
        showing = find(slug, request.args.get("lang"))
    except AppealNotFound:
        return page("embeds/gone.html", 404, cache=GONE)
    g.framed_by = showing.sites
    seen_sites.note(slug, request.referrer)
    return _kept(showing, "embeds/frame.html")


@bp.get("/embed/<slug:slug>/total")
@kind("frame")
@reads("lang", *LOOK)
def total(slug: str) -> Response:
    showing = find(slug, request.args.get("lang"))
    g.framed_by = showing.sites
    return _kept(showing, "embeds/_figures.html")


@bp.get("/embed/accent/<colour>.css")
@kind("data")
def accent(colour: str) -> Response:
    """The accent as a stylesheet of its own: no answer of ours has a style within."""
    if embed_theme.colour(colour) != colour:
        abort(404)
    style = f":root{{--accent:#{colour};--on-accent:#{embed_theme.ink_on(colour)}}}"
    response = current_app.response_class(style, mimetype="text/css")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@bp.get("/embed.js")
@kind("data")
def script() -> Response:
    """static/js/embed.js under an address that never changes."""
    body = (Path(current_app.static_folder or "") / "js/embed.js").read_bytes()
    response = current_app.response_class(body, mimetype="text/javascript")
    response.headers["Cache-Control"] = SCRIPT_KEPT
    return versioned(response, version=content_hash("js/embed.js"))


def _kept(showing: Showing, template: str) -> Response:
    look = embed_theme.asked(request.args)
    parts = {"showing": showing, "total": showing.total, "look": look}
    return kept(showing, (template, look), lambda: fragment(template, cache=LIVE, **parts))
