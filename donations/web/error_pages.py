"""What is answered when something goes wrong: a friendly page in the reader's language, or JSON where programs read.
Nothing of the fault's inside is shown."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import Any

import psycopg
from flask import Flask, Response, current_app, g, jsonify, make_response, request
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from donations.errors import DatabaseNotReady, DonationsError
from donations.extensions import db
from donations.installation.outages import is_outage
from donations.web import headers, request_id
from donations.web.filters import sentence
from donations.web.page import page

log = logging.getLogger(__name__)
_PLAIN = {"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8"}
SHOWN = (400, 403, 404, 405, 413, 422, 429, 500, 503)


def init_app(app: Flask) -> None:
    app.log_exception = _log_exception  # type: ignore[method-assign]
    app.register_error_handler(DonationsError, _expected)
    # The driver's own too: prepared statements do not pass through SQLAlchemy.
    for error in (OperationalError, sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError):
        app.register_error_handler(error, _database_down)
    app.register_error_handler(DBAPIError, _database_failed)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(NotFound, from_http)
    app.register_error_handler(InternalServerError, _unexpected)


def _expected(error: DonationsError) -> Response:
    if isinstance(error, DatabaseNotReady):
        current_app.logger.error("%s", error)  # The remedy is for the operator, not the reader.
        return _answer(503, None)
    if error.status >= 500:
        current_app.logger.error("%s: %s", type(error).__name__, error)
    return _answer(error.status, sentence(error))


def _database_down(error: Exception) -> Response:
    current_app.logger.error("the database does not answer: %s", getattr(error, "orig", error))
    return _answer(503, None)


def _database_failed(error: DBAPIError) -> Response:
    """A connection that was lost, or what is a mistake of ours."""
    if error.connection_invalidated or is_outage(error):
        return _database_down(error)
    current_app.logger.error("unexpected", exc_info=error)
    return _answer(500, None)


def _log_exception(exc_info: Any) -> None:
    """Log an unexpected error, by the route's own pattern."""
    route = request_id.route() or f"{request.method} an address that is none"
    current_app.logger.error("unexpected at %s", route, exc_info=exc_info)


def _unexpected(_error: InternalServerError) -> Response:
    return _answer(500, None)  # It was logged with its traceback.


def from_http(error: HTTPException) -> Any:
    """The page of an error of HTTP."""
    if error.response is not None or error.code is None or error.code < 400:
        return error
    response = _answer(error.code, None)
    for name in ("Allow", "Retry-After"):
        value = dict(error.get_headers()).get(name)
        if value:
            response.headers[name] = value
    return response


def _answer(status: int, text: str | None) -> Response:
    if status >= 500:
        _forget_database()
    try:
        return _written(status, text)
    except Exception:  # Whatever fails while a failure is told must not leave an empty page.
        if status < 500:
            raise
        log.exception("the page of a fault failed")
        return make_response(current_app.jinja_env.get_template("errors/plain.html").render(), status, _PLAIN)


def _forget_database() -> None:
    """What was read before may have expired with its connection: the page of a fault asks the database nothing that it
    cannot do without."""
    with suppress(Exception):
        db.session.rollback()
    g.pop("organisation", None)


def _written(status: int, text: str | None) -> Response:
    title, explanation = _words(status if status in SHOWN else 400 if status < 500 else 500)
    if status == 403 and headers.kind_of(request.endpoint) == "staff":
        title = _("You do not have access to this page")
    cache = headers.GONE if status == 404 and _of_an_appeal() else "no-store"
    if _read_by_programs():
        answer = jsonify(error=text or title)
        answer.status_code = status
        answer.headers["Cache-Control"] = cache
        return answer
    told = {"title": title, "text": text or explanation, "code": status, "may_return": _may_return(status)}
    number = request_id.current() if status >= 500 else None
    return page("errors/error.html", status, cache=cache, number=number, **told)


def _of_an_appeal() -> bool:
    """Whether the public asked for something of an appeal: where there is none, or none any more, that is what caches
    are to keep in place of what they have."""
    if request.method not in ("GET", "HEAD") or headers.kind_of(request.endpoint) == "staff":
        return False
    return "slug" in (request.view_args or {}) or request.endpoint == "oembed.show"


def _may_return(status: int) -> bool:
    """Whether what was here may be an appeal that is hidden, or hang on one: then the page looks for it."""
    return status == 404 and headers.kind_of(request.endpoint) == "page" and bool(request.view_args)


def _read_by_programs() -> bool:
    return headers.kind_of(request.endpoint) in ("data", "machine") or request.path.endswith(".json")


def _words(status: int) -> tuple[str, str]:
    """Title and explanation of an error page, translated."""
    again = _("Please try again in a minute. No money has been taken.")
    return {
        400: (_("We could not read this request"), _("There is a problem with this request. Go back and try again.")),
        403: (
            _("This form came from another site"),
            _("For your safety we take donations only from our own pages. Open the appeal here and donate again."),
        ),
        404: (_("Page not found"), _("The address may be mistyped, or the page has been removed.")),
        405: (
            _("This action is not possible here"),
            _("This address cannot be used in this way. Start again from the list of appeals."),
        ),
        413: (
            _("This is too large to send"),
            _("You sent more than we accept. Shorten the text or choose a smaller file, then try again."),
        ),
        422: (
            _("Some details are missing"),
            _("We could not use what you sent. Go back, check the form and send it again."),
        ),
        429: (
            _("Too many requests"),
            _("Your network has sent too many requests. Please wait a little and try again."),
        ),
        500: (
            _("Something went wrong on our side"),
            _("We have logged the error. This page has taken no money. Please try again later."),
        ),
        503: (_("This page is not available right now"), again),
    }[status]
