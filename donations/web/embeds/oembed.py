"""oEmbed (oembed.com, 1.0): the address of an appeal, pasted into a CMS, becomes its frame. JSON only."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask_babel import gettext as _

from donations.errors import AppealNotFound, NotAnAddressOfOurs, OnlyJson
from donations.web import embed_theme, languages
from donations.web.embeds.content import Showing, find
from donations.web.filters import in_language
from donations.web.headers import LIVE, kind
from donations.web.page import public_url, versioned
from donations.web.query_parameters import reads

bp = Blueprint("oembed", __name__)
WIDTH, NARROWEST, CACHE_SECONDS = 640, 240, 60
_APPEAL = re.compile(r"(?:/([a-z]{2,3}(?:-[A-Z]{2})?))?/appeals/([a-z0-9]+(?:-[a-z0-9]+)*)/?")


@bp.get("/oembed")
@kind("data")
@reads("url", "maxwidth", "maxheight", "format")
def show() -> Response:
    """Parameters: url; maxwidth and maxheight in CSS pixels; format, json. Raises OnlyJson, NotAnAddressOfOurs and,
    for whatever the public may not know of, AppealNotFound."""
    if request.args.get("format", "json") != "json":
        raise OnlyJson()
    language, slug = _appeal_of(request.args.get("url", ""))
    showing = find(slug, language)
    response = jsonify(_said(showing, language))
    response.headers["Cache-Control"] = LIVE
    words = (showing.title, showing.total.discreet, sorted(request.args.items()))
    return versioned(response, version=repr(words))


def _appeal_of(address: str) -> tuple[str | None, str]:
    """(language, slug) of an address of ours."""
    ours = urlsplit(current_app.config["SETTINGS"].public_url)
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        raise NotAnAddressOfOurs(address=ours.geturl()) from None
    found = _APPEAL.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != ours.netloc.lower():
        raise NotAnAddressOfOurs(address=ours.geturl())
    if found is None:
        raise AppealNotFound()
    return found[1], found[2]


def _said(showing: Showing, language: str | None) -> dict[str, Any]:
    width = max(NARROWEST, min(WIDTH, request.args.get("maxwidth", WIDTH, type=int)))
    most = request.args.get("maxheight", embed_theme.HEIGHTS["card"], type=int)
    size = "card" if most >= embed_theme.HEIGHTS["card"] else "bar"
    asked = {"lang": language} if language else {}
    values: dict[str, Any] = {"slug": showing.slug, **asked, **embed_theme.Look(size=size).query()}
    address = public_url(url_for("embeds.show", **values))
    title = _title(showing)
    frame = {"address": address, "title": title, "width": width, "height": embed_theme.HEIGHTS[size]}
    house = languages.organisation()
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": house.name if house else "",
        "provider_url": public_url("/"),
        "title": title,
        "html": render_template("embeds/_iframe.html", **frame).strip(),
        "width": width,
        "height": embed_theme.HEIGHTS[size],
        "cache_age": CACHE_SECONDS,
        **_thumbnail(showing),
    }


def _title(showing: Showing) -> str:
    """Another site keeps the title for good, where no hiding reaches it: so that of a discreet appeal names no one."""
    house = languages.organisation()
    if not showing.total.discreet or house is None:
        return in_language(showing.title)
    return str(_("An appeal by %(organisation)s", organisation=house.name))


def _thumbnail(showing: Showing) -> dict[str, Any]:
    """The picture has the title in it."""
    if showing.total.discreet:
        return {}
    address = public_url(url_for("sharing.card", slug=showing.slug))
    return {"thumbnail_url": address, "thumbnail_width": 1200, "thumbnail_height": 630}
