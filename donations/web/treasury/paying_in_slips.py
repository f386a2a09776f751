"""Paying-in slips: accepted cash and cheques put together, taken to the bank, and what the bank credited of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import IntegerField, SelectField, SelectMultipleField
from wtforms.validators import NumberRange

from donations.errors import DonationsError
from donations.extensions import db
from donations.models import BankAccount, Organisation, PayingInSlip
from donations.models.base import MAX_ID
from donations.reconciliation import offline_donation_lists, paying_in_slips
from donations.web.days import DayField, not_ahead
from donations.web.page import now, page
from donations.web.treasury.actions import act, names
from donations.web.treasury.forms import LineField, MoneyForm, needed, wholes

bp = Blueprint("paying_in_slips", __name__, url_prefix="/paying-in-slips")


class PayingInSlipForm(MoneyForm):
    """`amount` and `count` are what the treasurer wrote on the paper, so that it is counted twice."""

    gift = SelectMultipleField(validate_choice=False)
    account = SelectField(validators=[needed(_l("Select the bank account you paid into."))])
    count = IntegerField(validators=[NumberRange(1, 10_000, _l("Enter the number of donations on the slip."))])
    number = LineField(most=40)
    on = DayField(validators=[needed(_l("Enter the date you paid the money in.")), not_ahead])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = db.session.scalars(select(BankAccount).order_by(BankAccount.name))
        self.account.choices = [(str(one.id), f"{one.name} ({one.currency})") for one in accounts]


@bp.get("")
def index() -> Response:
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found = offline_donation_lists.slips(db.session.connection(), number)
    return page(
        "treasury/paying_in_slips.html",
        cache="no-store",
        found=found[: offline_donation_lists.PAGE_LENGTH],
        number=number,
        has_more=len(found) > offline_donation_lists.PAGE_LENGTH,
    )


@bp.get("/new")
def ask() -> Response:
    house = Organisation.get()
    asked = request.args.get("currency", house.currency)
    currency = asked if asked in house.settlement_currencies else house.currency
    return _page(PayingInSlipForm(formdata=None, data={"on": house.day_of(now()), "currency": currency}))


@bp.post("/new")
def pay_in() -> Any:
    form = PayingInSlipForm()
    try:
        if form.validate():
            return redirect(url_for("treasury.paying_in_slips.show", number=_pay_in(form)), 303)
    except DonationsError as error:
        return _page(form, form.refuse(error))
    return _page(form, 422)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    slip = db.session.get(PayingInSlip, min(number, MAX_ID)) or abort(404)
    conn = db.session.connection()
    return page(
        "treasury/paying_in_slip.html",
        cache="no-store",
        slip=slip,
        gifts=offline_donation_lists.on_slip(conn, slip.id),
        names=names(),
        short=paying_in_slips.short_by(conn, slip.id),
        account=db.session.get_one(BankAccount, slip.bank_account_id),
    )


def _pay_in(form: PayingInSlipForm) -> int:
    chosen = wholes(form.gift.data or [])
    with act("slip.paid_in") as done:
        slip = paying_in_slips.pay_in(
            done.conn,
            db.session.get_one(BankAccount, int(form.account.data)),
            chosen,
            form.asked,
            count=form.count.data,
            on=form.on.data,
            number=form.number.data or "",
            actor=done.actor,
            at=done.at,
        )
        done.about = slip.ref
        return slip.id


def _page(form: PayingInSlipForm, status: int = 200) -> Response:
    currency = form.currency.data if form.currency.data in dict(form.currency.choices) else Organisation.get().currency
    waiting = offline_donation_lists.to_pay_in(db.session.connection(), currency)
    return page(
        "treasury/paying_in_slip_new.html", status, cache="no-store", form=form, waiting=waiting, currency=currency
    )
