"""How an appeal is put on other sites: choose how it looks, see it, copy what to paste; say which sites may show it,
and see on which it was seen. The forms themselves are embeds."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from donations.errors import ShownAgain
from donations.extensions import db
from donations.models import Appeal, EmbeddingSite, Organisation
from donations.web import embed_theme
from donations.web.audited_action import act
from donations.web.filters import in_language, sentence
from donations.web.origin import origin_of
from donations.web.page import asks_for_fragment, page, public_url
from donations.web.text_fields import lines

bp = Blueprint("embeds", __name__)
MAX_SITES = 50


@bp.get("/<slug:slug>/embeds")
def show(slug: str) -> Response:
    appeal = Appeal.any_by_slug(slug)
    if asks_for_fragment():
        return page("campaigns/_chosen.html", cache="no-store", appeal=appeal, **_chosen(appeal))
    return _page(appeal)


@bp.post("/<slug:slug>/embeds")
def allow(slug: str) -> Any:
    """The sites that may frame it, one a line; none means any."""
    typed = lines(request.form.get("sites"))
    sites = [origin_of(line) for line in typed.splitlines() if line.strip()]
    if "" in sites or len(sites) > MAX_SITES:
        fault = _("Enter one address per line, like https://example.org, %(most)s at most.", most=MAX_SITES)
        return _page(Appeal.any_by_slug(slug), 422, typed=typed, fault=fault)
    try:
        with act("appeal.sites", f"appeal:{slug}") as done:
            appeal = Appeal.any_by_slug(slug)
            wanted = list(dict.fromkeys(sites))
            done.again = appeal.embed_sites == wanted
            appeal.embed_sites, done.details["sites"] = wanted, wanted
    except ShownAgain as error:
        return _page(Appeal.any_by_slug(slug), error.status, typed=typed, fault=sentence(error))
    return _page(Appeal.any_by_slug(slug), saved=True)


def _page(
    appeal: Appeal, status: int = 200, *, typed: str | None = None, fault: str = "", saved: bool = False
) -> Response:
    seen = db.session.scalars(
        select(EmbeddingSite)
        .where(EmbeddingSite.appeal_id == appeal.id)
        .order_by(EmbeddingSite.last_seen_on.desc(), EmbeddingSite.times.desc())
    ).all()
    return page(
        "campaigns/embeds.html",
        status,
        cache="no-store",
        appeal=appeal,
        seen=seen,
        fault=fault,
        saved=saved,
        sites="\n".join(appeal.embed_sites) if typed is None else typed,
        sizes=embed_theme.SIZES,
        themes=embed_theme.THEMES,
        **_chosen(appeal),
    )


def _chosen(appeal: Appeal) -> dict[str, Any]:
    """What was chosen, and what to paste for it."""
    house = Organisation.get()
    look, asked = embed_theme.asked(request.args), request.args.get("lang", "")
    language = asked if asked in house.languages else house.default_language
    query: dict[str, str] = {**({} if language == house.default_language else {"lang": language}), **look.query()}
    frame = url_for("embeds.show", slug=appeal.slug, **query)  # type: ignore[arg-type]
    return {
        "look": look,
        "chosen_language": language,
        "preview": frame,
        "height": embed_theme.HEIGHTS[look.size],
        "query": query,
        "accent": f"#{look.accent}" if look.accent else "",
        "address": public_url(url_for("appeals.show", slug=appeal.slug, language=language)),
        "frame_address": public_url(frame),
        "script_address": public_url(url_for("embeds.script")),
        "badge_address": public_url(_with_language("badge.svg", appeal, house, language)),
        "overlay_address": public_url(_with_language("overlay.show", appeal, house, language)),
        "feed_address": public_url(_with_language("feed.atom", appeal, house, language)),
        "link_text": in_language(appeal.title),
    }


def _with_language(endpoint: str, appeal: Appeal, house: Organisation, language: str) -> str:
    return url_for(endpoint, slug=appeal.slug, lang=None if language == house.default_language else language)
