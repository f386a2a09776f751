"""What is to be done after the database was restored from a copy: donations that were made again or could not be, many
at once, the emails that are held, and what no copy can know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from donations import restoration
from donations.errors import ChangedMeanwhile, DonationsError, ShownAgain
from donations.extensions import db
from donations.models import Donation, Payment, Recovery
from donations.reconciliation import classification
from donations.web.access import fresh
from donations.web.page import page
from donations.web.seen import Shown, decides_on
from donations.web.treasury import funds
from donations.web.treasury.actions import act
from donations.web.treasury.classification import PurposeForm
from donations.web.treasury.forms import ActForm, one_line

bp = Blueprint("restoration", __name__, url_prefix="/restoration")
MAX_AT_ONCE = restoration.lists.MAX_SHOWN * 2
_OF_CHARGES = (
    select(Donation.id)
    .join(Recovery, Recovery.donation_id == Donation.id)
    .join(Payment, Payment.id == Recovery.payment_id)
)
REASONS = {
    "other_installation": _l("made by another installation"),
    "no_session": _l("not paid on our payment page"),
    "unknown_product": _l("for an appeal that is not here"),
    "not_ours": _l("not one of our donations"),
    "unknown_to_stripe": _l("unknown to Stripe"),
}
MAILS = {
    "receipt": _l("Receipts"),
    "receipt_replaced": _l("Replaced receipts"),
    "receipt_void": _l("Void receipts"),
    "receipt_again": _l("Receipts that are valid again"),
    "update": _l("Appeal updates"),
    "follow_confirm": _l("Requests to confirm an email address"),
    "data_link": _l("Links to a person’s data"),
    "alarm": _l("Alerts to treasurers"),
    "staff_invitation": _l("Invitations to the team"),
    "staff_notice": _l("Notices of team changes"),
    "staff_reset": _l("Links to reset a password"),
    "staff_sign_in": _l("Notices of new sign-ins"),
    "audit_head": _l("Daily marks of the audit log"),
}


@bp.get("/")
def show() -> Response:
    return _page(PurposeForm(formdata=None))


@bp.post("/assign")
@fresh
def assign() -> Any:
    """Give all ticked payments to one fund: those that could not be recovered, and estimated donations."""
    form = PurposeForm()
    charges = sorted({one_line(one)[:255] for one in request.form.getlist("charge")})[:MAX_AT_ONCE]
    if not form.validate():
        return _page(form, 422)
    if not charges:
        form.refusal = _("Select at least one payment.")
        return _page(form, 422)
    try:
        with act("restoration.assigned", f"charges:{len(charges)}", reason=form.reason.data) as done:
            waits = False
            for charge_id in charges:
                asked = form.asked(charge_id=charge_id)
                one = classification.Asked(f"{asked.form_key}.{charge_id}", asked.fund_id, asked.reason, charge_id)
                waits = classification.ask(done.conn, one, actor=done.actor, at=done.at).state == "requested"
            done.details |= {"fund": str(asked.fund_id), "charges": charges}
    except DonationsError as error:
        return _page(form, form.refuse(error))
    flash(
        _("Requests saved. Another treasurer must approve each one.")
        if waits
        else ngettext("%(count)s payment assigned.", "%(count)s payments assigned.", len(charges), count=len(charges))
    )
    return redirect(url_for("treasury.restoration.show"), 303)


def _looked_at(estimates: Sequence[Any] = ()) -> Shown:
    """Each donation with its parts: others move meanwhile. One that is ticked and estimated no more has changed."""
    conn = db.session.connection()
    found = {one.charge_id: one.id for one in estimates or restoration.lists.estimated(conn)}
    chosen = list(found) if estimates else request.form.getlist("charge")
    parts = restoration.lists.parts_of(conn, list(found.values()))
    return [(one, [tuple(part) for part in parts.get(found.get(one, 0), [])]) for one in chosen]


@bp.post("/confirm")
@fresh
@decides_on(_looked_at)
def confirm() -> Any:
    """The estimates of all ticked donations are right."""
    charges = request.form.getlist("charge")[:MAX_AT_ONCE]
    try:
        with act("restoration.confirmed", f"charges:{len(charges)}") as done:
            numbers = list(done.conn.scalars(_OF_CHARGES.where(Payment.charge_id.in_(charges))))
            count = restoration.lists.confirm(done.conn, numbers)
            done.details |= {"donations": [str(number) for number in numbers]}
    except ChangedMeanwhile as error:
        form = PurposeForm()
        return _page(form, form.refuse(error))
    flash(ngettext("%(count)s donation confirmed.", "%(count)s donations confirmed.", count, count=count))
    return redirect(url_for("treasury.restoration.show"), 303)


@bp.post("/again")
def look_again() -> Any:
    """Have the worker ask Stripe once more about what could not be recovered."""
    with act("restoration.asked_again"):
        restoration.look_again()
    flash(_("We will ask Stripe again in a moment."))
    return redirect(url_for("treasury.restoration.show"), 303)


def _looked_at_emails(kinds: Sequence[str] = ()) -> Shown:
    """How many of each kind are held, and since when."""
    held = {one.kind: tuple(one) for one in restoration.lists.held_mails(db.session.connection())}
    return [(kind, held.get(kind)) for kind in kinds or request.form.getlist("kind")]


@bp.post("/emails")
@fresh
@decides_on(_looked_at_emails)
def emails() -> Any:
    """Send all held emails of the ticked kinds, or dismiss them with a reason."""
    form = ActForm()
    kinds = [kind for kind in request.form.getlist("kind") if kind in MAILS]
    if form.act.data == "dismiss" and not form.reason.data:
        form.refusal = _("Enter the reason.")
    elif not kinds or form.act.data not in ("send", "dismiss"):
        form.refusal = _("Select at least one type of email.")
    if form.refusal:
        return _page(PurposeForm(formdata=None), 422, emails_form=form)
    try:
        _send(kinds) if form.act.data == "send" else _dismiss(kinds, form.reason.data)
    except (ChangedMeanwhile, ShownAgain) as error:
        return _page(PurposeForm(formdata=None), form.refuse(error), emails_form=form)
    return redirect(url_for("treasury.restoration.show"), 303)


def _send(kinds: Sequence[str]) -> None:
    with act("restoration.sent", f"emails:{','.join(kinds)}") as done:
        count = restoration.lists.send_held(done.conn, kinds, at=done.at)
    flash(ngettext("%(count)s email will be sent.", "%(count)s emails will be sent.", count, count=count))


def _dismiss(kinds: Sequence[str], reason: str) -> None:
    with act("restoration.dismissed", f"emails:{','.join(kinds)}", reason=reason) as done:
        count = restoration.lists.drop_held(done.conn, kinds, reason=reason, actor=done.actor, at=done.at)
    flash(ngettext("%(count)s email dismissed.", "%(count)s emails dismissed.", count, count=count))


def _page(form: PurposeForm, status: int = 200, emails_form: ActForm | None = None) -> Response:
    conn = db.session.connection()
    estimated = restoration.lists.estimated(conn)
    return page(
        "treasury/restoration.html", status, cache="no-store", form=form,
        emails_form=emails_form or ActForm(formdata=None), last=restoration.latest(conn),
        counts=restoration.lists.counts(conn), estimated=estimated,
        splits=restoration.lists.parts_of(conn, [one.id for one in estimated]),
        not_recovered=restoration.lists.not_recovered(conn), held=restoration.lists.held_mails(conn),
        reasons=REASONS, mails=MAILS, needs_another=classification.needs_another(), funds=funds.named(),
        ticked=set(request.form.getlist("charge")),
    )  # fmt: skip
