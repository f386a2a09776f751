"""Donations that no card brought: recorded one after the other from the keyboard, accepted, or cancelled before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from donations import giving, references
from donations.errors import AlreadyDone, DonationsError
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import OfflineDonation, Organisation
from donations.models.base import MAX_ID
from donations.reconciliation import offline_donation_lists
from donations.web import languages
from donations.web.filters import money
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.treasury.actions import act, me, names, say_used
from donations.web.treasury.forms import ActForm, wholes
from donations.web.treasury.offline_donation_form import OfflineDonationForm, purposes

bp = Blueprint("offline_donations", __name__, url_prefix="/offline-donations")


@bp.get("")
def index() -> Response:
    return _list(ActForm(formdata=None))


def _looked_at(numbers: Sequence[int] | None = None) -> Shown:
    """Lock each donation by itself, because others are recorded meanwhile. `numbers` are a page's, else those sent."""
    chosen = wholes(request.form.getlist("gift")) if numbers is None else numbers
    return [(_known(number),) for number in chosen]


@bp.post("")
@decides_on(_looked_at)
def answer() -> Any:
    """Accept, or cancel, the donations that were ticked: all of them or none."""
    form, chosen = ActForm(), wholes(request.form.getlist("gift"))
    if not chosen or form.act.data not in _VERBS:
        form.refusal = _("Select at least one donation.")
        return _list(form, 422)
    try:
        _answer(form.act.data, chosen)
    except DonationsError as error:
        return _list(form, form.refuse(error))
    flash(_told(form.act.data, len(chosen)))
    return redirect(url_for("treasury.offline_donations.index"), 303)


@bp.get("/new")
def ask() -> Response:
    return _page(OfflineDonationForm.preset(request.args))


@bp.post("/new")
def record() -> Any:
    form = OfflineDonationForm()
    form.read_pieces(request.form)
    try:
        if form.validate():
            _say_recorded(form, *_record(form))
            # No redirect: the names of those who counted carry over to the next donation, and no name may be in an
            # address. The form's key makes sure that reloading the page records nothing again.
            return _page(form.next)
    except DonationsError as error:
        return _page(form, form.refuse(error))
    return _page(form, 422)


_VERBS = {
    "accept": ("gifts.accepted", giving.offline_donations.accept),
    "cancel": ("gifts.cancelled", giving.offline_donations.cancel),
}


def _told(word: str, count: int) -> str:
    if word == "accept":
        return ngettext("%(count)s donation accepted.", "%(count)s donations accepted.", count, count=count)
    return ngettext("%(count)s donation cancelled.", "%(count)s donations cancelled.", count, count=count)


def _answer(word: str, offline_donation_ids: list[int]) -> None:
    name, verb = _VERBS[word]
    with act(name) as done:
        done.about = f"gift:{offline_donation_ids[0]}"
        own = [one for one in offline_donation_ids if verb(done.conn, _known(one).id, actor=done.actor, at=done.at)]
        done.details["gifts"] = [str(one) for one in offline_donation_ids]
        if own:  # There is no other treasurer; the audit log records it.
            done.details["recorded_by_who_accepts"] = [str(one) for one in own]


def _say_recorded(form: OfflineDonationForm, code: str | None, again: bool) -> None:
    amount = money(form.asked)
    if again:
        say_used()
    elif code:
        flash(_("%(amount)s recorded. Reference code: %(code)s.", amount=amount, code=code))
    elif giving.offline_donations.needs_another():
        flash(_("%(amount)s recorded. Another treasurer must accept this donation.", amount=amount))
    else:
        flash(_("%(amount)s recorded. You can add another donation.", amount=amount))


def _record(form: OfflineDonationForm) -> tuple[str | None, bool]:
    """Gives its reference code, if it has one, and whether the form had been used before."""
    with act("gift.recorded", method=form.method.data) as done:
        appeal, fund = form.purpose_chosen()
        new = giving.NewDonation(
            amount=form.asked,
            interval="once",
            fund=fund,
            name=form.name.data or "",
            email=form.email.data or "",
            message="",
            display="secret",
            language=languages.for_keeping(),
            nonce=form.form_key.data,
        )
        told = OfflineDetails(
            form.method.data,
            form.received_on.data,
            counted_by=form.counters,
            denominations=form.counted,
            cheque_number=form.cheque_number.data or "",
            reference_code=form.code,
        )
        row = giving.offline_donations.record(appeal, new, told, actor=done.actor, at=done.at)
        if row.state == "expected" and row.reference_code is None:
            row.reference_code = references.code_of_offline_donation(row.id)
        done.about, done.again = f"gift:{row.id}", row.recorded_at != done.at
        return row.reference_code, done.again


def _known(offline_donation_id: int) -> OfflineDonation:
    row = db.session.get(OfflineDonation, min(offline_donation_id, MAX_ID))
    if row is None:
        raise AlreadyDone()
    return row


def _list(form: ActForm, status: int = 200) -> Response:
    conn, state = db.session.connection(), request.args.get("state", "recorded")
    state = state if state in offline_donation_lists.STANDINGS else "recorded"
    number = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found = offline_donation_lists.in_state(conn, state, number)
    return page(
        "treasury/offline_donations.html",
        status,
        cache="no-store",
        form=form,
        found=found[: offline_donation_lists.PAGE_LENGTH],
        state=state,
        states=offline_donation_lists.STANDINGS,
        number=number,
        has_more=len(found) > offline_donation_lists.PAGE_LENGTH,
        counts=offline_donation_lists.counts(conn),
        names=names(),
        me=me().actor,
        needs_another=giving.offline_donations.needs_another(),
    )


def _page(form: OfflineDonationForm, status: int = 200) -> Response:
    before = offline_donation_lists.recorded_by(db.session.connection(), me().actor, form.method.data)
    return page(
        "treasury/offline_donation_new.html",
        status,
        cache="no-store",
        form=form,
        before=before,
        purposes=purposes(),
        today=Organisation.get().day_of(now()),
    )
