"""Money that no rule can name: Stripe transactions of an unknown kind, card payments without a reference. A treasurer
says what each is, with a reason; a second person agrees where the organisation has two people approve."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from donations.bookkeeping import OF_AN_UNKNOWN_TRANSACTION
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Classification, Fund, Organisation
from donations.models.base import MAX_ID
from donations.reconciliation import classification, payments, to_do
from donations.web.access import fresh
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.treasury import funds, labels
from donations.web.treasury.actions import act, me, names
from donations.web.treasury.forms import TEXT, ActForm, LineField, OnceForm, needed

bp = Blueprint("classification", __name__)
REASON_NEEDED = _l("Enter the reason.")


class FundForm(OnceForm):
    """The fund that money belongs to, and why."""

    fund = SelectField(validators=[needed(_l("Select the fund."))])
    reason = LineField(needed(REASON_NEEDED), most=TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund.choices = [("", ""), *funds.choices()]

    def asked(self, **about: Any) -> classification.Asked:
        """Call after validate() returned True."""
        number = next(fund.id for fund in funds.named().values() if fund.slug == self.fund.data)
        return classification.Asked(self.form_key.data, number, self.reason.data, **about)


class PurposeForm(FundForm):
    """Only funds of an appeal: a donation is always for one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may_choose = {fund.slug for fund in funds.named().values() if fund.appeal is not None}
        self.fund.choices = [one for one in self.fund.choices if not one[0] or one[0] in may_choose]


class TransactionForm(FundForm):
    account = SelectField(validators=[needed(_l("Select the type of transaction."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account.choices = [("", ""), *((str(code), _named(code)) for code in OF_AN_UNKNOWN_TRANSACTION)]


def _named(code: int) -> str:
    return f"{labels.ACCOUNTS[code]} ({code})"


@bp.get("/balance-transactions")
def transactions() -> Response:
    conn, at = db.session.connection(), now()
    return page(
        "treasury/balance_transactions.html",
        cache="no-store",
        found=to_do.of_kind(conn, "movement", at),
        earlier=classification.latest(conn),
        funds=funds.named(),
        names=names(),
        today=Organisation.get().day_of(at),
    )


@bp.get("/balance-transactions/<balance_transaction_id>")
def transaction(balance_transaction_id: str) -> Response:
    return _transaction_page(balance_transaction_id, TransactionForm(formdata=None))


@bp.post("/balance-transactions/<balance_transaction_id>")
@fresh
def classify(balance_transaction_id: str) -> Any:
    form = TransactionForm()
    if not form.validate():
        return _transaction_page(balance_transaction_id, form, 422)
    asked = form.asked(balance_transaction_id=balance_transaction_id[:255], account=int(form.account.data))
    try:
        waits = _ask("movement.classified", f"movement:{balance_transaction_id[:255]}", asked)
    except DonationsError as error:
        return _transaction_page(balance_transaction_id, form, form.refuse(error))
    flash(_("Request saved. Another treasurer must approve it.") if waits else _("Transaction classified."))
    return redirect(url_for("treasury.classification.transaction", balance_transaction_id=balance_transaction_id), 303)


@bp.get("/card-payments/<charge_id>/assign")
@fresh
def ask_assign(charge_id: str) -> Response:
    return _payment_page(charge_id, PurposeForm(formdata=None))


@bp.post("/card-payments/<charge_id>/assign")
@fresh
def assign(charge_id: str) -> Any:
    form = PurposeForm()
    if not form.validate():
        return _payment_page(charge_id, form, 422)
    try:
        waits = _ask("ledger.assigned", f"charge:{charge_id[:255]}", form.asked(charge_id=charge_id[:255]))
    except DonationsError as error:
        return _payment_page(charge_id, form, form.refuse(error))
    flash(
        _("Request saved. Another treasurer must approve it.")
        if waits
        else _("Payment assigned. The totals include it now.")
    )
    return redirect(url_for("treasury.card_payments.show", charge_id=charge_id), 303)


@bp.get("/classifications/<int:number>")
def show(number: int) -> Response:
    return _decision_page(number, ActForm(formdata=None))


def _looked_at(number: int) -> Shown:
    return [(db.session.get(Classification, min(number, MAX_ID)) or abort(404),)]


@bp.post("/classifications/<int:number>")
@fresh
@decides_on(_looked_at)
def decide(number: int) -> Any:
    form = ActForm()
    if form.act.data not in ("approve", "refuse"):
        return _decision_page(number, form, 422)
    _find(number)
    yes = form.act.data == "approve"
    try:
        with act("classification.approved" if yes else "classification.refused", f"classification:{number}") as done:
            classification.decide(done.conn, number, yes=yes, actor=done.actor, at=done.at)
    except DonationsError as error:
        return _decision_page(number, form, form.refuse(error))
    return redirect(url_for("treasury.classification.show", number=number), 303)


def _ask(what: str, about: str, asked: classification.Asked) -> bool:
    """Gives whether it waits for a second person."""
    with act(what, about, reason=asked.reason) as done:
        row = classification.ask(done.conn, asked, actor=done.actor, at=done.at)
        done.again = row.requested_at != done.at
        done.details |= {"fund": str(asked.fund_id), "state": row.state}
        return row.state == "requested"


def _find(number: int) -> classification.Shown:
    return classification.find(db.session.connection(), min(number, MAX_ID)) or abort(404)


def _transaction_page(balance_transaction_id: str, form: TransactionForm, status: int = 200) -> Response:
    conn = db.session.connection()
    found = classification.find_transaction(conn, balance_transaction_id[:255]) or abort(404)
    return page(
        "treasury/balance_transaction.html",
        status,
        cache="no-store",
        row=found,
        form=form,
        names=names(),
        funds=funds.named(),
        history=classification.history(conn, found.id),
        needs_another=classification.needs_another(),
    )


def _payment_page(charge_id: str, form: PurposeForm, status: int = 200) -> Response:
    shown = payments.show(db.session.connection(), charge_id[:255]) or abort(404)
    return page(
        "treasury/classification_assign.html",
        status,
        cache="no-store",
        shown=shown,
        form=form,
        funds=funds.named(),
        needs_another=classification.needs_another(),
    )


def _decision_page(number: int, form: ActForm, status: int = 200) -> Response:
    row = _find(number)
    return page(
        "treasury/classification.html",
        status,
        cache="no-store",
        row=row,
        form=form,
        names=names(),
        fund=db.session.get_one(Fund, row.fund_id),
        mine=row.requested_by == me().actor,
    )
