"""Every component in every state on one page, for developers of the pages. Served in development only; its contents are
invented and come from no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Response, abort, current_app
from wtforms import Form, StringField

from donations.money import Money
from donations.totals import PublicTotal
from donations.web.page import page

bp = Blueprint("styleguide", __name__)
_LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk"
_AS_OF = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


class Sample(Form):  # type: ignore[misc]
    """Fields to look at."""

    plain = StringField()
    filled = StringField()
    wrong = StringField()
    written = StringField()
    chosen = StringField()


@bp.get("/styleguide")
def show() -> Response:
    if not current_app.config["SETTINGS"].in_development:
        abort(404)
    return page("styleguide/styleguide.html", cache="no-store", form=_form(), totals=_totals(), cards=_cards(),
                events=_events(), long=_LONG)  # fmt: skip


def _form() -> Sample:
    form = Sample(data={"filled": "What was typed", "wrong": "a lot", "chosen": "second"})
    form.wrong.errors = ["Say what is wrong and how to correct it."]
    return form


def _total(minor: int, goal: int | None = 1200000, **said: Any) -> PublicTotal:
    figures: dict[str, Any] = {
        "slug": "sample", "state": "open", "currency": "GBP", "amounts_shown": True, "discreet": False,
        "raised": Money(minor, "GBP"), "goal": Money(goal, "GBP") if goal else None,
        "percent": minor * 100 // goal if goal else None, "donations": 214, "also": (), "funds": (),
        "period_start": None, "period_end": None, "as_of": _AS_OF, "version": "1",
    }  # fmt: skip
    return PublicTotal(**(figures | said))


def _totals() -> list[tuple[str, PublicTotal]]:
    also = (Money(2000, "EUR"), Money(150000, "USD"))
    quarter = {"period_start": date(2026, 10, 1), "period_end": date(2026, 12, 31)}
    return [
        ("nothing yet", _total(0, donations=0)),
        ("on the way", _total(639150)),
        ("reached", _total(1200000)),
        ("past the goal", _total(1650000)),
        ("far past the goal", _total(9900000)),
        ("no goal", _total(639150, None)),
        ("a period, other currencies", _total(2137544, 2500000, also=also, **quarter)),
        ("a very large sum", _total(123456789012, 99999999900)),
        ("amounts hidden", _total(0, None, amounts_shown=False, raised=None, donations=None)),
    ]


def _appeal(title: str, state: str = "open", **said: Any) -> SimpleNamespace:
    texts = {"title": {"en": title}, "summary": {"en": f"In a few words who it is for. {_LONG}."}, "outcome": {}}
    funds = [SimpleNamespace(kind=kind) for kind in ("detainee", "family")]
    return SimpleNamespace(**(texts | {"state": state, "funds": funds, "closed_on": None} | said))


def _cards() -> list[tuple[SimpleNamespace, PublicTotal]]:
    ended = {"outcome": {"en": "How it ended, in a sentence."}, "closed_on": date(2026, 5, 12)}
    return [
        (_appeal("A running appeal"), _total(639150)),
        (_appeal(f"A paused appeal: {_LONG}", "paused"), _total(1650000)),
        (_appeal("Amounts hidden"), _total(0, None, amounts_shown=False)),
        (_appeal("An appeal that has ended", "closed", **ended), _total(1200000)),
    ]


def _events() -> list[SimpleNamespace]:
    texts = ("Where only the month is known.", "What happened next.", f"A long word: {_LONG}.")
    months = (3, 8, 11)
    return [
        SimpleNamespace(on=date(2026, month, 1), month_only=month == 3, text={"en": text})
        for month, text in zip(months, texts, strict=True)
    ]
