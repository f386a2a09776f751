"""Signing in, in two steps; proving it once more; signing out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _

from donations import staff
from donations.database import write_unit
from donations.errors import TryLater
from donations.models import Staff
from donations.staff import passwords, refusals, throttling
from donations.staff import sessions as domain
from donations.staff import sign_in as proofs
from donations.web import sessions
from donations.web.access import safe_path
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.staff import passkeys
from donations.web.staff.forms import AgainForm, SecondForm, SignInForm, StaffForm

bp = Blueprint("sign_in", __name__, url_prefix="/staff")


@bp.get("/sign-in")
def ask() -> Any:
    if sessions.signed_in() is not None:
        return _go_on()
    return _page("sign_in", SignInForm(formdata=None))


@bp.post("/sign-in")
def sign_in() -> Any:
    form, at = SignInForm(), now()
    if not form.validate():
        return _page("sign_in", form, 422)
    try:
        with write_unit() as conn:
            proofs.count(conn, form.email.data, sessions.place(), at)
    except TryLater as error:
        _note(refusals.WAIT, staff.find_by_email(form.email.data))
        return _page("sign_in", form, 429, error)
    person = proofs.prove_password(form.email.data, form.password.data)
    if person is None:
        _note(refusals.SIGN_IN, staff.find_by_email(form.email.data))
        return _page("sign_in", form, 422, _("Wrong email address or password. Try again."))
    _take_password(person)
    return redirect(url_for("sign_in.ask_second", next=_next()), 303) if person.has_second_factor else _go_on()


@bp.get("/second")
def ask_second() -> Response:
    return _second_page(SecondForm(formdata=None))


@bp.post("/second")
def prove_second() -> Any:
    form, at = SecondForm(), now()
    row = sessions.current()
    assert row is not None, "the table of routes lets nobody else come here"
    if not form.validate():
        return _second_page(form, 422)
    try:
        with write_unit() as conn:
            throttling.count_second(conn, row.staff, at)
    except TryLater as error:
        _note(refusals.WAIT, row.staff)
        return _second_page(form, 429, error)
    second = _second(form)
    with write_unit() as conn:
        is_right = proofs.take_second(conn, row.staff, second, at)
        if is_right:
            _begin_whole(conn, row.staff, at)
        else:
            refusals.note(conn, refusals.SECOND, of=row.staff, place=sessions.place(), at=at)
    return _go_on() if is_right else _second_page(form, 422, _("This code is wrong or already used. Enter a new code."))


@bp.get("/again")
def ask_again() -> Response:
    return _page("again", AgainForm(formdata=None), person=sessions.signed_in())


@bp.post("/again")
def prove_again() -> Any:
    form, at = AgainForm(), now()
    person, row = sessions.signed_in(), sessions.current()
    assert person is not None and row is not None, "the table of routes lets nobody else come here"
    if not form.validate():
        return _page("again", form, 422, person=person)
    try:
        with write_unit() as conn:
            throttling.count_second(conn, person, at)
    except TryLater as error:
        _note(refusals.WAIT, person)
        return _page("again", form, 429, error, person=person)
    if not _proves_again(person, row.id, form, at):
        return _page("again", form, 422, _("We could not confirm that it is you. Try again."), person=person)
    return _go_on()


@bp.get("/stay")
def stay() -> Any:
    """Requested while a person types, so that the session is not idle. It ends after its eight hours all the same."""
    return Response(status=204, headers={"Cache-Control": "no-store"})


@bp.post("/sign-out")
def sign_out() -> Any:
    with write_unit():
        sessions.leave(now())
    return redirect(url_for("sign_in.ask"), 303)


def _take_password(person: Staff) -> None:
    """The first step is done; it is the only one for who has no second factor."""
    at = now()
    with write_unit() as conn:
        proofs.take_password(conn, person, sessions.place())
        if person.has_second_factor:
            sessions.begin(person, "first", at)
        else:
            _begin_whole(conn, person, at)


def _begin_whole(conn: Any, person: Staff, at: Any) -> None:
    place = sessions.place()
    is_new = proofs.is_new_place(person, place)
    sessions.begin(person, "full", at)
    proofs.note_sign_in(conn, person, place=place, is_new_place=is_new, browser=sessions.browser(), at=at)


def _proves_again(person: Staff, session_id: int, form: AgainForm, at: Any) -> bool:
    is_right, second = passwords.is_right(form.password.data, person), _second(form)
    with write_unit() as conn:
        if person.has_second_factor:
            is_right = is_right and proofs.take_second(conn, person, second, at)
        if is_right:
            throttling.succeed_second(conn, person)
            domain.refresh(session_id, at)
            sessions.renew()
        else:
            refusals.note(conn, refusals.PROOF, of=person, place=sessions.place(), at=at)
    return is_right


def _note(act: str, person: Staff | None) -> None:
    with write_unit() as conn:
        refusals.note(conn, act, of=person, place=sessions.place(), at=now())


def _second(form: SecondForm | AgainForm) -> proofs.Second:
    return proofs.Second(form.code.data or "", form.credential.data or "", passkeys.take_challenge(), passkeys.site())


def _second_page(form: SecondForm, status: int = 200, said: TryLater | str | None = None) -> Response:
    row = sessions.current()
    return _page("second", form, status, said, person=row.staff if row else None)


def _page(name: str, form: StaffForm, status: int = 200, said: TryLater | str | None = None, **more: Any) -> Response:
    """The form, with what is wrong; never with the password that was typed."""
    form.refusal = sentence(said) if isinstance(said, TryLater) else said
    if "password" in form:
        form.password.data = ""
    answer = page(f"staff/{name}.html", status, cache="no-store", form=form, next=_next(), **more)
    if isinstance(said, TryLater):
        answer.headers["Retry-After"] = str(said.facts["seconds"])
    return answer


def _next() -> str | None:
    return safe_path(request.values.get("next"))


def _go_on() -> Any:
    return redirect(_next() or url_for("account.show"), 303)
