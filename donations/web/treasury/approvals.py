"""How many people must approve: the rule as it is, a change asked for by an admin, and the second person's answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, ValidationError
from wtforms.validators import AnyOf

from donations import approvals
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import ApprovalRule, Organisation
from donations.models.base import MAX_ID
from donations.money import Money
from donations.web import amounts
from donations.web.access import fresh
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act, me, names, say_used
from donations.web.treasury.forms import TEXT, ActForm, LineField, OnceForm, needed, one_line

bp = Blueprint("approvals", __name__, url_prefix="/approvals")


class RuleForm(OnceForm):
    """After validate(), `limit` is the amount up to which one approval is enough; nothing typed is none."""

    required = StringField(
        filters=[one_line], validators=[AnyOf(("1", "2"), _l("Select how many people must approve."))]
    )
    up_to = StringField(filters=[one_line])
    reason = LineField(needed(_l("Enter the reason.")), most=TEXT)
    limit: Money

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            self.required.data = str(Organisation.get().approvals_required)

    def validate_up_to(self, field: Any) -> None:
        house = Organisation.get()
        self.limit = Money(0, house.currency)
        if field.data and self.required.data == "2":
            self.limit = amounts.read(field.data, house.currency, [house.currency])
            if self.limit.minor < 0:
                raise ValidationError(_("Enter an amount of 0 or more."))


@bp.get("")
def show() -> Response:
    return _page(RuleForm(formdata=None))


@bp.post("")
@fresh
def ask() -> Any:
    form = RuleForm()
    if not form.validate():
        return _page(form, 422)
    asked = approvals.Asked(form.form_key.data, int(form.required.data), form.limit, form.reason.data)
    try:
        with act("approvals.requested", "organisation", reason=asked.reason) as done:
            row = approvals.ask(asked, actor=done.actor, at=done.at)
            done.again = row.requested_at != done.at
            done.details |= {"approvals_required": asked.approvals_required, "one_up_to_minor": asked.one_up_to.minor}
    except DonationsError as error:
        return _page(form, form.refuse(error))
    if done.again:
        say_used()
    else:
        flash(_("Request saved. Another treasurer or administrator must approve it."))
    return redirect(url_for("treasury.approvals.show"), 303)


def _looked_at(number: int) -> Shown:
    house = Organisation.get()
    rule = db.session.get(ApprovalRule, min(number, MAX_ID)) or abort(404)
    return [(rule, house.approvals_required, house.one_approval_up_to_minor)]


@bp.post("/<int:number>")
@fresh
@decides_on(_looked_at)
def decide(number: int) -> Any:
    form, decision = RuleForm(formdata=None), ActForm()
    if decision.act.data not in ("approve", "refuse"):
        return _page(form, 422)
    yes = decision.act.data == "approve"
    try:
        with act("approvals.approved" if yes else "approvals.refused", f"approval_rule:{number}") as done:
            approvals.decide(min(number, MAX_ID), yes=yes, actor=done.actor, at=done.at)
    except DonationsError as error:
        return _page(form, form.refuse(error))
    flash(_("Approval rule changed.") if yes else _("The approval rule stays as it is."))
    return redirect(url_for("treasury.approvals.show"), 303)


def _page(form: RuleForm, status: int = 200) -> Response:
    house, waiting = Organisation.get(), approvals.waiting()
    return page(
        "treasury/approvals.html", status, cache="no-store", form=form, house=house, waiting=waiting,
        history=[one for one in approvals.history() if one.state != "requested"], names=names(), today=now(),
        limit=Money(house.one_approval_up_to_minor, house.currency),
        mine=waiting is not None and waiting.requested_by == me().actor,
    )  # fmt: skip
