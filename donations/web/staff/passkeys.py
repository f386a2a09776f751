"""Passkeys over HTTP: what the script of the page fetches, what it brings back, and where the challenge waits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, session, url_for
from flask_babel import gettext as _

from donations import staff
from donations.models import Staff
from donations.staff import changes, notices, second_factor
from donations.staff import passkeys as domain
from donations.staff.passkeys import Asked, Site
from donations.web import languages, sessions
from donations.web.access import fresh
from donations.web.audited_action import unit
from donations.web.page import now, page
from donations.web.staff.forms import PasskeyForm

bp = Blueprint("passkeys", __name__, url_prefix="/staff")


@bp.post("/passkeys/options")
@fresh
def ask_new() -> Response:
    person, house = _me(), languages.organisation()
    name = house.name if house else "Fighting Fund"
    return _answer(domain.ask_new(person, site(), name=name, shown=staff.email_of(person)))


@bp.post("/passkeys")
@fresh
def add() -> Any:
    form, at, challenge = PasskeyForm(), now(), take_challenge()
    had_one, codes = _me().has_second_factor, []
    with unit() as conn:
        person = staff.find(_me().id, for_change=True)
        is_sent = form.validate()
        made = domain.verify(person, site(), form.credential.data, challenge, name=form.name.data) if is_sent else None
        if made is not None and had_one:
            changes.ask_passkey(conn, person, made, at=at)
        elif made is not None:
            domain.add(conn, person, made, keep=sessions.number(), at=at)
            codes = second_factor.new_recovery_codes(conn, person, at=at)
            notices.tell(conn, "passkey", by=person.actor, at=at, about=person.id)
    if codes:
        return page("staff/recovery_codes.html", cache="no-store", codes=codes)
    if made is None:
        flash(_("The passkey could not be added. Try again."))
    else:
        flash(_("Request sent. The passkey works once an administrator approves it, or in 24 hours."))
    return redirect(url_for("account.show"), 303)


@bp.post("/passkeys/<int:number>/remove")
@fresh
def remove(number: int) -> Any:
    with unit() as conn:
        if not domain.remove(conn, staff.find(_me().id, for_change=True), number, at=now()):
            abort(404)
    flash(_("Passkey removed."))
    return redirect(url_for("account.show"), 303)


@bp.post("/second/options")
def ask_second() -> Response:
    row = sessions.current()
    assert row is not None, "the table of routes lets nobody else come here"
    return _answer(domain.ask(row.staff, site()))


@bp.post("/again/options")
def ask_again() -> Response:
    return _answer(domain.ask(_me(), site()))


def site() -> Site:
    return Site.of(current_app.config["SETTINGS"].public_url)


def take_challenge() -> str:
    """The challenge that waits, which waits no more: it is good for one answer."""
    return str(session.pop("challenge", ""))


def _answer(asked: Asked) -> Response:
    session["challenge"] = asked.challenge
    return Response(asked.options, mimetype="application/json", headers={"Cache-Control": "no-store"})


def _me() -> Staff:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    return person
