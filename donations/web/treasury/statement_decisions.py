"""What a person decides about imports: whether a line in doubt is one that is here, and that an import was wrong."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from flask import Response, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from donations.errors import DonationsError
from donations.extensions import db
from donations.models import BankAccount
from donations.models.base import MAX_ID
from donations.reconciliation import statement_withdrawal
from donations.reconciliation.statement_lines import questions
from donations.reconciliation.statement_withdrawal import Withdrawable
from donations.web.access import fresh
from donations.web.page import page
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act, names
from donations.web.treasury.bank_accounts import bp
from donations.web.treasury.forms import TEXT, ActForm, LineField, TreasuryForm, needed

__all__ = ["bp"]


class WithdrawForm(TreasuryForm):
    reason = LineField(needed(_l("Enter the reason.")), most=TEXT)


@bp.get("/questions/<int:number>")
def question(number: int) -> Response:
    return _question_page(number, ActForm(formdata=None))


def _looked_at(number: int) -> Shown:
    return [questions.find(db.session.connection(), min(number, MAX_ID)) or abort(404)]


@bp.post("/questions/<int:number>")
@decides_on(_looked_at)
def answer(number: int) -> Any:
    form = ActForm()
    if form.act.data not in (questions.SAME, questions.ANOTHER):
        return _question_page(number, form, 422)
    try:
        with act("statement_line.decided", f"question:{number}", answer=form.act.data) as done:
            line_id = questions.answer(done.conn, number, form.act.data, actor=done.actor, at=done.at)
    except DonationsError as error:
        return _question_page(number, form, form.refuse(error))
    return redirect(url_for("treasury.statement_lines.show", number=line_id), 303)


@bp.get("/imports/<int:number>/withdraw")
@fresh
def ask_withdraw(number: int) -> Response:
    return _withdraw_page(_find(number), WithdrawForm(formdata=None))


def _looked_at_import(number: int) -> Shown:
    return [astuple(_find(number))]


@bp.post("/imports/<int:number>/withdraw")
@fresh
@decides_on(_looked_at_import)
def withdraw(number: int) -> Any:
    found, form = _find(number), WithdrawForm()
    if not form.validate():
        return _withdraw_page(found, form, 422)
    try:
        with act("statement.withdrawn", f"bank:{found.account_id}", sha256=found.sha256) as done:
            taken = statement_withdrawal.withdraw(done.conn, number, reason=form.reason.data, by=done.actor, at=done.at)
            done.details |= {"lines": taken.lines, "reason": form.reason.data}
    except DonationsError as error:
        return _withdraw_page(_find(number), form, form.refuse(error))
    flash(ngettext("Import withdrawn. %(count)s line was removed.", "Import withdrawn. %(count)s lines were removed.",
                   taken.lines, count=taken.lines))  # fmt: skip
    return redirect(url_for("treasury.bank_accounts.show", number=found.account_id), 303)


def _question_page(number: int, form: ActForm, status: int = 200) -> Response:
    found = questions.find(db.session.connection(), min(number, MAX_ID)) or abort(404)
    return page("treasury/statement_question.html", status, cache="no-store", found=found, form=form)


def _find(number: int) -> Withdrawable:
    return statement_withdrawal.find(db.session.connection(), min(number, MAX_ID)) or abort(404)


def _withdraw_page(found: Withdrawable, form: WithdrawForm, status: int = 200) -> Response:
    account = db.session.get_one(BankAccount, found.account_id)
    others = statement_withdrawal.overlapping(db.session.connection(), found)
    return page("treasury/statement_withdrawal.html", status, cache="no-store", account=account, found=found, form=form,
                others=others, names=names(), title=_("Withdraw import"))  # fmt: skip
