"""The people: who is here, with which roles; an admin invites, changes roles, disables and ends sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _

from donations import audit, staff
from donations.errors import DonationsError, LastAdmin, ShownAgain, StaffKnown
from donations.models import Staff
from donations.staff import sessions as domain
from donations.web import languages, sessions
from donations.web.access import fresh
from donations.web.acting import unit
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.staff.forms import InvitationForm, RolesForm

bp = Blueprint("people", __name__, url_prefix="/staff/people")


@bp.get("")
def index() -> Response:
    people = [(person, staff.name_of(person), staff.email_of(person)) for person in staff.listed()]
    return page("staff/people.html", cache="no-store", people=people)


@bp.get("/invite")
@fresh
def ask_invitation() -> Response:
    return page("staff/invite.html", cache="no-store", form=InvitationForm(formdata=None))


@bp.post("/invite")
@fresh
def invite() -> Any:
    form, status = InvitationForm(), 422
    try:
        if form.validate():
            with unit() as conn:
                staff.invite(
                    conn, form.email.data, form.roles.data, language=languages.for_keeping(), by=_actor(), at=now()
                )
            flash(_("The invitation is on its way by mail. It works once, and for three days."))
            return redirect(url_for("people.index"), 303)
    except StaffKnown as error:
        form.email.errors = [sentence(error)]
    except DonationsError as error:
        form.refusal, status = sentence(error), error.status
    return page("staff/invite.html", status, cache="no-store", form=form)


@bp.get("/<int:number>")
def show(number: int) -> Response:
    person = staff.find(number)
    return _person_page(person, RolesForm(formdata=None, data={"roles": sorted(person.roles)}))


@bp.post("/<int:number>/roles")
@fresh
def change_roles(number: int) -> Any:
    person, form = staff.find(number), RolesForm()
    if not form.validate():
        return _person_page(person, form, 422)
    return _change(
        number, lambda conn, one: staff.change_roles(conn, one, form.roles.data, by=_actor(), at=now()), form
    )


@bp.post("/<int:number>/disable")
@fresh
def disable(number: int) -> Any:
    return _change(number, lambda conn, one: staff.disable(conn, one, by=_actor(), at=now()))


@bp.post("/<int:number>/enable")
@fresh
def enable(number: int) -> Any:
    return _change(number, lambda conn, one: staff.enable(conn, one, by=_actor(), at=now()))


@bp.post("/<int:number>/sessions/end")
def end_sessions(number: int) -> Any:
    def end(conn: Any, person: Staff) -> None:
        domain.end_all(person, now())
        audit.record(conn, _actor(), "staff.sessions_ended", person.actor, at=now())

    return _change(number, end)


def _change(number: int, verb: Callable[[Any, Staff], None], form: RolesForm | None = None) -> Any:
    try:
        with unit() as conn:
            verb(conn, staff.find(number, for_change=True))
    except (LastAdmin, ShownAgain) as error:
        person = staff.find(number)
        form = form or RolesForm(formdata=None, data={"roles": sorted(person.roles)})
        form.refusal = sentence(error)
        return _person_page(person, form, error.status)
    return redirect(url_for("people.show", number=number), 303)


def _person_page(person: Staff, form: RolesForm, status: int = 200) -> Response:
    return page(
        "staff/person.html", status, cache="no-store", person=person, name=staff.name_of(person),
        email=staff.email_of(person), sessions=domain.living(person, now()), form=form,
    )  # fmt: skip


def _actor() -> str:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    return person.actor
