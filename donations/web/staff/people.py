"""The people: who is here, with which roles; an admin invites, changes roles, disables and ends sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, url_for
from flask_babel import gettext as _

from donations import audit, staff
from donations.errors import DecisionWaiting, DonationsError, LastAdmin, ShownAgain, StaffKnown, WrongRole
from donations.extensions import db
from donations.models import Staff, StaffChange
from donations.models.base import MAX_ID
from donations.paper import staff_notices
from donations.staff import changes as pending
from donations.staff import notices
from donations.staff import sessions as domain
from donations.web import languages, seen, sessions
from donations.web.access import fresh
from donations.web.audited_action import me, unit
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.seen import Shown, decides_on
from donations.web.staff.forms import InvitationForm, RolesForm

bp = Blueprint("people", __name__, url_prefix="/staff/people")


@bp.get("")
def index() -> Response:
    people = [(person, staff.name_of(person), staff.email_of(person)) for person in staff.listed()]
    return page("staff/people.html", cache="no-store", people=people, **_waiting())


@bp.get("/changes")
def changes() -> Response:
    return page("staff/changes.html", cache="no-store", refusal="", **_waiting())


def _looked_at(number: int) -> Shown:
    row = db.session.get(StaffChange, min(number, MAX_ID)) or abort(404)
    return [(row, pending.shown(row).roles)]


@bp.post("/changes/<int:number>/accept")
@fresh
@decides_on(_looked_at)
def accept(number: int) -> Any:
    return _decide(number, pending.accept, _("Change approved and now in effect."))


@bp.post("/changes/<int:number>/refuse")
def refuse(number: int) -> Any:
    row = db.session.get(StaffChange, min(number, MAX_ID)) or abort(404)
    if not me().roles & set(notices.TOLD) and row.staff_id != me().id:
        raise WrongRole()
    is_mine = row.asked_by == me().actor
    withdrawn, rejected = (
        _("Change withdrawn. It will not take effect."),
        _("Change rejected. It will not take effect."),
    )
    return _decide(number, pending.refuse, withdrawn if is_mine else rejected)


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
                pending.ask_invitation(
                    conn, form.email.data, form.roles.data, language=languages.for_keeping(), by=_actor(), at=now()
                )
            flash(
                _("Request sent. We will email the invitation when a second administrator approves it, or in 24 hours.")
            )
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
    return _change(number, lambda conn, one: pending.ask_roles(conn, one, form.roles.data, by=_actor(), at=now()), form)


@bp.post("/<int:number>/disable")
@fresh
def disable(number: int) -> Any:
    """At once: it protects."""

    def end(conn: Any, person: Staff) -> None:
        notices.tell(conn, "disabled", by=_actor(), at=now(), about=person.id)
        staff.disable(conn, person, by=_actor(), at=now())

    return _change(number, end)


@bp.post("/<int:number>/enable")
@fresh
def enable(number: int) -> Any:
    return _change(number, lambda conn, one: pending.ask_enabled(conn, one, by=_actor(), at=now()))


@bp.post("/<int:number>/sessions/end")
def end_sessions(number: int) -> Any:
    def end(conn: Any, person: Staff) -> None:
        domain.end_all(person, now())
        audit.record(conn, _actor(), "staff.sessions_ended", person.actor, at=now())

    return _change(number, end)


def _change(number: int, verb: Callable[[Any, Staff], Any], form: RolesForm | None = None) -> Any:
    try:
        with unit() as conn:
            asked = verb(conn, staff.find(number, for_change=True))
    except (DecisionWaiting, LastAdmin, ShownAgain) as error:
        person = staff.find(number)
        form = form or RolesForm(formdata=None, data={"roles": sorted(person.roles)})
        form.refusal = sentence(error)
        return _person_page(person, form, error.status)
    if isinstance(asked, StaffChange):
        flash(_("Request sent. The change takes effect when a second administrator approves it, or in 24 hours."))
    return redirect(url_for("people.show", number=number), 303)


def _decide(number: int, verb: Callable[..., StaffChange], done: str) -> Any:
    try:
        with unit() as conn:
            seen.check()
            verb(conn, number, by=_actor(), at=now())
    except DonationsError as error:
        if error.status == 404:
            raise
        return page("staff/changes.html", error.status, cache="no-store", refusal=sentence(error), **_waiting())
    flash(done)
    return redirect(url_for("people.changes"), 303)


def _waiting() -> dict[str, Any]:
    """Everything for those who are told of it and those who read; for the others what is about themselves."""
    mine, roles = me().id, me().roles & {*notices.TOLD, "auditor"}
    shown = [one for one in pending.waiting() if roles or one.row.staff_id == mine]
    askers = {one.row.asked_by: staff_notices.name_of(one.row.asked_by) for one in shown}
    may_refuse = bool(me().roles & set(notices.TOLD))
    return {"changes": shown, "names": askers, "me": _actor(), "may_refuse": may_refuse, "mine": mine}


def _person_page(person: Staff, form: RolesForm, status: int = 200) -> Response:
    return page(
        "staff/person.html", status, cache="no-store", person=person, name=staff.name_of(person),
        email=staff.email_of(person), sessions=domain.living(person, now()), form=form,
    )  # fmt: skip


def _actor() -> str:
    person = sessions.signed_in()
    assert person is not None, "the table of routes lets nobody else come here"
    return person.actor
