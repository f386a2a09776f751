"""Entries with no outside event behind them: transfers between funds, opening balances, write-offs, failed refunds that
may be kept. Each has its reason and authority; large ones wait for a second person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectField, StringField
from wtforms.validators import AnyOf, ValidationError

from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Adjustment, AppealWording, BankAccount, Fund, Organisation
from donations.models.adjustment import ADJUSTMENT_KINDS
from donations.models.base import MAX_ID
from donations.money import Money
from donations.reconciliation import adjustments, balances, dashboard, fund_availability, wording_balances, write_offs
from donations.web.access import fresh
from donations.web.days import DayField, not_ahead
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.treasury import funds
from donations.web.treasury.actions import act, me, names, say_used
from donations.web.treasury.forms import TEXT, ActForm, LineField, MoneyForm, needed, one_line

bp = Blueprint("adjustments", __name__, url_prefix="/adjustments")
PAGE_LENGTH = 50
# What a link from elsewhere may fill in, for a person to look at.
PRESET = ("fund", "other_fund", "account", "amount", "currency", "open_item", "reason", "wording")


class AdjustmentForm(MoneyForm):
    """`open_item` is what is written off or kept, as account|what it clears|fund|currency. `wording` is the number of
    the row under which the money of a transfer was given."""

    kind = StringField(
        filters=[one_line], validators=[AnyOf(ADJUSTMENT_KINDS, message=_l("Select the type of adjustment."))]
    )
    fund = SelectField(validate_choice=False)
    other_fund = SelectField(validate_choice=False)
    account = SelectField(validate_choice=False)
    open_item = SelectField(validate_choice=False)
    wording = SelectField(validate_choice=False)
    on = DayField(validators=[needed(_l("Enter the date.")), not_ahead])
    reason = LineField(needed(_l("Enter the reason, for anyone who reads the accounts later.")), most=TEXT)
    authority = LineField(needed(_l("Enter who authorised this, for example “Committee, 3 November”.")), most=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = db.session.scalars(select(BankAccount).order_by(BankAccount.name)).all()
        self.accounts = {str(one.id): one for one in accounts}
        self.fund.choices = self.other_fund.choices = funds.choices()
        may_choose = dict(self.fund.choices)
        self.by_slug = {fund.slug: fund.id for fund in funds.named().values() if fund.slug in may_choose}
        self.account.choices = [(str(one.id), f"{one.name} ({one.currency})") for one in accounts]
        self.found = {_named(one): one for one in self._open_items()}
        self.given = self._given()
        rows = {one.wording.id: one.wording for ones in self.given.values() for one in ones}
        self.wording.choices = [(str(number), funds.wording(row)) for number, row in sorted(rows.items())]

    def validate_fund(self, field: Any) -> None:
        if self.kind.data in ("transfer", "opening") and field.data not in self.by_slug:
            raise ValidationError(_("Select the fund."))

    def validate_other_fund(self, field: Any) -> None:
        if self.kind.data == "transfer" and (field.data not in self.by_slug or field.data == self.fund.data):
            raise ValidationError(_("Select another fund to transfer the money to."))

    def validate_account(self, field: Any) -> None:
        chosen = self.accounts.get(field.data or "")
        if self.kind.data in ("transfer", "opening") and (chosen is None or chosen.currency != self.currency.data):
            raise ValidationError(_("Select the bank account in this currency that holds the money."))

    def validate_open_item(self, field: Any) -> None:
        if self.kind.data not in ("write_off", "kept"):
            return
        chosen = self.found.get(field.data or "")
        if chosen is None or chosen.currency != self.currency.data:
            raise ValidationError(_("Select the item to adjust, in this currency."))

    def validate_wording(self, field: Any) -> None:
        if self.kind.data != "transfer":
            return
        under = [one.wording.id for one in self.given.get(self.by_slug.get(self.fund.data or "", 0), [])]
        if not field.data and len(under) < 2:
            field.data = str(under[0]) if under else ""
        elif field.data not in [str(number) for number in under]:
            raise ValidationError(_("Select the wording under which this money was given."))

    @property
    def wanted(self) -> adjustments.Asked:
        """Call after validate() returned True."""
        told: dict[str, Any] = {"fund_id": self.by_slug.get(self.fund.data or ""), "amount": self.asked}
        if self.kind.data in ("transfer", "opening"):
            told["bank_account_id"] = int(self.account.data)
        if self.kind.data == "transfer":
            told["other_fund_id"] = self.by_slug[self.other_fund.data]
            told["wording_id"] = int(self.wording.data) if self.wording.data else None
        if self.kind.data in ("write_off", "kept"):
            told |= self._of_item(self.found[self.open_item.data])
        return adjustments.Asked(
            self.form_key.data, self.kind.data, on=self.on.data, reason=self.reason.data,
            authority=self.authority.data, **told,
        )  # fmt: skip

    def _of_item(self, item: Any) -> dict[str, Any]:
        """A write-off has the sign of what is open; what is kept was owed."""
        sign = -1 if self.kind.data == "write_off" and item.minor < 0 else 1
        amount = Money(sign * self.asked.minor, self.asked.currency)
        return {"fund_id": item.fund_id, "amount": amount, "account": item.account, "clear_ref": item.clear_ref}

    def _given(self) -> dict[int, list[wording_balances.Given]]:
        """By fund: of the one chosen, or of all while none is."""
        if self.kind.data != "transfer":
            return {}
        chosen = self.by_slug.get(self.fund.data or "")
        wanted = [chosen] if chosen else self.by_slug.values()
        return wording_balances.of_funds(db.session.connection(), wanted)

    def _open_items(self) -> list[Any]:
        if self.kind.data not in ("write_off", "kept"):
            return []
        conn = db.session.connection()
        return (
            write_offs.remainders(conn, now())
            if self.kind.data == "write_off"
            else dashboard.not_cleared(conn, (2020,))
        )


@bp.get("")
def index() -> Response:
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    asked = select(Adjustment).order_by(Adjustment.state != "requested", Adjustment.id.desc())
    found = db.session.scalars(asked.limit(PAGE_LENGTH + 1).offset((number - 1) * PAGE_LENGTH)).all()
    return page("treasury/adjustments.html", cache="no-store", found=found[:PAGE_LENGTH], funds=funds.named(),
                number=number, has_more=len(found) > PAGE_LENGTH)  # fmt: skip


@bp.get("/new")
@fresh
def ask() -> Response:
    kind = request.args.get("kind", "transfer")
    kind = kind if kind in ADJUSTMENT_KINDS else "transfer"
    first = {"kind": kind, "on": Organisation.get().day_of(now())}
    first |= {name: request.args.get(name, "") for name in PRESET}
    return _form_page(AdjustmentForm(formdata=None, data=first))


@bp.post("/new")
@fresh
def ask_for() -> Any:
    form = AdjustmentForm()
    try:
        if form.validate():
            return redirect(url_for("treasury.adjustments.show", number=_ask_for(form)), 303)
    except DonationsError as error:
        return _form_page(form, form.refuse(error))
    return _form_page(form, 422)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    return _page(_find(number), ActForm(formdata=None))


def _looked_at(number: int) -> Shown:
    return [(_find(number),)]


@bp.post("/<int:number>")
@fresh
@decides_on(_looked_at)
def decide(number: int) -> Any:
    row, form = _find(number), ActForm()
    if form.act.data not in ("approve", "refuse"):
        return _page(row, form, 422)
    yes = form.act.data == "approve"
    try:
        with act("adjustment.approved" if yes else "adjustment.refused", f"adjustment:{number}") as done:
            adjustments.decide(done.conn, number, yes=yes, actor=done.actor, at=done.at)
    except DonationsError as error:
        return _page(_find(number), form, form.refuse(error))
    return redirect(url_for("treasury.adjustments.show", number=number), 303)


def _ask_for(form: AdjustmentForm) -> int:
    wanted = form.wanted
    with act("adjustment.asked_for", kind=wanted.kind) as done:
        row = adjustments.ask(done.conn, wanted, actor=done.actor, at=done.at)
        done.about, done.again = f"adjustment:{row.id}", row.requested_at != done.at
        number = row.id
    if done.again:
        say_used()
    return number


def _named(item: Any) -> str:
    return f"{item.account}|{item.clear_ref}|{item.fund_id}|{item.currency}"


def _find(number: int) -> Adjustment:
    return db.session.get(Adjustment, min(number, MAX_ID)) or abort(404)


def _form_page(form: AdjustmentForm, status: int = 200) -> Response:
    known = funds.named()
    return page(
        "treasury/adjustment_new.html", status, cache="no-store", form=form, funds=known, kinds=ADJUSTMENT_KINDS,
        needs_another=adjustments.needs_another, places=_places(form),
        most=Money(Organisation.get().write_off_limit_minor, Organisation.get().currency),
    )  # fmt: skip


def _places(form: AdjustmentForm) -> list[fund_availability.Places]:
    """Where the money of the fund is that was chosen, if one was."""
    chosen, conn = form.by_slug.get(form.fund.data or ""), db.session.connection()
    if chosen is None or form.kind.data != "transfer":
        return []
    return [fund_availability.of_balance(conn, one) for one in balances.of_funds(conn, [chosen]) if one.figures["free"]]


def _page(row: Adjustment, form: ActForm, status: int = 200) -> Response:
    other = db.session.get(Fund, row.other_fund_id) if row.other_fund_id else None
    return page(
        "treasury/adjustment.html", status, cache="no-store", row=row, form=form, names=names(), other=other,
        fund=db.session.get_one(Fund, row.fund_id), mine=row.requested_by == me().actor,
        wording=db.session.get(AppealWording, row.wording_id) if row.wording_id else None,
    )  # fmt: skip
