"""Who we are, what we keep of supporters, and what to do about a gift made by mistake; and the page for robots."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from donations.models import Organisation
from donations.web.page import page

bp = Blueprint("about", __name__)
SHORTLY = "public, max-age=60"


@bp.get("/about")
def show() -> Response:
    Organisation.get()  # Without one there is nothing to say; the error page says it better.
    return page("supporters/about.html", cache=SHORTLY)


@bp.get("/robots.txt")
def robots() -> Response:
    lines = (
        "User-agent: *",
        "Disallow: /donations/",
        "Disallow: /receipts/",
        "Disallow: /following/",
        "Disallow: /*/donations/",
        "Disallow: /*/receipts/",
        "Disallow: /*/following/",
    )
    response = current_app.response_class("\n".join(lines) + "\n", mimetype="text/plain")
    response.headers["Cache-Control"] = SHORTLY
    return response
