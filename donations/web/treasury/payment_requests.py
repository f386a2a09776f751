"""Payments out of funds: requested with a supporting document, approved by another person, sent. The payee in full, and
the document, are shown only after a fresh confirmation of identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import BooleanField, SelectField
from wtforms.validators import ValidationError

from donations import privacy
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import BankAccount, Fund, PaymentRequest
from donations.models.base import MAX_ID
from donations.reconciliation import balances, file_store, fund_availability, payment_requests
from donations.web import sessions
from donations.web.access import fresh
from donations.web.page import page
from donations.web.seen import Shown, decides_on
from donations.web.treasury import funds
from donations.web.treasury.actions import Act, act, me, names, say_used
from donations.web.treasury.forms import TEXT, ActForm, LineField, MoneyForm, needed, one_line

bp = Blueprint("payment_requests", __name__, url_prefix="/payment-requests")
SHELF, PAGE_LENGTH = "evidence", 50
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


class RequestForm(MoneyForm):
    fund = SelectField(validators=[needed(_l("Select the fund to pay from."))])
    account = SelectField(validate_choice=False)
    purpose = LineField(needed(_l("Enter what the payment is for.")), most=500)
    payee = LineField(needed(_l("Enter the payee and their account.")), most=300)
    payee_is_me = BooleanField()
    evidence = FileField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund.choices = [("", ""), *funds.choices()]
        found = db.session.scalars(select(BankAccount).order_by(BankAccount.name)).all()
        self.accounts = {str(one.id): one for one in found}
        self.account.choices = [(str(one.id), f"{one.name} ({one.currency})") for one in found]

    def validate_account(self, field: Any) -> None:
        """The only account in the currency need not be chosen."""
        fitting = [number for number, one in self.accounts.items() if one.currency == self.currency.data]
        if not field.data and len(fitting) < 2:
            field.data = fitting[0] if fitting else ""
        elif field.data not in fitting:
            raise ValidationError(_("Select a bank account in this currency."))


@bp.url_value_preprocessor
def make_room(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Evidence may be large; only who has signed in may send us so much."""
    if sessions.signed_in() is not None:
        request.max_content_length = file_store.MAX_EVIDENCE_BYTES + 1024 * 1024


@bp.get("")
def index() -> Response:
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    asked = select(PaymentRequest).order_by(PaymentRequest.id.desc())
    found = db.session.scalars(asked.limit(PAGE_LENGTH + 1).offset((number - 1) * PAGE_LENGTH)).all()
    return page("treasury/payment_requests.html", cache="no-store", found=found[:PAGE_LENGTH], funds=funds.named(),
                number=number, has_more=len(found) > PAGE_LENGTH)  # fmt: skip


@bp.get("/new")
def ask() -> Response:
    first = {name: request.args.get(name, "") for name in ("fund", "account", "amount", "currency")}
    return _form_page(RequestForm(formdata=None, data=first))


@bp.post("/new")
def ask_for() -> Any:
    form = RequestForm()
    try:
        if form.validate():
            return redirect(url_for("treasury.payment_requests.show", number=_ask_for(form)), 303)
    except DonationsError as error:
        return _form_page(form, form.refuse(error))
    return _form_page(form, 422)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    return _page(_find(number), ActForm(formdata=None))


def _looked_at(number: int) -> Shown:
    row = _find(number)
    return [(row, *row.approvals)]


@bp.post("/<int:number>")
@fresh
@decides_on(_looked_at)
def decide(number: int) -> Any:
    row, form = _find(number), ActForm()
    verb = _VERBS.get(form.act.data)
    if verb is None:
        return _page(row, form, 422)
    try:
        with act(f"disbursement.{_SAID[form.act.data]}", row.ref) as done:
            verb(done, number)
    except DonationsError as error:
        return _page(_find(number), form, form.refuse(error))
    return redirect(url_for("treasury.payment_requests.show", number=number), 303)


@bp.get("/<int:number>/payee")
@fresh
def payee(number: int) -> Response:
    row = _find(number)
    _note("payee.read", row)
    name = privacy.unseal(row.payee_sealed, f"disbursement:{row.form_key}:payee") if row.payee_sealed else ""
    return page("treasury/payee.html", cache="no-store", row=row, payee=name)


@bp.get("/<int:number>/evidence")
@fresh
def document(number: int) -> Response:
    row = _find(number)
    if row.evidence_sha256 is None or row.evidence_type not in _ENDINGS:
        abort(404)
    answer = make_response(file_store.read(SHELF, row.evidence_sha256))
    answer.mimetype = row.evidence_type
    name = f"evidence-{row.id}.{_ENDINGS[row.evidence_type]}"
    _note("evidence.read", row)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _ask_for(form: RequestForm) -> int:
    data = form.evidence.data.read(file_store.MAX_EVIDENCE_BYTES + 1) if form.evidence.data else b""
    kept: dict[str, Any] = {}
    if data:
        kept = {"evidence_type": file_store.type_of_evidence(data), "evidence_sha256": file_store.keep(SHELF, data),
                "evidence_name": one_line(form.evidence.data.filename)[:200]}  # fmt: skip
    with act("disbursement.requested") as done:
        fund = db.session.scalars(select(Fund).where(Fund.slug == form.fund.data)).one()
        asked = payment_requests.Asked(
            form.form_key.data, form.asked, form.purpose.data, form.payee.data,
            payee_staff_id=done.staff_id if form.payee_is_me.data else None,
            bank_account_id=int(form.account.data) if form.account.data else None, **kept,
        )  # fmt: skip
        row = payment_requests.request(done.conn, fund, asked, actor=done.actor, at=done.at)
        done.about, done.again = row.ref, row.requested_at != done.at
        number = row.id
    if done.again:
        say_used()
    return number


def _approve(done: Act, number: int) -> None:
    payment_requests.approve(done.conn, number, actor=done.actor, staff_id=done.staff_id, at=done.at)


def _refuse(done: Act, number: int) -> None:
    payment_requests.refuse(done.conn, number, actor=done.actor, at=done.at)


def _send(done: Act, number: int) -> None:
    payment_requests.send(done.conn, number, at=done.at)


def _unsend(done: Act, number: int) -> None:
    reason = one_line(request.form.get("reason", ""))
    done.details["reason"] = reason[:TEXT]
    payment_requests.unsend(done.conn, number, reason=reason, at=done.at)


_VERBS: dict[str, Callable[[Act, int], None]] = {
    "approve": _approve, "refuse": _refuse, "send": _send, "unsend": _unsend,
}  # fmt: skip
_SAID = {"approve": "approved", "refuse": "refused", "send": "sent", "unsend": "not_sent"}


def _note(what: str, row: PaymentRequest) -> None:
    """Personal data was read."""
    with act(what, row.ref):
        pass


def _find(number: int) -> PaymentRequest:
    return db.session.get(PaymentRequest, min(number, MAX_ID)) or abort(404)


def _form_page(form: RequestForm, status: int = 200) -> Response:
    conn = db.session.connection()
    found = [fund_availability.of_balance(conn, one) for one in balances.of_funds(conn) if one.figures["free"]]
    return page("treasury/payment_request_new.html", status, cache="no-store", form=form, funds=funds.named(),
                places=found)  # fmt: skip


def _page(row: PaymentRequest, form: ActForm, status: int = 200) -> Response:
    mine = row.requested_by == me().actor or row.payee_staff_id == me().id
    mine = mine or any(one.actor == me().actor for one in row.approvals)
    return page("treasury/payment_request.html", status, cache="no-store", row=row, form=form, mine=mine,
                fund=db.session.get_one(Fund, row.fund_id), names=names(),
                account=db.session.get(BankAccount, row.bank_account_id) if row.bank_account_id else None)  # fmt: skip
