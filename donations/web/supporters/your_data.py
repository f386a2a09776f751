"""The data kept of a person, for that person: a link is mailed to their address, and opens a page that shows all of it,
gives a copy and erases it. No sign-in, no cookie; the page never reveals whether an address is known."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Email, Length

from donations import audit, data_requests, offline_key
from donations.data_requests import Kept
from donations.database import write_unit
from donations.errors import TryLater
from donations.extensions import db
from donations.web.access import PublicForm, TokenForm
from donations.web.filters import sentence
from donations.web.page import now, page
from donations.web.supporters.forms import EMAIL_LENGTH
from donations.web.supporters.kept_data_labels import words
from donations.web.text_fields import one_line

bp = Blueprint("your_data", __name__)


class AddressForm(TokenForm):
    """Which address is asked for."""

    email = StringField(
        filters=[one_line],
        validators=[
            DataRequired(message=_l("Enter your email address.")),
            Length(max=EMAIL_LENGTH, message=_l("This email address is too long. Check the address.")),
            Email(message=_l("Enter a whole email address, like name@example.org.")),
        ],
    )


class ErasureForm(PublicForm):
    """That its sender has read what follows."""

    read = BooleanField(validators=[DataRequired(message=_l("Confirm that you have read what stays and what stops."))])


@bp.get("/your-data")
def ask() -> Response:
    return _ask_page(AddressForm("your-data", formdata=None))


@bp.post("/your-data")
def send() -> Response:
    form = AddressForm("your-data")
    if not form.validate():
        return _ask_page(form, 422)
    try:
        with write_unit() as conn:
            data_requests.ask(conn, form.email.data, str(get_locale()), request.remote_addr, at=now())
    except TryLater as error:
        return _ask_page(form, 429, refusal=sentence(error))
    return page("supporters/your_data_sent.html", cache="no-store", has_offline_key=_has_offline_key())


@bp.get("/your-data/<token>")
def show(token: str) -> Response:
    return _page(token, data_requests.find(data_requests.email_of(token)), ErasureForm(formdata=None))


@bp.get("/your-data/<token>/copy.json")
def copy_json(token: str) -> Response:
    return json_copy(data_requests.find(data_requests.email_of(token)))


@bp.get("/your-data/<token>/copy.html")
def copy_page(token: str) -> Response:
    return readable_copy(data_requests.find(data_requests.email_of(token)))


@bp.post("/your-data/<token>/erase")
def erase(token: str) -> Answer:
    email, form = data_requests.email_of(token), ErasureForm()
    if not form.validate():
        return _page(token, data_requests.find(email), form, 422)
    with write_unit() as conn:
        at, found = now(), data_requests.find(email)
        erased = data_requests.erase(conn, found, at=at)
        if found.can_be_erased:
            audit.record(conn, "donor", "personal_data.erased", "", erased.counts, at=at)
    return page("supporters/your_data_erased.html", cache="no-store", erased=erased)


def _has_offline_key() -> bool:
    """Whether donations may be sealed with a key that is not here."""
    return bool(offline_key.keys(db.session.connection()))


def json_copy(found: Kept) -> Response:
    """The data kept of a person, as a file for machines."""
    return _file(current_app.json.dumps(data_requests.as_json(found), indent=2, ensure_ascii=False), "json")


def readable_copy(found: Kept) -> Response:
    """The same for people: one page that needs nothing else."""
    return _file(render_template("supporters/your_data_copy.html", found=found, kept_words=words, at=now()), "html")


def _file(text: str, kind: str) -> Response:
    mimetype = {"json": "application/json", "html": "text/html"}[kind]
    response = current_app.response_class(text, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="what-we-keep.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _ask_page(form: AddressForm, status: int = 200, refusal: str = "") -> Response:
    errors = [(field.name, text) for field in form for text in field.errors]
    return page(
        "supporters/your_data_ask.html", status, cache="no-store", form=form,
        errors=[("email", refusal)] if refusal else errors,
    )  # fmt: skip


def _page(token: str, found: Kept, form: ErasureForm, status: int = 200) -> Response:
    return page(
        "supporters/your_data.html", status, cache="no-store", token=token, found=found, form=form, kept_words=words,
        has_offline_key=_has_offline_key(),
    )  # fmt: skip
