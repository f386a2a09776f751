"""The first page of the treasury: what is open, what each fund has, what came in; and the postings behind a figure.
Its partials are those that are fetched to bring it up to date."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_skeleton
from flask import Blueprint, Response, request
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from donations import card_testing
from donations.extensions import db
from donations.models import Organisation, PostingStop
from donations.reconciliation import appeal_wind_down, balances, dashboard, to_do
from donations.web.page import fragment, now, page
from donations.web.treasury import chart, labels
from donations.web.treasury.dashboard_cache import kept
from donations.web.treasury.forms import whole
from donations.web.treasury.funds import find, named
from donations.web.treasury.to_do import links

MAX_LINES = 10_000  # of an entry
bp = Blueprint("treasury", __name__, url_prefix="/treasury")
# The parts of the treasury, in the order shown above its pages.
PARTS = (
    ("treasury.index", _l("Overview")),
    ("treasury.statement_lines.index", _l("Statement lines")),
    ("treasury.card_payments.index", _l("Card payments")),
    ("treasury.payouts.index", _l("Stripe payouts")),
    ("treasury.offline_donations.index", _l("Cash and cheques")),
    ("treasury.branch_returns.index", _l("Branch returns")),
    ("treasury.payment_requests.index", _l("Payments out")),
    ("treasury.disputes.index", _l("Disputes")),
    ("treasury.bank_accounts.index", _l("Bank accounts")),
    ("treasury.periods.index", _l("Month end")),
)
bp.context_processor(
    lambda: {"words": labels.known(), "parts": PARTS, "halt": db.session.get(PostingStop, 1), **links()}
)


@bp.app_template_filter("month")
def month(value: date) -> str:
    """Nov"""
    return format_skeleton("MMM", value, locale=get_locale())


@bp.get("/")
def index() -> Response:
    return page("treasury/index.html", cache="no-store", **_open_items(), **_funds(), **_income())


@bp.get("/_open-items")
def open_items() -> Response:
    return fragment("treasury/_open_items.html", **_open_items())


@bp.get("/_funds")
def funds() -> Response:
    return fragment("treasury/_funds.html", **_funds())


@bp.get("/_income")
def income() -> Response:
    return fragment("treasury/_income.html", **_income())


@bp.get("/funds/<slug:slug>")
def fund(slug: str) -> Response:
    fund, currency = find(slug), _currency()
    accounts = [code for code in request.args.getlist("account", type=int) if 0 < code < 10_000]
    found = dashboard.postings(db.session.connection(), fund.id, currency, accounts, _before())
    balance = next((one for one in _balances([fund.id]) if one.currency == currency), None)
    return page(
        "treasury/fund.html", cache="no-store", fund=fund, currency=currency, accounts=accounts, found=found,
        by_account=dashboard.by_account(db.session.connection(), fund.id),
        balance=balance, made_of=balances.columns_shown([balance] if balance else []),
        page_length=dashboard.PAGE_LENGTH,
    )  # fmt: skip


def _open_items() -> dict[str, Any]:
    at = now()
    found = kept("open", lambda: to_do.open_items(db.session.connection(), at))
    shield = card_testing.shield(db.session.connection(), at)
    return {"open_items": found, "today": Organisation.get().day_of(at), "at": at, "shield": shield}


def _funds() -> dict[str, Any]:
    found, known = kept("funds", lambda: _balances(None)), named()
    ended = appeal_wind_down.ended_with_money(list(known.values()), found)
    return {"balances": found, "funds": known, "made_of": balances.columns_shown(found), "ended": ended}


def _balances(fund_ids: list[int] | None) -> list[balances.FundBalance]:
    return balances.of_funds(db.session.connection(), fund_ids)


def _income() -> dict[str, Any]:
    currency, today = _currency(), Organisation.get().day_of(now())
    weeks = kept(
        ("income", currency, today), lambda: dashboard.income_by_week(db.session.connection(), currency, today)
    )
    return {"weeks": weeks, "currency": currency, "chart": chart.drawn(weeks, currency),
            "currencies": Organisation.get().settlement_currencies}  # fmt: skip


def _currency() -> str:
    """The one asked for, if the organisation settles in it, else its own."""
    house, asked = Organisation.get(), request.args.get("currency", "").upper()
    return asked if asked in house.settlement_currencies else house.currency


def _before() -> tuple[int, int] | None:
    """Where the page before has ended: an entry and a line of it."""
    entry, _dot, line = request.args.get("before", "").partition(".")
    try:
        return whole(entry), min(whole(line), MAX_LINES)
    except ValueError:
        return None
