"""The total as a small picture that grows with no font of ours: for READMEs, mails and places that allow no frame."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import gettext as _

from donations.web import embed_theme
from donations.web.embeds.content import Showing, find, kept
from donations.web.filters import in_language, money, percent
from donations.web.headers import LIVE, kind
from donations.web.query_parameters import LOOK, reads

bp = Blueprint("badge", __name__)
# How wide letters are, in tenths of their height, as most system fonts draw them; the picture asks for just so much.
_NARROW, _WIDE = "ijltfr.,:;'!|()[] ·IJ1\N{NO-BREAK SPACE}", "mwMWШЩЖМЮФшщжмюф@%—"
_LETTER, _PADDING = 11, 8
LONGEST = 40  # letters of a title


@bp.get("/appeals/<slug:slug>/total.svg")
@kind("data")
@reads("lang", *LOOK)
def svg(slug: str) -> Response:
    showing = find(slug, request.args.get("lang"))
    theme = embed_theme.asked(request.args).theme
    return kept(showing, ("badge", theme), lambda: _drawn(showing, theme))


def _drawn(showing: Showing, theme: str) -> Response:
    label, figure = _label(showing), _figure(showing)
    parts = {"label": label, "figure": figure, "theme": theme, "left": _width(label), "right": _width(figure)}
    response = current_app.response_class(render_template("embeds/total.svg", **parts), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = LIVE
    return response


def _label(showing: Showing) -> str:
    title = in_language(showing.title)
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1].rstrip()}…"


def _figure(showing: Showing) -> str:
    """£1,234.50 of £25,000 · 4%, or what the appeal says instead of amounts."""
    total = showing.total
    state = {"paused": _("Paused"), "closed": _("Closed")}.get(total.state)
    if total.raised is None:
        return state or _("Donate")
    said = money(total.raised)
    if total.goal is not None and total.percent is not None:
        whole = money(total.goal, short=True)
        said = _("%(raised)s of %(goal)s · %(percent)s", raised=said, goal=whole, percent=percent(total.percent))
    return f"{said} · {state}" if state else said


def _width(text: str) -> int:
    """Of the text in pixels, at eleven to a letter's height; the picture presses or stretches it to that."""
    tenths = sum(3.4 if letter in _NARROW else 9.2 if letter in _WIDE else 6.2 for letter in text)
    return round(tenths * _LETTER / 10) + 2 * _PADDING
