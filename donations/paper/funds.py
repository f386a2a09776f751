"""The statement of funds: receipts and payments of each fund over a period, a table for each currency, to be signed.
The figures come from reconciliation.fund_statement; no donor is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from babel.numbers import format_decimal, get_currency_name
from flask_babel import get_locale, ngettext, pgettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from donations.extensions import db
from donations.models import Fund, Organisation
from donations.money import Money, exponent
from donations.paper.amounts_in_words import written
from donations.paper.typst_documents import pdf
from donations.reconciliation.fund_statement import FundStatement

# Columns by what they show of a statement. Those at the end of each list are left out where they would be empty.
_Column = tuple[Any, Callable[[FundStatement], int]]
_FLOWS: tuple[_Column, ...] = (
    (_l("Opening balance"), lambda each: each.opening),
    (_l("Received online"), lambda each: each.flows["online"]),
    (_l("Received offline"), lambda each: each.flows["offline"]),
    (_l("Refunds"), lambda each: each.flows["refunds"]),
    (_l("Reversed by banks"), lambda each: each.flows["chargebacks"]),
    (_l("Fees"), lambda each: each.flows["fees"]),
    (_l("Paid out"), lambda each: each.flows["disbursed"]),
    (_l("Transfers in"), lambda each: each.flows["transfers_in"]),
    (_l("Transfers out"), lambda each: each.flows["transfers_out"]),
)
_OTHER: _Column = (_l("Other"), lambda each: each.flows["other"])
_CLOSING: _Column = (_l("Closing balance"), lambda each: each.closing)
_PLACES: tuple[_Column, ...] = (
    (_l("At Stripe"), lambda each: each.places["at_stripe"]),
    (_l("In transit"), lambda each: each.places["in_transit"]),
    (_l("Cash and cheques"), lambda each: each.places["in_hand"]),
    (_l("In the bank"), lambda each: each.places["in_bank"]),
)
_RARE_PLACES: tuple[_Column, ...] = (
    (_l("In dispute"), lambda each: each.places["in_dispute"]),
    (_l("Owed or unidentified"), lambda each: each.places["owed"]),
)
_COMMITTED: _Column = (_l("Of which committed"), lambda each: each.committed)


def funds_pdf(since: date, until: date, statements: Sequence[FundStatement], *, at: datetime) -> bytes:
    """A4 pages, lying, in the language of now; the organisation's own currency comes first."""
    house = Organisation.get()
    statements = sorted(statements, key=lambda each: (each.currency != house.currency, each.currency))
    title = _("Statement of funds")
    said = {
        "language": str(get_locale() or "en"),
        "title": title,
        "name": f"{title}, {written('span', since, last=until)}",
        "organisation": house.name,
        "issuer": house.legal_name or house.name,
        "period": written("span", since, last=until),
        "made_on": _("Made on %(day)s", day=written("day", house.day_of(at))),
        "currencies": [_currency(code, list(found)) for code, found in groupby(statements, lambda each: each.currency)],
        "nothing": "" if statements else _("No receipts or payments in this period, and no fund has a balance."),
        "flows": _("Receipts and payments"),
        "places": _("Closing balance by location"),
        "notes": [
            _("Donations are shown in full on the day they were received. Their processing fees are in the "
"Fees column."),
            _("A payment counts on the day it was sent. Money committed but not sent yet is in the closing "
"balance."),
        ],
        "signatures": [_("Treasurer"), _("Checked by")],
        "signature_parts": [pgettext("person", "Name"), _("Date"), _("Signature")],
        "page": _("Page"),
    }  # fmt: skip
    return pdf("funds", said, at=at)


def _currency(code: str, statements: Sequence[FundStatement]) -> dict[str, Any]:
    name = get_currency_name(code, locale=get_locale() or "en")
    flows = (*_FLOWS, *_not_empty((_OTHER,), statements), _CLOSING)
    places = (*_PLACES, *_not_empty(_RARE_PLACES, statements), _CLOSING, *_not_empty((_COMMITTED,), statements))
    count = written("number", len(statements))
    return {
        "name": f"{name[:1].upper()}{name[1:]} ({code})",
        "count": ngettext("%(count)s fund", "%(count)s funds", len(statements), count=count),
        "flows": _table(flows, statements),
        "places": _table(places, statements),
    }


def _not_empty(columns: Sequence[_Column], statements: Sequence[FundStatement]) -> tuple[_Column, ...]:
    return tuple(column for column in columns if any(column[1](each) for each in statements))


def _table(columns: Sequence[_Column], statements: Sequence[FundStatement]) -> dict[str, Any]:
    code = statements[0].currency
    sums = [sum(figure(each) for each in statements) for _name, figure in columns]
    return {
        "head": [_("Fund"), *(str(name) for name, _figure in columns)],
        "rows": [[_fund(each), *(_figure(figure(each), code) for _name, figure in columns)] for each in statements],
        "sums": [_("All funds"), *(_figure(minor, code) for minor in sums)],
        "closing": next(at for at, (name, _figure) in enumerate(columns, 1) if name == _CLOSING[0]),
    }


def _fund(statement: FundStatement) -> str:
    fund = db.session.get_one(Fund, statement.fund_id)
    return written("in_language", fund.name) or fund.slug


def _figure(minor: int, currency: str) -> str:
    """Without the currency, which is above the table; nothing is a dash, a minus sign is one."""
    if not minor:
        return "–"
    places = exponent(currency)
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    figure = str(format_decimal(Money(minor, currency).major, format=pattern, locale=get_locale() or "en"))
    return figure.replace("-", "\N{MINUS SIGN}")
