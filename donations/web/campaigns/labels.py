"""What organisers' pages call things, in words that a person reads: states, kinds, and the faults of what was typed."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from donations.appeals.file_error import Fault
from donations.errors import DonationsError
from donations.web.cached_copies import Report
from donations.web.filters import number, sentence
from donations.web.page import public_url

STATES = {"draft": _l("Not open yet"), "open": _l("Open"), "paused": _l("Paused"), "closed": _l("Closed")}
VISIBILITIES = {
    "shown": _l("Shown"),
    "amounts_hidden": _l("Amounts hidden"),
    "holding_page": _l("Holding page"),
    "dark": _l("Dark"),
}
HIDING = {
    "amounts_hidden": _l("The page stays, without a single figure."),
    "holding_page": _l("Only a page that says it is being looked after."),
    "dark": _l("As if there had never been such an appeal."),
}
KINDS = {
    "detainee": _l("Somebody held"),
    "family": _l("A family"),
    "campaign": _l("A campaign"),
    "general": _l("The whole work (one fund only)"),
}
PERIODS = {"month": _l("Every month"), "quarter": _l("Every quarter"), "year": _l("Every year")}
FIELDS = {
    "slug": _l("Address"),
    "currency": _l("Currency"),
    "target": _l("Goal"),
    "period": _l("Period"),
    "discreet": _l("Discreet"),
    "names_on_receipt": _l("Names on receipts"),
    "fee_bearer": _l("Who bears the fee"),
    "title": _l("Title"),
    "summary": _l("Summary"),
    "story": _l("Story"),
    "surplus": _l("If there is more than needed"),
    "outcome": _l("How it ended"),
    "message_prompt": _l("What is asked above a message"),
    "suggested": _l("Amounts proposed"),
    "stretch": _l("Further goals"),
    "funds": _l("Funds"),
    "events": _l("Timeline"),
    "areas": _l("Areas"),
}
_ROW = re.compile(r"^(?:appeals\[0\]\.)?(?:funds|events|areas)\[(\d+)\]$")


def nothing_left(report: Report) -> str:
    """That no address shows what was hidden."""
    facts = {"count": number(report.asked), "address": public_url("")}
    return _("We asked %(count)s addresses at %(address)s. None of them shows what you have hidden.", **facts)


def of_fault(fault: Fault) -> str:
    """The fault as a sentence in the reader's language, for beside its field."""
    facts = {name: _fact(value) for name, value in fault.facts.items()}
    said = _(fault.sentence, **facts)
    return said[:1].upper() + said[1:]


def _fact(value: object) -> object:
    if isinstance(value, DonationsError):
        return sentence(value)
    row = _ROW.match(value) if isinstance(value, str) else None
    return _("row %(number)s", number=int(row[1]) + 1) if row else value
