"""A receipt as a page and on paper, and the page where anybody can ask whether a receipt is genuine. What is on it was
frozen when it was issued; nothing is calculated here."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from donations import paper, receipts, restoration, tokens
from donations.errors import BadLink, ReceiptNotHere
from donations.extensions import db
from donations.models import Receipt
from donations.money import Money
from donations.web.page import page, public_url

bp = Blueprint("receipts", __name__)


@bp.get("/receipts/<token>")
def show(token: str) -> Response:
    try:
        receipt = receipts.by_token(token)
    except ReceiptNotHere as error:
        return _not_here(token, error.status)
    person, is_locked = receipts.person_if_open(receipt)
    frozen, successor = json.loads(receipt.payload), receipts.successor_of(receipt)
    return page(
        "supporters/receipt.html", cache="no-store", receipt=receipt, frozen=frozen, token=token,
        amount=Money(frozen["amount_minor"], frozen["currency"]), person=person, is_locked=is_locked,
        issued_on=date.fromisoformat(frozen["issued_on"]), received_on=date.fromisoformat(frozen["received_on"]),
        method=paper.method(frozen["method"]), code=tokens.check_code(receipt.label, receipt.payload),
        why_void=_why_void(receipt), successor=successor,
        successor_token=receipts.token_of(successor) if successor else None,
    )  # fmt: skip


@bp.get("/receipts/<token>.pdf")
def pdf(token: str) -> Response:
    try:
        return pdf_response(receipts.by_token(token), copy=False)
    except ReceiptNotHere as error:
        return _not_here(token, error.status)


def pdf_response(receipt: Receipt, *, copy: bool) -> Response:
    """The paper, as a file. Fetching it changes nothing: a scanner of mail or a preview may come before its owner."""
    made = paper.receipt_pdf(receipt, copy=copy, check_page=public_url(url_for("receipts.check")))
    response = current_app.response_class(made, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{receipt.label}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/receipts/check")
def check() -> Response:
    return _check_page()


@bp.post("/receipts/check")
def find() -> Answer:
    """To the answer's own address, the one that the code on the paper leads to."""
    number, code = (_typed(request.form.get(name, "")) for name in ("number", "code"))
    if not number or not code:
        return _check_page(422, number=number, code=code, incomplete=True)
    return redirect(url_for("receipts.checked", label=_label_of(number, code), code=code), 303)


@bp.get("/receipts/check/<label>/<code>")
def checked(label: str, code: str) -> Response:
    try:
        receipt = receipts.by_check_code(label.upper(), code)
    except BadLink:
        lost = restoration.latest(db.session.connection())
        return _check_page(404, number=label, code=code, unknown=True, lost=lost)
    return _check_page(number=receipt.label, code=code, receipt=receipt, **_told(receipt))


def _label_of(number: str, code: str) -> str:
    """The label that was meant: figures alone may be a number of any series, so the code decides."""
    try:
        return receipts.by_check_code(number, code).label
    except BadLink:
        return receipts.labels_meant(number)[-1]


def _not_here(token: str, status: int) -> Response:
    instead = receipts.replacement_for(token)
    return page(
        "supporters/receipt_not_here.html", status, cache="no-store",
        instead=receipts.token_of(instead) if instead else None,
    )  # fmt: skip


def _told(receipt: Receipt) -> dict[str, Any]:
    """The public check of a receipt: what can be compared with the paper, and nothing about the person or the
    purpose."""
    frozen = json.loads(receipt.payload)
    return {
        "amount": Money(frozen["amount_minor"], frozen["currency"]),
        "issued_on": date.fromisoformat(frozen["issued_on"]),
        "successor": receipts.successor_of(receipt),
        "why_void": _why_void(receipt),
    }


def _why_void(receipt: Receipt) -> str:
    return paper.no_longer_counts(receipts.cause_of_end(receipt)) if receipt.state == "void" else ""


def _check_page(status: int = 200, **said: Any) -> Response:
    return page("supporters/receipt_check.html", status, cache="no-store", **said)


def _typed(text: str) -> str:
    """Letters, figures and dashes of what was typed, so that it fits in an address."""
    return re.sub(r"[^\w-]", "", text.strip().upper())[:40]
