"""Labels on organisers' pages: states, kinds, and the errors of what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from donations.appeals.file_error import Fault
from donations.errors import DonationsError
from donations.web.cached_copies import Report
from donations.web.filters import number, sentence
from donations.web.page import public_url

STATES = {"draft": _l("Not open yet"), "open": _l("Open"), "paused": _l("Paused"), "closed": _l("Closed")}
VISIBILITIES = {
    "shown": _l("Visible"),
    "amounts_hidden": _l("Amounts hidden"),
    "holding_page": _l("Notice only"),
    "dark": _l("Fully hidden"),
}
HIDING = {
    "amounts_hidden": _l("The page stays, but shows no figures."),
    "holding_page": _l("The page says only that the appeal is unavailable."),
    "dark": _l("Visitors see “page not found”, as if the appeal had never existed."),
}
KINDS = {
    "detainee": _l("Detained person"),
    "family": _l("Family"),
    "campaign": _l("Campaign"),
    "general": _l("All our work (one general fund only)"),
}
PERIODS = {"month": _l("Every month"), "quarter": _l("Every quarter"), "year": _l("Every year")}
FIELDS = {
    "slug": _l("Web address"),
    "currency": _l("Currency"),
    "target": _l("Goal"),
    "period": _l("Period"),
    "discreet": _l("Delayed total"),
    "names_on_receipt": _l("Appeal and fund on receipts"),
    "fee_bearer": _l("Processing fee"),
    "title": _l("Title"),
    "summary": _l("Summary"),
    "story": _l("Story"),
    "surplus": _l("If there is a surplus"),
    "outcome": _l("Outcome"),
    "message_prompt": _l("Heading of the message box"),
    "suggested": _l("Suggested amounts"),
    "stretch": _l("Further goals"),
    "funds": _l("Funds"),
    "events": _l("Timeline"),
    "areas": _l("Regions"),
}
_CODES: Mapping[str, Mapping[str, Any]] = {"kind": KINDS, "key": FIELDS}
_ROW = re.compile(r"^(?:appeals\[0\]\.)?(?:funds|events|areas)\[(\d+)\]$")


def nothing_left(report: Report) -> str:
    """That no address shows what was hidden."""
    return ngettext(
        "We checked %(count)s address at %(address)s. It does not show what you have hidden.",
        "We checked %(count)s addresses at %(address)s. None of them shows what you have hidden.",
        report.asked,
        count=number(report.asked),
        address=public_url(""),
    )


def of_fault(fault: Fault) -> str:
    """The fault as a sentence in the reader's language, for beside its field."""
    facts = {name: _fact(name, value) for name, value in fault.facts.items()}
    said = _(fault.sentence, **facts)
    return said[:1].upper() + said[1:]


def _fact(name: str, value: object) -> object:
    if isinstance(value, DonationsError):
        return sentence(value)
    if isinstance(value, str) and value in _CODES.get(name, {}):
        return _CODES[name][value]
    row = _ROW.match(value) if isinstance(value, str) else None
    return _("row %(number)s", number=int(row[1]) + 1) if row else value
