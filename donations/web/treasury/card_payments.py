"""Donations that came through Stripe: found by a number, shown with all details, refunded. A refund is stored before
Stripe is asked for it, so that no second click and no lost answer makes another one."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import AnyOf

from donations import giving
from donations.errors import DonationsError, PaymentServiceDown, RefundRefused
from donations.extensions import db
from donations.models import Refund, RefundAttempt
from donations.models.base import MAX_ID
from donations.models.refund_attempt import REFUND_REASONS
from donations.reconciliation import payments
from donations.reconciliation.payments import Shown
from donations.stripe_statuses import RefundStatus
from donations.web.access import fresh
from donations.web.filters import money, sentence
from donations.web.page import now, page
from donations.web.treasury import dashboard_cache, funds
from donations.web.treasury.actions import act, names, say_used
from donations.web.treasury.forms import LineField, MoneyForm, one_line
from donations.worker.refunds import carry_out

bp = Blueprint("card_payments", __name__, url_prefix="/card-payments")


class RefundForm(MoneyForm):
    """In the donation's own currency; all that is left of it, unless less is typed."""

    reason = StringField(filters=[one_line], validators=[AnyOf(REFUND_REASONS, message=_l("Select the reason."))])
    note = LineField(most=500)

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency.choices = [(currency, currency)]
        self.currency.data = currency

    @property
    def wanted(self) -> giving.refunds.Asked:
        """Call after validate() returned True."""
        return giving.refunds.Asked(self.form_key.data, self.asked, self.reason.data, self.note.data or "")


@bp.get("")
def index() -> Response | Any:
    """The newest payments, or those that a number names; if it names one, that one."""
    words, conn = one_line(request.args.get("find", ""))[:255], db.session.connection()
    if not words:
        found = payments.recent(conn, min(request.args.get("before", MAX_ID, type=int), MAX_ID))
        return _list(found[: payments.PAGE_LENGTH], has_more=len(found) > payments.PAGE_LENGTH)
    found = payments.search(conn, words)
    if len(found) == 1:
        return redirect(url_for("treasury.card_payments.show", charge_id=found[0].charge_id), 303)
    if not found and payments.has_receipt(conn, words):  # Of a donation that did not come through Stripe.
        return redirect(url_for("treasury.receipts.show", label=words.upper()), 303)
    return _list(found, words=words)


@bp.get("/<charge_id>")
def show(charge_id: str) -> Response:
    shown = _find(charge_id)
    return page(
        "treasury/card_payment.html", cache="no-store", shown=shown, funds=funds.named(), names=names(), at=now()
    )


@bp.get("/<charge_id>/refund")
@fresh
def ask_refund(charge_id: str) -> Response:
    shown = _find(charge_id)
    most = shown.left.plain() if shown.left else ""
    first = {"amount": most, "reason": request.args.get("reason") or REFUND_REASONS[0]}
    return _form_page(shown, RefundForm(shown.payment.currency or "", formdata=None, data=first))


@bp.post("/<charge_id>/refund")
@fresh
def refund(charge_id: str) -> Any:
    shown = _find(charge_id)
    form = RefundForm(shown.payment.currency or "")
    if not form.validate():
        return _form_page(shown, form, 422)
    try:
        number, again = _ask(charge_id, form)
        return _carry_out(number, charge_id, again=again)
    except DonationsError as error:
        status = form.refuse(error)
        if isinstance(error, RefundRefused):  # This form has had its answer; what is sent next is another one.
            form.form_key.data = secrets.token_urlsafe(12)
        return _form_page(_find(charge_id), form, status)


@bp.post("/<charge_id>/refund/<int:number>")
@fresh
def ask_again(charge_id: str, number: int) -> Any:
    """Go on with a refund whose answer was lost."""
    attempt = db.session.get(RefundAttempt, min(number, MAX_ID)) or abort(404)
    if attempt.payment_id != _find(charge_id).payment.id:
        abort(404)
    with act("refund.asked_again", f"payment:{charge_id}", attempt=str(number)):
        pass
    try:
        return _carry_out(number, charge_id)
    except RefundRefused as error:
        flash(sentence(error))
        return redirect(url_for("treasury.card_payments.show", charge_id=charge_id), 303)


def _ask(charge_id: str, form: RefundForm) -> tuple[int, bool]:
    """Gives the attempt, and whether the form had been used before."""
    with act("refund.asked_for", f"payment:{charge_id}") as done:
        attempt = giving.refunds.ask(done.conn, charge_id, form.wanted, actor=done.actor, at=done.at)
        done.again = attempt.requested_at != done.at
        done.details |= {
            "attempt": str(attempt.id), "minor": attempt.amount_minor, "currency": attempt.currency,
            "reason": attempt.reason,
        }  # fmt: skip
        return attempt.id, done.again


def _told(attempt: RefundAttempt) -> str:
    """A refund that Stripe has taken on may still be on its way."""
    refund = db.session.get(Refund, attempt.refund_id) if attempt.refund_id else None
    if refund is not None and refund.status == RefundStatus.SUCCEEDED:
        return _("Refund made: %(amount)s.", amount=money(attempt.amount))
    return _("Refund in transit: %(amount)s.", amount=money(attempt.amount))


def _carry_out(attempt_id: int, charge_id: str, *, again: bool = False) -> Any:
    try:
        carry_out(attempt_id, now())
    except PaymentServiceDown:
        flash(_("Stripe has not answered yet. The refund is saved, and we repeat the request until the outcome "
"is known. Do not request another refund."))  # fmt: skip
    else:
        attempt = db.session.get_one(RefundAttempt, attempt_id)
        say_used() if again else flash(_told(attempt))
    finally:
        dashboard_cache.forget()
    return redirect(url_for("treasury.card_payments.show", charge_id=charge_id), 303)


def _find(charge_id: str) -> Shown:
    return payments.show(db.session.connection(), charge_id[:255]) or abort(404)


def _list(found: list[Any], *, words: str = "", has_more: bool = False) -> Response:
    return page("treasury/card_payments.html", cache="no-store", found=found, sought=words, has_more=has_more)


def _form_page(shown: Shown, form: RefundForm, status: int = 200) -> Response:
    return page("treasury/refund.html", status, cache="no-store", shown=shown, form=form, reasons=REFUND_REASONS)
