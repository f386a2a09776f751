"""The scoreboard of an appeal as a frame on another site: the progress of its areas, in the theme that the site asks
for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from donations.appeals import scoreboard
from donations.errors import AppealNotFound
from donations.models import Appeal, Organisation
from donations.web import embed_theme, languages
from donations.web.embeds import seen_sites
from donations.web.embeds.content import Showing, find, kept
from donations.web.headers import GONE, LIVE, kind
from donations.web.page import fragment, now, page
from donations.web.query_parameters import LOOK, reads

bp = Blueprint("framed_scoreboard", __name__)


@bp.get("/embed/<slug:slug>/scoreboard")
@kind("frame")
@reads("lang", *LOOK)
def show(slug: str) -> Response:
    try:
        showing = find(slug, request.args.get("lang"))
        g.framed_by = showing.sites
        answer = _kept(showing, "embeds/scoreboard.html")
    except AppealNotFound:
        return page("embeds/gone.html", 404, cache=GONE)
    seen_sites.note(slug, request.referrer)
    return answer


@bp.get("/embed/<slug:slug>/scoreboard/areas")
@kind("frame")
@reads("lang", *LOOK)
def areas(slug: str) -> Response:
    showing = find(slug, request.args.get("lang"))
    g.framed_by = showing.sites
    return _kept(showing, "supporters/_scoreboard.html")


def _kept(showing: Showing, template: str) -> Response:
    """Rendered again when the appeal's content has changed, and each day, because the expected progress changes
    daily."""
    house: Organisation = g.organisation  # Read by `find`, once a second.
    look, today = embed_theme.asked(request.args), house.day_of(now())

    def made() -> Response:
        board = scoreboard.of(Appeal.by_slug(showing.slug), now())
        asked: dict[str, Any] = {"lang": languages.current(), **look.query()}
        poll = url_for("framed_scoreboard.areas", slug=showing.slug, **asked)
        return fragment(template, cache=LIVE, showing=showing, board=board, total=board.total, look=look, poll=poll)

    return kept(showing, (template, look, today), made)
