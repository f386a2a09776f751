"""Pages about us, about the data we keep of supporters, and about donations made by mistake; and robots.txt."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, url_for

from donations import appeals
from donations.models import Organisation
from donations.web.headers import LIVE
from donations.web.page import page, public_url

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
        "Disallow: /subscribers/",
        "Disallow: /your-data/",
        "Disallow: /*/donations/",
        "Disallow: /*/receipts/",
        "Disallow: /*/following/",
        "Disallow: /*/subscribers/",
        "Disallow: /*/your-data/",
        f"Sitemap: {public_url(url_for('about.sitemap'))}",
    )
    response = current_app.response_class("\n".join(lines) + "\n", mimetype="text/plain")
    response.headers["Cache-Control"] = SHORTLY
    return response


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages there are, in every language (sitemaps.org, 0.9)."""
    body = render_template(
        "supporters/sitemap.xml", slugs=appeals.shown_slugs(), languages=Organisation.get().languages
    )
    response = current_app.response_class(body, mimetype="application/xml")
    response.headers["Cache-Control"] = LIVE
    return response
