"""A receipt as a page that prints well. What is on it was frozen when it was issued; nothing is reckoned here."""

from __future__ import annotations

import json
from datetime import date

from flask import Blueprint, Response

from donations import receipts, tokens
from donations.money import Money
from donations.web.page import page

bp = Blueprint("receipts", __name__)


@bp.get("/receipts/<token>")
def show(token: str) -> Response:
    receipt = receipts.by_label(tokens.read_receipt(token))
    frozen = json.loads(receipt.payload)
    return page(
        "supporters/receipt.html", cache="no-store", receipt=receipt, frozen=frozen,
        amount=Money(frozen["amount_minor"], frozen["currency"]), person=receipts.person_of(receipt),
        issued_on=date.fromisoformat(frozen["issued_on"]), received_on=date.fromisoformat(frozen["received_on"]),
    )  # fmt: skip
