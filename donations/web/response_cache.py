"""Keeps what many ask for at once, in the process and to the end of the second: a flood of askers for a total reaches
the database once a second for each appeal, language and form, however they spell the rest of the address. Knows nothing
of what the answers say; an answer that is not 200 is never kept."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request
from werkzeug.datastructures import Accept
from werkzeug.http import is_entity_header, parse_accept_header

from donations.web.compression import WORTH_IT_BYTES
from donations.web.headers import WholeResponse, add_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

SECONDS = 1.0
MOST = 1024  # answers in one process, each of about a kilobyte
Clock = Callable[[], float]
Headers = list[tuple[str, str]]
View = Callable[..., Response]
Environ = dict[str, Any]
SQUEEZED = ("Content-Encoding", "gzip")


class Kept:
    """One answer, ready to be sent: plain and compressed, with all its headers and its ETag."""

    __slots__ = ("behind_proxy", "etag", "headers", "plain", "squeezed", "tick", "unchanged")

    def __init__(self, answer: Response, tick: int, *, behind_proxy: bool = False) -> None:
        self.tick, self.behind_proxy = tick, behind_proxy
        self.plain = answer.get_data()
        worth_it = len(self.plain) >= WORTH_IT_BYTES
        self.squeezed = gzip.compress(self.plain, 6, mtime=0) if worth_it else None
        self.etag = answer.headers["ETag"]
        add_headers(answer)
        self.headers: Headers = [(name, value) for name, value in answer.headers if name != "Content-Length"]
        self.headers.append(("Vary", "Accept-Encoding"))
        self.unchanged = [pair for pair in self.headers if not is_entity_header(pair[0])]

    def answer(self, environ: Environ) -> Response:
        """The response for this client: plain or compressed, or 304."""
        asked, proxy = environ.get("HTTP_IF_NONE_MATCH"), self._for_proxy()
        if asked == self.etag:
            return WholeResponse(status=304, headers=[*self.unchanged, *proxy])
        if self.squeezed is not None and _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            answer = WholeResponse(self.squeezed, headers=[*self.headers, SQUEEZED, *proxy])
        else:
            answer = WholeResponse(self.plain, headers=[*self.headers, *proxy])
        if asked:
            answer.make_conditional(environ)
        return answer

    def send_at_once(self, environ: Environ, start: StartResponse) -> list[bytes] | None:
        """The same, without a Response, for what nearly every client asks; None for other requests."""
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        if environ["REQUEST_METHOD"] != "GET" or ";" in accepted:
            return None
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked == self.etag:
            start("304 NOT MODIFIED", [*self.unchanged, *self._for_proxy()])
            return []
        if asked:
            return None
        squeezed = self.squeezed if "gzip" in accepted.replace(" ", "").split(",") else None
        body = self.plain if squeezed is None else squeezed
        encoding = [] if squeezed is None else [SQUEEZED]
        start("200 OK", [*self.headers, *encoding, ("Content-Length", str(len(body))), *self._for_proxy()])
        return [body]

    def _for_proxy(self) -> Headers:
        """nginx counts in whole seconds: max-age=1 keeps an answer for up to two. This one it keeps, as we do,
        until the second on the clock ends, so that no number is older than that."""
        return [("X-Accel-Expires", f"@{int(time.time())}")] if self.behind_proxy else []


def _takes_gzip(said: str) -> bool:
    return bool(parse_accept_header(said, Accept)["gzip"])


class Shelf:
    """Kept answers by key, at most so many, each for at most so long. Threads that miss the same one take turns."""

    def __init__(
        self, seconds: float = SECONDS, most: int = MOST, clock: Clock = time.time, *, behind_proxy: bool = False
    ) -> None:
        self.seconds, self.most, self.clock, self.behind_proxy = seconds, most, clock, behind_proxy
        self.kept: dict[Hashable, Kept] = {}
        self._lock = threading.Lock()
        self._turns: dict[Hashable, threading.Lock] = {}

    def fresh(self, key: Hashable) -> Kept | None:
        found = self.kept.get(key)
        return found if found is not None and self.seconds and found.tick == tick(self.clock(), self.seconds) else None

    def fetch(self, key: Hashable, make: Callable[[], Response]) -> Response | Kept:
        """What is kept under the key, or what `make` answers now, kept if it may be."""
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        try:
            with turn:
                return self.fresh(key) or self._made(key, make)
        finally:
            with self._lock:
                self._turns.pop(key, None)

    def _made(self, key: Hashable, make: Callable[[], Response]) -> Response | Kept:
        # From before it is made: what it says is never older than that.
        made_in = tick(self.clock(), self.seconds) if self.seconds else 0
        answer = make()
        if answer.status_code != 200:
            return answer
        made = Kept(answer, made_in, behind_proxy=self.behind_proxy)
        with self._lock:
            self.kept.pop(key, None)
            while len(self.kept) >= self.most:
                del self.kept[next(iter(self.kept))]  # The one that was made first.
            self.kept[key] = made
        return made


class Shortcut:
    """WSGI middleware before the app: it answers from the cache by itself, so that a flood costs next to nothing."""

    def __init__(self, app: WSGIApplication, shelf: Shelf) -> None:
        self.app, self.shelf = app, shelf

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        found = self.shelf.fresh(_key(environ))
        if found is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.app(environ, start_response)
        sent = found.send_at_once(environ, start_response)
        return found.answer(environ)(environ, start_response) if sent is None else sent


def tick(at: float, seconds: float) -> int:
    """Which span of so many seconds a moment falls in. What is kept is good for the rest of its own, not for so long
    after it was made: so a proxy that counts the same seconds never adds its own to ours."""
    return int(at // seconds)


def init_app(app: Flask) -> None:
    """KEEP_SECONDS 0 keeps nothing: so it is in tests, which change something and look at once."""
    app.config.setdefault("KEEP_SECONDS", 0 if app.testing else SECONDS)
    behind_proxy = app.config["SETTINGS"].trusted_proxies > 0
    shelf = app.extensions["shelf"] = Shelf(app.config["KEEP_SECONDS"], behind_proxy=behind_proxy)
    app.wsgi_app = Shortcut(app.wsgi_app, shelf)  # type: ignore[method-assign]


def kept(view: View) -> View:
    """Marks a view whose answer has an ETag, and is the same for everyone and whatever the query."""

    @wraps(view)
    def shortly(**values: str) -> Response:
        shelf: Shelf = current_app.extensions["shelf"]
        found = shelf.fetch(_key(request.environ), lambda: view(**values))
        return found.answer(request.environ) if isinstance(found, Kept) else found

    return shortly


def _key(environ: Environ) -> tuple[str, str]:
    """The address without its query. Only of addresses that are answered with 200 anything is kept."""
    return environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
