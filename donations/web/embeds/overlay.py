"""The overlay for a stream: the total large over whatever is behind it, and the latest donations of supporters who
agreed to be named. Nothing in it can be clicked."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from donations.errors import AppealNotFound
from donations.giving.public_names import NamedDonation
from donations.money import Money, exponent
from donations.web import embed_theme
from donations.web.embeds.content import Showing, find, kept
from donations.web.headers import GONE, LIVE, kind
from donations.web.page import fragment, page
from donations.web.query_parameters import LOOK, reads

bp = Blueprint("overlay", __name__)
NAMES, LARGEST = 5, 1_000_000


@bp.get("/overlay/<slug:slug>")
@kind("frame")
@reads("lang", "least", *LOOK)
def show(slug: str) -> Response:
    try:
        return _answer(find(slug, request.args.get("lang")), "embeds/overlay.html")
    except AppealNotFound:  # Nothing is laid over the picture; it keeps asking.
        return page("embeds/gone_overlay.html", 404, cache=GONE)


@bp.get("/overlay/<slug:slug>/total")
@kind("frame")
@reads("lang", "least", *LOOK)
def total(slug: str) -> Response:
    return _answer(find(slug, request.args.get("lang")), "embeds/_overlay.html")


def _answer(showing: Showing, template: str) -> Response:
    g.framed_by = showing.sites
    least = _least(showing)
    named = _named(showing, least)
    look = embed_theme.asked(request.args)
    parts = {"showing": showing, "total": showing.total, "named": named, "look": look, "least": least}
    return kept(showing, (template, look, least), lambda: fragment(template, cache=LIVE, **parts))


def _least(showing: Showing) -> int | None:
    """`least`, in major units: the amount from which a donation is named; None, where no names are requested."""
    asked = request.args.get("least", type=int)
    return None if asked is None or not 0 <= asked <= LARGEST else asked


def _named(showing: Showing, least: int | None) -> list[NamedDonation]:
    if least is None:
        return []
    currency = showing.total.currency
    floor = Money(least * 10 ** exponent(currency), currency)
    return [
        donation
        for donation in showing.named
        if donation.amount.currency == currency and donation.amount.minor >= floor.minor
    ][:NAMES]
