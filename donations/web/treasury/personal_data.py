"""What is kept of people, for how long, and whether the worker erases it in time."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _l

from donations import retention
from donations.extensions import db
from donations.web.page import now, page

bp = Blueprint("personal_data", __name__, url_prefix="/personal-data")

_SIX_YEARS, _ONE_DAY = _l("six years"), _l("one day")
# The rule of retention.RULES, what it is for people, and how long that is kept.
WORDS = {
    "what was typed for donations that were not paid": (
        _l("What was typed for donations that were not paid"), _ONE_DAY,
    ),
    "donations that were typed and not sent yet": (_l("Donation forms that were filled in and not sent"), _ONE_DAY),
    "forms of the team that came too late": (
        _l("Forms of the team that came after their session had ended"), _l("8 hours"),
    ),
    "networks that payment pages were opened from": (_l("From which network a payment page was opened"), _ONE_DAY),
    "events that told of no money": (_l("What Stripe told of declined cards and unused payment pages"), _ONE_DAY),
    "addresses of emails": (
        _l("Email addresses of emails that are not sent"),
        _l("until they are sent; 30 days if the mail server refuses them"),
    ),
    "addresses of subscribers": (
        _l("Subscribers’ email addresses"), _l("until they unsubscribe; 14 days without a yes"),
    ),
    "raw events of Stripe": (_l("What Stripe told of each payment"), _l("35 days")),
    "names, addresses and messages of donors": (_l("Names, email addresses and messages of donors"), _SIX_YEARS),
    "names on receipts": (_l("Names on receipts"), _SIX_YEARS),
    "payers' accounts and counters of offline donations": (
        _l("Payers’ accounts and who counted, of offline donations"), _SIX_YEARS,
    ),
    "bank lines": (_l("What statement lines say"), _SIX_YEARS),
    "earlier words of bank lines": (_l("What statement lines said in earlier files"), _SIX_YEARS),
    "bank lines in doubt": (_l("Statement lines that may be here twice"), _SIX_YEARS),
    "matching rules by payer": (_l("Matching rules by payer"), _l("six years, and as long as they have lines")),
    "branch returns": (_l("Names and notes on branch returns"), _SIX_YEARS),
    "payees": (_l("Payees, with their evidence"), _SIX_YEARS),
    "unlocked offline keys": (_l("The offline key, for the browser that has unlocked it"), _l("15 minutes")),
    "questions that wait for the offline key": (_l("Who asked while the offline key was locked"), _l("90 days")),
    "sessions of staff": (_l("From where staff signed in"), _l("90 days")),
    "brakes on signing in": (_l("Failed attempts to sign in"), _l("30 days")),
}  # fmt: skip


@bp.get("")
def show() -> Response:
    at = now()
    found = [(*WORDS[one.name], one) for one in retention.progress(db.session.connection(), at)]
    return page(
        "treasury/personal_data.html", cache="no-store", found=found, late=any(one.overdue for *_, one in found)
    )
