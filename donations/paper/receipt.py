"""A receipt on paper. Everything on it was frozen when it was issued; only its later status is added (copy, void,
replaced), the amount in words, and the code by which it can be checked."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask_babel import get_locale, pgettext
from flask_babel import gettext as _

from donations import receipts, tokens
from donations.models import Receipt
from donations.money import Money
from donations.paper.amounts_in_words import in_words, method, no_longer_counts, written
from donations.paper.codes import qr_svg
from donations.paper.typst_documents import pdf


def receipt_pdf(receipt: Receipt, *, copy: bool, check_page: str) -> bytes:
    """One A4 page in the language of now. A donor's own print has no mark, ours says that it is a `copy`. `check_page`
    is the address of the page that checks codes."""
    return pdf("receipt", _said(receipt, copy=copy, check_page=check_page), at=receipt.issued_at)


def _said(receipt: Receipt, *, copy: bool, check_page: str) -> dict[str, Any]:
    frozen = json.loads(receipt.payload)
    amount = Money(frozen["amount_minor"], frozen["currency"])
    code = tokens.check_code(receipt.label, receipt.payload)
    return {
        "language": str(get_locale() or "en"),
        "title": _("Receipt"),
        "name": _("Receipt %(number)s", number=receipt.label),
        "number": receipt.label,
        "issuer": frozen["legal_name"] or frozen["organisation"],
        "organisation": frozen["organisation"],
        "amount": written("money", amount),
        "in_words": in_words(amount),
        "wording_language": frozen["language"],
        "rows": _rows(receipt, frozen),
        "thanks": _("Thank you for your support."),
        "copy": pgettext("stamp", "Copy") if copy else "",
        "copy_note": _("This is a copy of the receipt, printed by us. The copy is not a second donation.")
        if copy
        else "",
        "state": receipt.state,
        **_state_words(receipt),
        "check": _("Is this receipt valid?"),
        "check_note": _("Scan the code, or enter the receipt number and the check code at the address below."),
        "check_page": check_page.partition("://")[2],
        "code": code,
        "qr": qr_svg(f"{check_page}/{receipt.label}/{code}", border=0),
        "qr_says": _("QR code with the address for checking this receipt"),
    }


def _rows(receipt: Receipt, frozen: dict[str, Any]) -> list[dict[str, Any]]:
    """The text under the amount. `frozen` marks wording kept in the language in which the donation was made."""
    rows = [
        (_("Received from"), _person(receipt), True),
        (_("Received on"), written("day", date.fromisoformat(frozen["received_on"])), False),
        (_("Payment method"), method(frozen["method"]), False),
        (_("Appeal"), frozen["appeal_title"], True),
        (_("Fund"), ", ".join(frozen["fund_names"]), True),
        (_("If there is a surplus"), frozen["restriction"], True),
        (_("Issued on"), written("day", date.fromisoformat(frozen["issued_on"])), False),
        (_("Replaces receipt"), frozen.get("replaces"), False),
    ]
    return [{"label": label, "value": value, "frozen": kept} for label, value, kept in rows if value]


def _person(receipt: Receipt) -> str | None:
    name, is_locked = receipts.person_if_open(receipt)
    return _("a donor whose name is locked") if is_locked else name


def _state_words(receipt: Receipt) -> dict[str, str]:
    if receipt.state == "void":
        return {"stamp": _("Void"), "state_note": no_longer_counts(receipts.cause_of_end(receipt))}
    if receipt.state == "replaced":
        after = receipts.successor_of(receipt)
        note = _("Receipt %(number)s has replaced this one.", number=after.label) if after else ""
        return {"stamp": _("Replaced"), "state_note": note or _("A newer receipt has replaced this one.")}
    return {"stamp": "", "state_note": ""}
