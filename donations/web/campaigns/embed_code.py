"""How an appeal is put on other sites: choose how it looks, see it, copy what to paste, and see on which sites it was
seen. What is embedded is in web/embeds/, which sites may show it in allowed_sites.py."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, EmbeddingSite, Organisation
from donations.web import embed_theme
from donations.web.filters import in_language
from donations.web.page import asks_for_fragment, page, public_url

bp = Blueprint("embeds", __name__)


@bp.get("/<slug:slug>/embeds")
def show(slug: str) -> Response:
    appeal = Appeal.any_by_slug(slug)
    if asks_for_fragment():
        return page("campaigns/_chosen.html", cache="no-store", appeal=appeal, **_chosen(appeal))
    return settings_page(appeal)


def settings_page(
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
