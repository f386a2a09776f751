"""Totals are kept in the process for a second at most: a flood does not reach the database, and nothing that changes is
hidden for longer. The clock is the test's own."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import create_app
from donations.web.response_cache import Kept, Shelf
from tests.web.conftest import Time

pytestmark = pytest.mark.databases("sqlite")
TOTAL, JSON = "/appeals/hands-off-ali/total", "/appeals/hands-off-ali/total.json"


def dateless(answer: TestResponse) -> list[tuple[str, str]]:
    """Its headers, but for the second in which it was given."""
    return sorted((name, value) for name, value in answer.headers if name != "Date")


def test_a_flood_reaches_the_database_once_a_second(keeping: FlaskClient, clock: Time, statements: list[str]) -> None:
    for path in (TOTAL, f"/ru{TOTAL}", JSON, "/appeals/hands-off-ali/funds"):
        first = keeping.get(path)
        asked = len(statements)
        assert asked
        for number in range(50):
            odd = {"Accept-Encoding": "gzip;q=0.5", "If-None-Match": '"a", "b"'} if number % 2 else {}
            again = keeping.get(f"{path}?nocache={number}", headers=odd)
            assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
        keeping.head(path)
        assert len(statements) == asked
        clock.now += 1.0
        keeping.get(path)
        assert len(statements) > asked


def test_what_is_kept_is_what_was_answered(keeping: FlaskClient, client: FlaskClient) -> None:
    for path in (TOTAL, JSON, f"/ru{TOTAL}"):
        etag = client.get(path).headers["ETag"]
        for sent in ({}, {"Accept-Encoding": "gzip"}, {"If-None-Match": etag}, {"If-None-Match": f'"x", {etag}'}):
            plain, missed, found = (each.get(path, headers=sent) for each in (client, keeping, keeping))
            wanted = (304 if "If-None-Match" in sent else 200, dateless(plain), plain.data)
            assert plain.status_code == wanted[0]
            for answer in (missed, found):
                assert (answer.status_code, dateless(answer), answer.data) == wanted


@pytest.mark.parametrize("accepted", ["", "identity", "xgzip", "gzip-2", "br, deflate", "gzip;q=0"])
def test_nobody_gets_it_squeezed_without_asking(keeping: FlaskClient, accepted: str) -> None:
    for _ in range(2):
        answer = keeping.get(TOTAL, headers={"Accept-Encoding": accepted})
        assert "Content-Encoding" not in answer.headers
    assert keeping.get(TOTAL, headers={"Accept-Encoding": "br,gzip"}).headers["Content-Encoding"] == "gzip"


def test_a_change_is_seen_after_a_second(keeping: FlaskClient, clock: Time, raise_to, change) -> None:
    keeping.get(JSON)
    raise_to("hands-off-ali", 12300)
    clock.now += 0.999
    assert keeping.get(JSON).json["raised_minor"] == 0
    clock.now += 0.001
    assert keeping.get(JSON).json["raised_minor"] == 12300
    # and an appeal that is taken down is gone as soon
    change("hands-off-ali", visibility="dark")
    clock.now += 1.0
    assert [keeping.get(path).status_code for path in (TOTAL, JSON)] == [404, 404]


def test_what_is_not_found_is_not_kept(keeping: FlaskClient) -> None:
    shelf: Shelf = keeping.application.extensions["shelf"]
    for number in range(30):
        assert keeping.get(f"/appeals/no-such-{number}/total").status_code == 404
        assert keeping.get(f"/xx/appeals/hands-off-ali/total?{number}").status_code == 404
    assert shelf.kept == {}
    assert keeping.post(TOTAL).status_code == 405


def answered(text: str) -> Response:
    answer = Response(text)
    answer.set_etag(text)
    return answer


def test_only_so_many_are_kept(app: Flask, clock: Time) -> None:
    shelf = Shelf(1.0, 3, clock)
    with app.test_request_context("/"):
        for name in "abcde":
            shelf.fetch(name, lambda name=name: answered(name))  # type: ignore[misc]
    assert list(shelf.kept) == ["c", "d", "e"]
    assert shelf._turns == {}


def test_who_misses_at_the_same_time_takes_turns(app: Flask, clock: Time) -> None:
    shelf, made, found = Shelf(1.0, 3, clock), [], []
    barrier = threading.Barrier(8)

    def make() -> Response:
        made.append(1)
        return answered("same")

    def ask() -> None:
        with app.test_request_context("/"):
            barrier.wait(10)
            found.append(shelf.fetch("key", make))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert all(isinstance(each, Kept) for each in found)
    assert len(made) == 1


def test_tests_keep_nothing(app: Flask, environ: dict[str, str]) -> None:
    assert app.extensions["shelf"].seconds == 0
    assert create_app(environ).extensions["shelf"].seconds == 1.0
