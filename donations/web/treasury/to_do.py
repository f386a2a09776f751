"""The to-do list kind by kind: everything that waits for a person, with its age and the way out. What has a page of its
own leads there; a queue's piece is tried again or dismissed with a reason here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Organisation
from donations.money import Money
from donations.reconciliation import to_do
from donations.reconciliation.to_do import OpenItem
from donations.web.page import now, page
from donations.web.treasury.actions import act
from donations.web.treasury.forms import TEXT, LineField, TreasuryForm, needed, one_line

bp = Blueprint("to_do", __name__, url_prefix="/to-do")
# The page of one item: its endpoint, and the argument that takes what the item leads to.
PLACES = {
    "dispute": ("treasury.card_payments.index", "find"),
    "warning": ("treasury.card_payments.show", "charge_id"),
    "movement": ("treasury.classification.transaction", "balance_transaction_id"),
    "receipt": ("treasury.card_payments.show", "charge_id"),
    "unidentified": ("treasury.statement_lines.show", "number"),
    "refund": ("treasury.card_payments.show", "charge_id"),
    "refund_attempt": ("treasury.card_payments.show", "charge_id"),
    "refund_waiting": ("treasury.card_payments.show", "charge_id"),
    "overdrawn": ("treasury.fund", "slug"),
    "suspense": ("treasury.fund", "slug"),
    "payout": ("treasury.payouts.show", "payout_id"),
    "payout_rest": ("treasury.payouts.show", "payout_id"),
    "slip": ("treasury.paying_in_slips.show", "number"),
    "line": ("treasury.statement_lines.show", "number"),
    "same_line": ("treasury.bank_accounts.question", "number"),
    "gift": ("treasury.card_payments.show", "charge_id"),
    "settlement": ("treasury.card_payments.index", "find"),
    "withheld": ("treasury.card_payments.index", "find"),
    "transit": ("treasury.fund", "slug"),
    "pay_in": ("treasury.branch_returns.show", "number"),
    "cash": ("treasury.offline_donations.index", "state"),
    "to_pay_in": ("treasury.paying_in_slips.ask", "method"),
    "expected": ("treasury.offline_donations.index", "state"),
    "disbursement": ("treasury.payment_requests.show", "number"),
    "adjustment": ("treasury.adjustments.show", "number"),
    "classification": ("treasury.classification.show", "number"),
    "cure": ("treasury.posting_stop.show", "number"),
    "approval_rule": ("treasury.approvals.show", ""),
    "staff_change": ("people.changes", ""),
    "period": ("treasury.periods.show", "number"),
    **dict.fromkeys(("locked_mail", "locked_request"), ("treasury.offline_key.show", "")),
    **dict.fromkeys(("estimated", "restored"), ("treasury.restoration.show", "item")),
}
# The link beside it: (label, endpoint of the form).
_WRITE_OFF = (_l("Write off difference"), "treasury.adjustments.ask")
ACTIONS = {
    "receipt": (
        (_l("Assign to fund"), "treasury.classification.ask_assign"),
        (_l("Refund"), "treasury.card_payments.ask_refund"),
    ),
    **dict.fromkeys(("slip", "transit", "settlement", "withheld"), (_WRITE_OFF,)),
}


# What a person looks up at Stripe by its number, and what trying again asks Stripe for.
NAMED_BY_REF = frozenset(
    {"dispute", "event", "job", "movement", "unlinked", "receipt", "refund", "payout", "gift", "settlement", "withheld"}
)
ASKS_STRIPE = frozenset({"unlinked", "payout", "payout_rest", "gift"})


class DismissForm(TreasuryForm):
    ref = LineField()
    reason = LineField(needed(_l("Enter the reason.")), most=TEXT)


def links() -> dict[str, Any]:
    """What the templates of the list need, on every page of the treasury."""
    return {"place_of": place_of, "actions_of": actions_of, "named_by_ref": NAMED_BY_REF, "asks_stripe": ASKS_STRIPE}


def place_of(item: OpenItem) -> str | None:
    """The address of the item's own page, if it has one."""
    if item.kind not in PLACES:
        return None
    endpoint, argument = PLACES[item.kind]
    told: dict[str, Any] = {argument: item.place} if argument else {}
    if endpoint == "treasury.fund" and item.amount is not None:
        told |= {"currency": item.amount.currency} | ({"account": item.note} if item.note else {})
    return url_for(endpoint, **told)


def actions_of(item: OpenItem) -> list[tuple[Any, str, str]]:
    """(label, address, endpoint) of what may be done at once."""
    told: dict[str, Any] = {"charge_id": item.place}
    if item.amount is not None and item.kind != "receipt":
        amount = Money(abs(item.amount.minor), item.amount.currency)
        told = {"kind": "write_off", "amount": amount.plain(), "currency": amount.currency}
    return [(words, url_for(endpoint, **told), endpoint) for words, endpoint in ACTIONS.get(item.kind, ())]


@bp.get("/<kind>")
def show(kind: str) -> Response:
    return _page(kind, DismissForm(formdata=None))


@bp.post("/<kind>/retry")
def retry(kind: str) -> Any:
    form, ref = TreasuryForm(), one_line(request.form.get("ref", ""))
    if kind not in to_do.KINDS:
        abort(404)
    try:
        what = "event.replayed" if kind == "event" else "to_do.retried"  # as the audit log has always called it
        with act(what, f"{kind}:{ref}"[:200]) as done:
            to_do.retry(done.conn, kind, ref, at=done.at)
    except DonationsError as error:
        return _page(kind, form, form.refuse(error))
    flash(_("We will try again in a moment."))
    return redirect(url_for("treasury.index"), 303)


@bp.post("/<kind>/dismiss")
def dismiss(kind: str) -> Any:
    form = DismissForm()
    if kind not in to_do.KINDS:
        abort(404)
    try:
        if form.validate():
            with act("to_do.dismissed", f"{kind}:{form.ref.data}"[:200], reason=form.reason.data) as done:
                to_do.dismiss(
                    done.conn, kind, form.ref.data, reason=form.reason.data, actor=done.actor, at=done.at
                )  # fmt: skip
            flash(_("Item dismissed. The audit log keeps your reason."))
            return redirect(url_for("treasury.to_do.show", kind=kind), 303)
    except DonationsError as error:
        return _page(kind, form, form.refuse(error))
    return _page(kind, form, 422)


def _page(kind: str, form: TreasuryForm, status: int = 200) -> Response:
    if kind not in to_do.KINDS:
        abort(404)
    number, at = max(1, min(request.args.get("page", 1, type=int), 10_000)), now()
    found = to_do.of_kind(db.session.connection(), kind, at, number)
    return page(
        "treasury/to_do.html", status, cache="no-store", kind=to_do.KINDS[kind], found=found[: to_do.PAGE_LENGTH],
        number=number, has_more=len(found) > to_do.PAGE_LENGTH, today=Organisation.get().day_of(at), form=form,
    )  # fmt: skip
