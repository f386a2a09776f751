"""What an appeal gives away for others to show: its address as a QR code, a poster, the card beside a shared link.
Everything here is public; where the page of an appeal says nothing of it, neither does this."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, url_for

from donations import paper, totals
from donations.errors import AppealClosed
from donations.models import Appeal, Organisation
from donations.web.filters import in_language
from donations.web.headers import LIVE, kind
from donations.web.page import marked, now, public_url
from donations.web.response_cache import kept

bp = Blueprint("sharing", __name__)


@bp.get("/appeals/<slug:slug>/qr.svg")
@kind("data")
@kept
def qr_svg(slug: str) -> Response:
    address = _address(_appeal(slug))
    return _public(paper.qr_svg(address), "image/svg+xml", version=address)


@bp.get("/appeals/<slug:slug>/qr.png")
@kind("data")
@kept
def qr_png(slug: str) -> Response:
    address = _address(_appeal(slug))
    return _public(paper.qr_png(address), "image/png", version=address)


@bp.get("/appeals/<slug:slug>/poster.pdf")
@kind("data")
@kept
def poster(slug: str) -> Response:
    appeal = _appeal(slug)
    if appeal.state == "closed":
        raise AppealClosed()  # The poster should not be put up any more.
    words = paper.Poster(
        title=in_language(appeal.title), call=in_language(appeal.summary), address=_address(appeal),
        organisation=Organisation.get().name,
    )  # fmt: skip
    version = f"{words}|{paper.edition()}"
    response = _public(paper.poster_pdf(words, at=now()), "application/pdf", version=version)
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.pdf"'
    return response


@bp.get("/appeals/<slug:slug>/card.png")
@kind("data")
@kept
def card(slug: str) -> Response:
    appeal = _appeal(slug)
    words = paper.card_words(paper.Card(
        title=in_language(appeal.title), call=in_language(appeal.summary), organisation=Organisation.get().name,
        total=totals.public(appeal, now()),
    ))  # fmt: skip
    # The version is what the card says, so for a discreet appeal it changes with the snapshot only.
    return _public(paper.card_png(words), "image/png", version=f"{words}|{paper.edition()}")


def _appeal(slug: str) -> Appeal:
    appeal = Appeal.by_slug(slug)
    if appeal.visibility == "holding_page":
        abort(404)
    return appeal


def _address(appeal: Appeal) -> str:
    return public_url(url_for("appeals.show", slug=appeal.slug))


def _public(body: str | bytes, mimetype: str, *, version: str) -> Response:
    response = current_app.response_class(body, mimetype=mimetype)
    response.headers["Cache-Control"] = LIVE
    return marked(response, version=version)
