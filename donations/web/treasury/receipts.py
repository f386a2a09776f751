"""A receipt as the team sees it: what became of it and why, what waits, and a copy to print, marked and recorded."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import Blueprint, Response
from flask_babel import force_locale
from sqlalchemy import select

from donations import receipts
from donations.extensions import db
from donations.models import Donation, Payment, Receipt, ReceiptEvent
from donations.web.access import fresh
from donations.web.page import page
from donations.web.supporters.receipts import pdf_response
from donations.web.treasury.actions import act, names

bp = Blueprint("receipts", __name__, url_prefix="/receipts")


@bp.get("/<label>")
def show(label: str) -> Response:
    receipt = _find(label)
    frozen = json.loads(receipt.payload)
    donation_id = receipt.donation_id
    of_donation = select(Receipt).where(Receipt.donation_id == donation_id).order_by(*receipts.IN_ORDER)
    happened = select(ReceiptEvent).where(ReceiptEvent.receipt_id == receipt.id).order_by(ReceiptEvent.id)
    charge = select(Payment.charge_id).where(Payment.donation_id == donation_id, Payment.succeeded_at.is_not(None))
    return page(
        "treasury/receipt.html", cache="no-store", receipt=receipt, frozen=frozen,
        received_on=date.fromisoformat(frozen["received_on"]),
        others=db.session.scalars(of_donation).all(), happened=db.session.scalars(happened).all(),
        charge_id=db.session.scalar(charge.order_by(Payment.id).limit(1)), names=names(),
        is_mailed=db.session.get_one(Donation, donation_id).email_sealed is not None,
        change_due=receipts.change_due(donation_id) if receipt.state == "live" else None,
    )  # fmt: skip


@bp.post("/<label>/copy")
@fresh
def copy(label: str) -> Any:
    """A copy in the donor's own language. It is personal data, so who printed it is recorded."""
    receipt = _find(label)
    with act("receipt.reprinted", f"receipt:{receipt.label}") as done:
        receipts.reprinted(receipt, actor=done.actor, at=done.at)
    with force_locale(json.loads(receipt.payload)["language"]):
        return pdf_response(receipt, copy=True)


def _find(label: str) -> Receipt:
    return receipts.by_label(label[:40].upper())
