"""The shipped nginx file, tried with the real nginx: one asks for all, what is hidden is gone, a dead app's last total
stays, and nothing of a person is kept."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from donations import create_app
from donations.extensions import db
from tests.web.deploy.running import nginx

pytestmark = pytest.mark.databases("sqlite")
TOTAL, FRAME = "/appeals/hands-off-ali/total", "/embed/hands-off-ali"
FORMS = (TOTAL, f"{TOTAL}.json", f"{TOTAL}.svg", FRAME, f"{FRAME}/total", "/overlay/hands-off-ali")
SECONDS = 2.0


class Served:
    """The app on a port, with a count of the requests that reached it, and nginx before it."""

    def __init__(self, app: Flask, server: BaseWSGIServer, reached: Counter[str]) -> None:
        self.app, self.server, self.reached = app, server, reached
        self.address = ""

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        line = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            line.close()

    def until(self, path: str, said: Callable[[int, str], bool]) -> float:
        """Ask until it is so. Gives the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() < began + 15:
            status, _, body = self.get(path)
            if said(status, body):
                return time.monotonic() - began
        raise AssertionError(f"{path} never said so: {status} {body}")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def served(app: Flask, environ: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    real = create_app({**environ, "TRUSTED_PROXIES": "1"}, TESTING=True, KEEP_SECONDS=1.0)
    reached: Counter[str] = Counter()

    def counting(environ: dict[str, Any], start: Any) -> Any:
        reached[environ["PATH_INFO"]] += 1
        return real.wsgi_app(environ, start)

    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with nginx(server.server_port, tmp_path) as address:
            one = Served(real, server, reached)
            one.address = address
            yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with real.app_context():
            db.engine.dispose()


def test_however_many_ask_one_asks_the_app(served: Served) -> None:
    served.get(TOTAL)
    served.reached.clear()
    began = time.monotonic()

    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda number: served.get(f"{TOTAL}?nocache={number}"), range(600)))

    assert {status for status, _, _ in answers} == {200}
    assert served.reached[TOTAL] <= time.monotonic() - began + 2


def test_a_gift_is_seen_through_nginx_in_two_seconds(served: Served, raise_to) -> None:
    for minor in (639100, 1000000):
        shown = f"£{minor // 100:,}.{minor % 100:02}"
        for path in FORMS:
            served.get(path)
        raise_to("hands-off-ali", minor)
        began = time.monotonic()
        for path in (TOTAL, FRAME):
            served.until(path, lambda _, body, shown=shown: shown in body)
        assert time.monotonic() - began <= SECONDS + 0.5  # Half a second for asking itself, on a busy machine.


def test_what_is_hidden_is_gone_from_every_form(served: Served, change) -> None:
    for path in FORMS:
        assert served.get(path)[0] == 200, path
    change("hands-off-ali", visibility="dark")

    for path in FORMS:
        served.until(path, lambda status, _: status == 404)


def test_the_last_total_stays_when_the_app_is_killed(served: Served, raise_to) -> None:
    raise_to("hands-off-ali", 639150)
    before = {path: served.get(path)[2] for path in FORMS}

    served.server.shutdown()
    served.server.server_close()

    time_is_said = before[TOTAL].split('datetime="')[1][:20]
    for path in FORMS:
        status, headers, body = served.get(path)
        assert (status, body) == (200, before[path]), path
        assert headers["X-Cache"] in ("STALE", "HIT", "UPDATING")
    assert time_is_said in served.get(TOTAL)[2]


@pytest.mark.parametrize("path", ["/appeals/hands-off-ali", "/staff/sign-in", "/receipts/invented", "/healthz"])
def test_nothing_with_a_form_or_of_a_person_is_kept(served: Served, path: str) -> None:
    for _ in range(3):
        _status, headers, _body = served.get(path)
        assert headers["X-Cache"] in ("MISS", "BYPASS", "EXPIRED", None)
    assert served.reached[path] >= 3


def test_no_cookie_comes_with_a_kept_form(served: Served) -> None:
    for path in FORMS:
        for _ in range(2):
            headers = served.get(path)[1]
            assert headers["Set-Cookie"] is None
            assert "cookie" not in (headers["Vary"] or "").lower()
            assert headers["X-Accel-Expires"] is None


def test_languages_and_looks_are_not_mixed_up(served: Served) -> None:
    said = {query: served.get(f"{FRAME}{query}")[2] for query in ("", "?lang=ru", "?size=bar", "?theme=dark")}

    assert len(set(said.values())) == 4
    assert {query: served.get(f"{FRAME}{query}")[2] for query in said} == said


def test_a_log_line_has_no_query_and_no_token(served: Served, tmp_path: Path) -> None:
    served.get("/donations/a-secret-token?x=1")
    served.get(f"{TOTAL}?who=somebody")

    log = ""
    deadline = time.monotonic() + 10
    while TOTAL not in log and time.monotonic() < deadline:  # nginx writes it down after the answer is out.
        log = (tmp_path / "access.log").read_text(encoding="utf-8")

    assert "/donations/-" in log
    assert TOTAL in log
    assert "secret" not in log
    assert "somebody" not in log
