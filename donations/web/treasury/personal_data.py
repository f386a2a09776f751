"""What is kept of people, for how long, and whether the worker erases it in time."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _l

from donations import retention
from donations.extensions import db
from donations.web.page import now, page

bp = Blueprint("personal_data", __name__, url_prefix="/personal-data")

_SIX_YEARS, _ONE_DAY = _l("6 years"), _l("1 day")
# The rule of retention.RULES, what it is for people, and how long that is kept.
WORDS = {
    "what was typed for donations that were not paid": (
        _l("Details entered for unpaid donations"),
        _ONE_DAY,
    ),
    "donations that were typed and not sent yet": (_l("Donation forms filled in but not sent"), _ONE_DAY),
    "forms of the team that came too late": (
        _l("Team forms sent after the session ended"),
        _l("8 hours"),
    ),
    "networks that payment pages were opened from": (_l("Networks that payment pages were opened from"), _ONE_DAY),
    "events that told of no money": (_l("Stripe data about declined cards and unused payment pages"), _ONE_DAY),
    "addresses of emails": (
        _l("Email addresses of unsent emails"),
        _l("until sent, or 30 days if the mail server refuses them"),
    ),
    "addresses of subscribers": (
        _l("Subscribers’ email addresses"),
        _l("until they unsubscribe, or 14 days if not confirmed"),
    ),
    "raw events of Stripe": (_l("Stripe data about each payment"), _l("35 days")),
    "names, addresses and messages of donors": (_l("Names, email addresses and messages of donors"), _SIX_YEARS),
    "names on receipts": (_l("Names on receipts"), _SIX_YEARS),
    "payers' accounts and counters of offline donations": (
        _l("Offline donations: payers’ bank accounts and who counted the money"),
        _SIX_YEARS,
    ),
    "bank lines": (_l("Text of statement lines"), _SIX_YEARS),
    "earlier words of bank lines": (_l("Text of statement lines in earlier files"), _SIX_YEARS),
    "bank lines in doubt": (_l("Possible duplicate statement lines"), _SIX_YEARS),
    "matching rules by payer": (_l("Matching rules by payer"), _l("6 years, and as long as they have statement lines")),
    "branch returns": (_l("Names and notes on branch returns"), _SIX_YEARS),
    "payees": (_l("Payees and their supporting documents"), _SIX_YEARS),
    "unlocked offline keys": (_l("Offline key unlocked in a browser"), _l("15 minutes")),
    "questions that wait for the offline key": (
        _l("Data requests made while the offline key was locked"),
        _l("90 days"),
    ),
    "sessions of staff": (_l("Where the team signed in from"), _l("90 days")),
    "brakes on signing in": (_l("Failed sign-in attempts"), _l("30 days")),
}


@bp.get("")
def show() -> Response:
    at = now()
    found = [(*WORDS[one.name], one) for one in retention.progress(db.session.connection(), at)]
    return page(
        "treasury/personal_data.html", cache="no-store", found=found, late=any(one.overdue for *_, one in found)
    )
