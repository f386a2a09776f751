"""One's own account: name and roles, password, second factor, sessions."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, Response, abort, flash, redirect, url_for
from flask_babel import gettext as _

from donations import staff
from donations.database import write_unit
from donations.errors import BadPassword, TryLater
from donations.extensions import db
from donations.models import Staff, StaffSession
from donations.models.base import MAX_ID
from donations.staff import changes, notices, passwords, refusals, second_factor, throttling
from donations.staff import sessions as domain
from donations.web import languages, sessions
from donations.web.access import fresh
from donations.web.audited_action import unit
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.staff import passkeys
from donations.web.staff.forms import ChangePasswordForm, CodeForm

bp = Blueprint("account", __name__, url_prefix="/staff")


@bp.get("/")
def show() -> Response:
    person = _me()
    return page(
        "staff/account.html", cache="no-store", person=person, name=staff.name_of(person),
        email=staff.email_of(person), codes_left=second_factor.recovery_codes_left(person),
        sessions=domain.living(person, now()), current=sessions.current(),
        can_have_passkeys=passkeys.site().can_have_passkeys,
    )  # fmt: skip


@bp.get("/password")
@fresh
def ask_password() -> Response:
    return page("staff/password.html", cache="no-store", form=ChangePasswordForm(formdata=None))


@bp.post("/password")
@fresh
def change_password() -> Any:
    form, row, status = ChangePasswordForm(), sessions.current(), 422
    assert row is not None, "signed in"
    try:
        if form.validate() and _proves_password(form):
            passwords.check_strength(form.password.data, staff.email_of(_me()))
            with write_unit() as conn:
                staff.change_password(conn, staff.find(row.staff_id), form.password.data, keep=row.id, at=now())
            flash(_("Your password is changed, and your other devices are signed out."))
            return redirect(url_for("account.show"), 303)
    except BadPassword as error:
        form.password.errors = [sentence(error)]
    except TryLater as error:
        with write_unit() as conn:
            refusals.note(conn, refusals.WAIT, of=_me(), place=sessions.place(), at=now())
        form.refusal, status = sentence(error), error.status
    form.password.data = form.current_password.data = ""
    return page("staff/password.html", status, cache="no-store", form=form)


def _proves_password(form: ChangePasswordForm) -> bool:
    """Whether the present password is right; counted before it is looked at. Raises TryLater."""
    with write_unit() as conn:
        throttling.count_present(conn, _me(), now())
    is_right = passwords.is_right(form.current_password.data, _me())
    with write_unit() as conn:
        if is_right:
            throttling.succeed_present(conn, _me())
        else:
            refusals.note(conn, refusals.PROOF, of=_me(), place=sessions.place(), at=now())
    if not is_right:
        form.current_password.errors = [_("This is not your current password. Try again.")]
    return is_right


@bp.get("/app")
@fresh
def ask_app() -> Response:
    with write_unit():
        second_factor.prepare_totp(staff.find(_me().id))
    return _app_page(CodeForm(formdata=None))


@bp.post("/app")
@fresh
def confirm_app() -> Any:
    form, at, person = CodeForm(), now(), _me()
    if person.totp_waiting_sealed is None:  # Sent twice, or from an old page: nothing waits for its code any more.
        return redirect(url_for("account.show"), 303)
    if not form.validate():
        return _app_page(form, 422)
    with write_unit() as conn:
        throttling.count_second(conn, person, at)
    with write_unit() as conn:
        person = staff.find(person.id, for_change=True)
        is_another = person.has_second_factor
        proved = second_factor.prove_totp(person, form.code.data, at=at)
        codes = []
        if proved is not None and is_another:
            changes.ask_totp(conn, person, *proved, at=at)
        elif proved is not None:
            second_factor.take_totp(conn, person, *proved, keep=sessions.number(), at=at)
            codes = second_factor.new_recovery_codes(conn, person, at=at)
            notices.tell(conn, "totp", by=person.actor, at=at, about=person.id)
    if proved is None:
        form.code.errors = [_("This is not the code your app shows now. Check the clock on your phone and try again.")]
        return _app_page(form, 422)
    if is_another:
        flash(
            _("Request sent. Your current app works until an administrator approves the new one, for 24 hours at most.")
        )
        return redirect(url_for("account.show"), 303)
    return page("staff/recovery_codes.html", cache="no-store", codes=codes)


@bp.post("/recovery-codes")
@fresh
def recovery_codes() -> Any:
    person = _me()
    if not person.has_second_factor:
        return redirect(url_for("account.ask_app"), 303)
    with unit() as conn:
        codes, hashes = second_factor.invent_codes(staff.find(person.id))
        changes.ask_recovery_codes(conn, staff.find(person.id), hashes, at=now())
    return page("staff/recovery_codes.html", cache="no-store", codes=codes, waits=True)


@bp.post("/sessions/<int:number>/end")
def end_session(number: int) -> Any:
    with unit():
        row = db.session.get(StaffSession, min(number, MAX_ID))
        if row is None or row.staff_id != _me().id:
            abort(404)
        domain.end(row, now())
    return redirect(url_for("account.show"), 303)


@bp.post("/sessions/end")
def end_others() -> Any:
    row = sessions.current()
    assert row is not None, "signed in"
    with unit():
        domain.end_all(row.staff, now(), but=row.id)
    flash(_("Your other devices are signed out."))
    return redirect(url_for("account.show"), 303)


def _me() -> Staff:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    return person


def _app_page(form: CodeForm, status: int = 200) -> Response:
    person, house = staff.find(_me().id), languages.organisation()
    shown = second_factor.secret_to_show(
        second_factor.waiting_secret(person), staff.email_of(person), house.name if house else "Fighting Fund"
    )
    picture = segno.make(shown["uri"], error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return page("staff/app.html", status, cache="no-store", form=form, key=shown["key"], uri=shown["uri"],
                picture=picture, can_have_passkeys=passkeys.site().can_have_passkeys)  # fmt: skip
