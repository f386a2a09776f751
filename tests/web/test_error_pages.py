"""What is answered when something goes wrong: a friendly page or JSON, the right status, nothing of our inside."""

from __future__ import annotations

import logging
import sqlite3

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as listen
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug import exceptions
from werkzeug.routing import UnicodeConverter

from donations import create_app
from donations.extensions import db
from donations.web import error_pages
from donations.web.supporters import appeals as views
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.databases("sqlite")
WORDS = {
    400: "We could not read this request", 403: "This form came from another site", 404: "Page not found",
    405: "This action is not possible here", 413: "This is too large to send", 422: "Some details are missing",
    429: "Too many requests", 500: "Something went wrong on our side", 503: "This page is not available right now",
}  # fmt: skip


@pytest.fixture
def broken(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    """Makes the pages of appeals fail with an error; gives the answer of one."""

    def fail(error: Exception, path: str = "/appeals/hands-off-ali") -> object:
        def raise_it(*_args: object, **_kwargs: object) -> None:
            raise error

        monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
        monkeypatch.setattr(views.Appeal, "by_slug", raise_it)
        return client.get(path)

    return fail


@pytest.mark.parametrize(("status", "title"), WORDS.items())
def test_each_error_has_a_page_that_helps(broken, status: int, title: str) -> None:
    answer = broken(exceptions.default_exceptions[status]())

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == ("public, max-age=1" if status == 404 else "no-store")


def test_an_error_page_speaks_the_language_of_the_address(broken) -> None:
    assert "У нас произошла ошибка" in broken(RuntimeError("inside"), "/ru/appeals/hands-off-ali").text


def test_a_fault_of_ours_shows_nothing_of_our_inside(broken) -> None:
    answer = broken(RuntimeError("secret inside"))

    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "Traceback" not in answer.text


def test_json_is_answered_with_json(broken) -> None:
    answer = broken(RuntimeError("secret inside"), "/appeals/hands-off-ali/total.json")

    assert (answer.status_code, answer.json) == (500, {"error": "Something went wrong on our side"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_database_that_does_not_answer_is_503(broken, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken(OperationalError("SELECT 1", {}, Exception("disk I/O error")))

    assert answer.status_code == 503
    assert "disk I/O error" not in answer.text
    assert "disk I/O error" in caplog.text


def test_an_installation_without_appeals_says_that_it_is_not_ready(migrated_database_url: str) -> None:
    app = create_app(environ_for(migrated_database_url), TESTING=True)

    for path in ("/", "/about", "/appeals/any"):
        answer = app.test_client().get(path)
        assert answer.status_code in (404, 503)
        assert "donations appeals load" not in answer.text


def test_too_large_a_form_is_413(client: FlaskClient) -> None:
    answer = client.post("/appeals/hands-off-ali/donations", data={"message": "x" * 3_000_000})

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "path", ["/%00", "/appeals/%ff", "/appeals/..%2f..%2fetc", "/ru/%F0%9F%92%A5", "/static/../wsgi.py"]
)
def test_odd_addresses_are_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true"}, {"HX-Request": "\xff"}, {"If-None-Match": '"'}, {"Range": "x"}]
)
def test_odd_headers_do_no_harm(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/appeals/hands-off-ali/total", headers=headers).status_code == 200


def test_a_page_whose_database_went_away_on_the_way_is_no_empty_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a form whose connection is lost after the organisation was read, and no other to be had
    def lose(*_args: object, **_kwargs: object) -> None:
        db.session.expire_all()
        listen.listen(db.engine, "begin", down)
        raise OperationalError("statement", {}, Exception("server closed the connection"))

    def down(_conn: object) -> None:
        raise OperationalError("", {}, Exception("down"))

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(views.Appeal, "by_slug", lose)
    try:
        answer = client.get("/ru/appeals/hands-off-ali")
    finally:
        listen.remove(db.engine, "begin", down)
    # then it is a page with a text
    assert answer.status_code == 503
    assert "Деньги" in answer.text
    assert "server closed" not in answer.text


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), psycopg.OperationalError("gone"),
                                   psycopg.InterfaceError("the connection is closed")])  # fmt: skip
def test_what_the_driver_itself_raises_is_503_too(broken, error: Exception) -> None:
    assert broken(error).status_code == 503


def test_where_not_even_the_page_of_a_fault_can_be_made_a_plain_one_is_shown(
    broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(error_pages, "page", fail)
    answer = broken(RuntimeError("first"))
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "No money has been taken" in answer.text
    assert "Деньги не списаны" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_fault_of_ours_writes_a_token_into_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails, on whichever route: the log names the route, not what opens it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(**_arguments: object) -> None:
        raise RuntimeError("broken")

    tried = set()
    for rule in app.url_map.iter_rules():
        words = rule.arguments - {"language", "filename"}
        if not words or "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        texts = {name: "SECRETTOKEN" for name in words if type(rule._converters[name]) is UnicodeConverter}
        if not texts:
            continue
        app.view_functions[rule.endpoint] = fail
        values = dict.fromkeys(rule.arguments, 1) | texts
        values |= {"language": "ru"} if "language" in rule.arguments else {}
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, values)
        answer = app.test_client().get(path, base_url="http://localhost")
        if answer.status_code == 500:
            tried.add(rule.endpoint)
    assert len(tried) > 10
    assert "unexpected at GET" in caplog.text
    assert "SECRETTOKEN" not in caplog.text


def test_an_error_of_the_database_names_no_value(app: Flask) -> None:
    with pytest.raises(DBAPIError) as refused:
        db.session.execute(text("SELECT nothing FROM nowhere WHERE a = :a"), {"a": "SECRETTOKEN"})
    assert "SECRETTOKEN" not in str(refused.value)
