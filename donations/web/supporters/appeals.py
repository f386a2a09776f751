"""The home page, an appeal's page, and its total as fragment and as JSON. What a total is, totals says."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from donations import appeals, totals
from donations.appeals import updates, wordings
from donations.appeals.amounts import suggested
from donations.giving import messages
from donations.models import Appeal, Organisation
from donations.totals import PublicTotal
from donations.web.filters import money, timestamp
from donations.web.headers import LIVE, kind
from donations.web.page import fragment, marked, now, page
from donations.web.query_parameters import reads
from donations.web.response_cache import kept
from donations.web.supporters.forms import DonationForm

bp = Blueprint("appeals", __name__)
MAX_UPDATES = 50
OTHERS = 3  # running appeals beside one that takes no donations


@bp.get("/")
@reads("page")
def home() -> Response:
    Organisation.get()  # Without one the installation is not ready, and the error page says so.
    listed = appeals.listed(request.args.get("page", 1, type=int))
    cards = list(zip(listed.appeals, totals.public_of(listed.appeals, now()), strict=True))
    return page(
        "supporters/home.html", cache=LIVE, listed=listed, mark=appeals.shown_mark(),
        running=[card for card in cards if card[0].state != "closed"],
        ended=[card for card in cards if card[0].state == "closed"],
    )  # fmt: skip


@bp.get("/shown")
@kept
def shown() -> Response:
    """Changes when an appeal is hidden, shown again, or changes its state. Open pages that name appeals ask for it."""
    mark = appeals.shown_mark()
    response = current_app.response_class(mark, mimetype="text/plain")
    response.headers["Cache-Control"] = LIVE
    return marked(response, version=mark)


@bp.get("/appeals/<slug:slug>")
def show(slug: str) -> Response:
    return appeal_page(DonationForm.preset(Appeal.by_slug(slug), request.args))


@bp.get("/appeals/<slug:slug>/total")
@kept
def total(slug: str) -> Response:
    figures = _public_total(slug)
    return marked(fragment("supporters/_total.html", cache=LIVE, total=figures), version=figures.version)


@bp.get("/appeals/<slug:slug>/funds")
@kept
def funds(slug: str) -> Response:
    """Where the money goes; an open page asks for it when its total has moved."""
    figures, appeal = _public_total(slug), Appeal.by_slug(slug)
    told = {"appeal": appeal, "total": figures, "wording": wordings.shown(appeal)}
    listed = fragment("supporters/_funds.html", cache=LIVE, **told)
    return marked(listed, version=figures.version)


@bp.get("/appeals/<slug:slug>/total.json")
@kind("data")
@kept
def total_json(slug: str) -> Response:
    figures = _public_total(slug)
    response = jsonify(_for_machines(figures))
    response.headers["Cache-Control"] = LIVE
    return marked(response, version=figures.version)


@bp.get("/appeals/<slug:slug>/updates/<int:number>")
def update(slug: str, number: int) -> Response:
    appeal = Appeal.by_slug(slug)
    if appeal.visibility == "holding_page":
        abort(404)
    shown = updates.find_shown(appeal, number)
    return page("supporters/update.html", cache=LIVE, appeal=appeal, update=shown)


def appeal_page(form: DonationForm, status: int = 200) -> Response:
    """The appeal with its form in its present state: empty, preset, or with errors and the typed text. For a hidden
    appeal, a plain page without any detail."""
    appeal = form.appeal
    if appeal.visibility == "holding_page":
        told = {"mark": appeals.shown_mark(), "then": request.path.removesuffix("/donations")}
        return page("supporters/holding.html", status, **told)
    others = [] if appeal.takes_donations else appeals.needing_donations(appeal, OTHERS)
    return page(
        "supporters/appeal.html", status, appeal=appeal, form=form, total=totals.public(appeal, now()),
        others=list(zip(others, totals.public_of(others, now()), strict=True)), mark=appeals.shown_mark(),
        updates=updates.shown(appeal, MAX_UPDATES), suggested=suggested(appeal),
        messages=messages.shown(appeal, request.args.get("messages", 1, type=int)), wording=wordings.shown(appeal),
    )  # fmt: skip


def _public_total(slug: str) -> PublicTotal:
    appeal = Appeal.by_slug(slug)
    if appeal.visibility == "holding_page":
        abort(404)
    return totals.public(appeal, now())


def _for_machines(figures: PublicTotal) -> dict[str, Any]:
    """The keys of docs/embedding.md, For programs. They change only with a decision record."""
    return {
        "appeal": figures.slug,
        "state": figures.state,
        "currency": figures.currency,
        "raised_minor": None if figures.raised is None else figures.raised.minor,
        "raised": None if figures.raised is None else money(figures.raised),
        "goal_minor": None if figures.goal is None else figures.goal.minor,
        "percent": figures.percent,
        "donations": figures.donations,
        "also": [{"currency": other.currency, "raised_minor": other.minor} for other in figures.also],
        "as_of": timestamp(figures.as_of),
        "version": figures.version,
    }
