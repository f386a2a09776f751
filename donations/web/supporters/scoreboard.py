"""The scoreboard of an appeal with areas: its page, the part that is fetched again, the same for machines, and a
paragraph for the paper. appeals.scoreboard calculates the progress of the areas."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from donations.appeals import scoreboard
from donations.appeals.scoreboard import Scoreboard
from donations.models import Appeal
from donations.money import Money
from donations.reconciliation.exports.table import safe
from donations.web.filters import in_language, money, number, percent, timestamp
from donations.web.headers import LIVE, kind
from donations.web.page import content_hash, fragment, marked, now, page, public_url
from donations.web.response_cache import kept

bp = Blueprint("scoreboard", __name__)
HEADINGS = ("area", "currency", "raised", "target", "percent", "due_today")
REST = "(none)"


@bp.get("/appeals/<slug:slug>/scoreboard")
@kept
def show(slug: str) -> Response:
    """The page is the same for everyone, and the amounts of areas need a query of the ledger: so it is cached, too."""
    appeal = Appeal.by_slug(slug)
    board = scoreboard.of(appeal, now())
    shown = page("supporters/scoreboard.html", cache=LIVE, appeal=appeal, board=board, paragraph=told(appeal, board))
    return marked(shown, version=f"page.{board.version}.{content_hash('css/scoreboard.css')}")


@bp.get("/appeals/<slug:slug>/scoreboard/areas")
@kept
def areas(slug: str) -> Response:
    board = _board(slug)
    return marked(fragment("supporters/_scoreboard.html", cache=LIVE, board=board), version=board.version)


@bp.get("/appeals/<slug:slug>/scoreboard.json")
@kind("data")
@kept
def as_json(slug: str) -> Response:
    board = _board(slug)
    response = jsonify(_for_machines(board))
    response.headers["Cache-Control"] = LIVE
    return marked(response, version=board.version)


@bp.get("/appeals/<slug:slug>/scoreboard.csv")
@kind("data")
@kept
def as_csv(slug: str) -> Response:
    board = _board(slug)
    response = current_app.response_class(_table(board), mimetype="text/csv")
    response.headers["Cache-Control"] = LIVE
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-scoreboard.csv"'
    return marked(response, version=board.version)


def told(appeal: Appeal, board: Scoreboard) -> str:
    """A paragraph for the paper, in the language of the page: who leads, the total, what is missing, how long."""
    said = [_total_in_words(in_language(appeal.title), board)]
    leader = board.leader
    if leader is not None and leader.target is not None and leader.percent is not None:
        said.append(_(
            "%(area)s leads with %(percent)s of its target: %(raised)s of %(target)s.", area=leader.name,
            percent=percent(leader.percent), raised=money(leader.raised, short=True),
            target=money(leader.target, short=True),
        ))  # fmt: skip
    others = [one.name for one in board.areas if one.is_reached and one is not leader]
    if others:
        said.append(_("Also reached their target: %(areas)s.", areas=", ".join(others)))
    if board.missing is not None:
        said.append(_what_is_missing(board.missing, board.days_left))
    said.append(_("Donate at %(address)s", address=public_url(url_for("appeals.show", slug=appeal.slug))))
    return " ".join(said)


def _total_in_words(title: str, board: Scoreboard) -> str:
    raised, goal = money(board.raised, short=True), board.total.goal
    if goal is None:
        return str(_("%(title)s: %(raised)s raised.", title=title, raised=raised))
    return str(_("%(title)s: %(raised)s raised of %(goal)s.", title=title, raised=raised, goal=money(goal, short=True)))


def _what_is_missing(missing: Money, days_left: int | None) -> str:
    if not missing.minor:
        return str(_("The goal is reached. Thank you!"))
    sum = money(missing, short=True)
    if not days_left:
        return str(_("%(sum)s still to raise.", sum=sum))
    return str(ngettext(
        "%(sum)s still to raise, with %(count)s day left.", "%(sum)s still to raise, with %(count)s days left.",
        days_left, sum=sum, count=number(days_left),
    ))  # fmt: skip


def _board(slug: str) -> Scoreboard:
    return scoreboard.of(Appeal.by_slug(slug), now())


def _for_machines(board: Scoreboard) -> dict[str, Any]:
    """Its keys are a contract like those of total.json."""
    total = board.total
    return {
        "appeal": total.slug,
        "state": total.state,
        "currency": total.currency,
        "raised_minor": board.raised.minor,
        "goal_minor": None if total.goal is None else total.goal.minor,
        "starts_on": None if total.period_start is None else total.period_start.isoformat(),
        "ends_on": None if total.period_end is None else total.period_end.isoformat(),
        "days": board.days,
        "days_left": board.days_left,
        "areas": [
            {
                "name": one.name,
                "raised_minor": one.raised.minor,
                "target_minor": None if one.target is None else one.target.minor,
                "percent": one.percent,
                "due_minor": None if one.due is None else one.due.minor,
            }
            for one in board.areas
        ],
        "rest_minor": board.rest.minor,
        "as_of": timestamp(total.as_of),
        "version": board.version,
    }


def _table(board: Scoreboard) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADINGS)
    for one in board.areas:
        target, due = ("" if sum is None else sum.plain() for sum in (one.target, one.due))
        share = "" if one.percent is None else one.percent
        rows.writerow((safe(one.name), board.total.currency, one.raised.plain(), target, share, due))
    rows.writerow((REST, board.total.currency, board.rest.plain(), "", "", ""))
    return text.getvalue()
