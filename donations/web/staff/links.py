"""The pages of mailed links: an invitation, a new password. No sign-in needed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _

from donations import staff
from donations.database import write_unit
from donations.errors import BadPassword, TryLater
from donations.models import Staff
from donations.staff import changes, passwords, people, refusals, throttling
from donations.web import sessions
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.staff.forms import AddressForm, JoinForm, NewPasswordForm

bp = Blueprint("links", __name__, url_prefix="/staff")


@bp.get("/join/<token>")
def invited(token: str) -> Response:
    person = people.read_link(token, "invitation")
    return _page("join", JoinForm(formdata=None), token=token, email=staff.email_of(person), roles=person.roles)


@bp.post("/join/<token>")
def join(token: str) -> Any:
    person, form, at = people.read_link(token, "invitation"), JoinForm(), now()
    told = {"token": token, "email": staff.email_of(person), "roles": person.roles}
    if not form.validate():
        return _page("join", form, 422, **told)
    try:
        passwords.check_strength(form.password.data, staff.email_of(person))
        with write_unit() as conn:
            person = staff.join(conn, token, form.name.data, form.password.data, at=at)
            sessions.begin(person, "full", at)
    except BadPassword as error:
        form.password.errors = [sentence(error)]
        return _page("join", form, 422, **told)
    return redirect(url_for("account.show"), 303)


@bp.get("/forgot")
def forgot() -> Response:
    return _page("forgot", AddressForm(formdata=None))


@bp.post("/forgot")
def send_reset() -> Response:
    form, at = AddressForm(), now()
    if not form.validate():
        return _page("forgot", form, 422)
    try:
        with write_unit() as conn:
            throttling.count_request(conn, sessions.place(), at)
            staff.send_reset_link(conn, form.email.data, at=at)
    except TryLater as error:
        _note_wait(None)
        form.refusal = sentence(error)
        return _page("forgot", form, 429)
    return page("staff/sent.html", cache="no-store")


@bp.get("/reset/<token>")
def resetting(token: str) -> Response:
    people.read_link(token, "reset")
    return _page("reset", NewPasswordForm(formdata=None), token=token)


@bp.post("/reset/<token>")
def reset(token: str) -> Any:
    person, form = people.read_link(token, "reset"), NewPasswordForm()
    if not form.validate():
        return _page("reset", form, 422, token=token)
    try:
        passwords.check_strength(form.password.data, staff.email_of(person))
        with write_unit() as conn:
            changes.ask_password(conn, token, form.password.data, at=now())
    except BadPassword as error:
        form.password.errors = [sentence(error)]
        return _page("reset", form, 422, token=token)
    except TryLater as error:
        _note_wait(person)
        form.refusal = sentence(error)
        return _page("reset", form, 429, token=token)
    flash(_("Your new password works once an administrator approves it, or in 24 hours. Until then use the old one."))
    return redirect(url_for("sign_in.ask"), 303)


def _note_wait(person: Staff | None) -> None:
    with write_unit() as conn:
        refusals.note(conn, refusals.WAIT, of=person, place=sessions.place(), at=now())


def _page(name: str, form: Any, status: int = 200, **told: Any) -> Response:
    if "password" in form:
        form.password.data = ""
    return page(f"staff/{name}.html", status, cache="no-store", form=form, **told)
