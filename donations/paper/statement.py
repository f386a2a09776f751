"""The annual statement: all live receipts for one donor's donations in a year, with the sum in each currency."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from donations import receipts
from donations.models import Organisation, Receipt
from donations.money import Money
from donations.paper.amounts_in_words import in_words, written
from donations.paper.typst_documents import pdf


def statement_pdf(donor: str, year: int, found: Sequence[Receipt], *, at: datetime) -> bytes:
    """A4 pages in the language of now. `donor` is a mail address, named where no receipt has a name."""
    house = Organisation.get()
    frozen = [json.loads(receipt.payload) for receipt in found]
    names = dict.fromkeys(name for name in map(receipts.person_of, found) if name)
    said = {
        "language": str(get_locale() or "en"),
        "title": _("Annual donation statement, %(year)s", year=year),
        "name": _("Annual donation statement, %(year)s", year=year),
        "organisation": house.name,
        "issuer": house.legal_name or house.name,
        "for": _("Donor"),
        "donor": ", ".join(names) or donor,
        "made_on": _("Made on %(day)s", day=written("day", house.day_of(at))),
        "head": [_("Received on"), _("Receipt"), _("Appeal"), _("Amount")],
        "rows": [_row(one) for one in frozen],
        "totals": _totals(frozen),
        "total": _("Total"),
        "count": ngettext(
            "%(count)s donation", "%(count)s donations", len(frozen), count=written("number", len(frozen))
        ),
        "note": _("Refunded donations are not counted. Each receipt says how to check it."),
        "page": _("Page"),
    }
    return pdf("statement", said, at=at)


def _row(frozen: dict[str, Any]) -> list[str]:
    return [
        written("day", date.fromisoformat(frozen["received_on"])),
        frozen["label"],
        frozen["appeal_title"] or frozen["organisation"],
        written("money", _amount(frozen)),
    ]


def _totals(frozen: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    sums: dict[str, Money] = {}
    for one in frozen:
        amount = _amount(one)
        sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
    return [{"amount": written("money", amount), "in_words": in_words(amount)} for __, amount in sorted(sums.items())]


def _amount(frozen: dict[str, Any]) -> Money:
    return Money(frozen["amount_minor"], frozen["currency"])
