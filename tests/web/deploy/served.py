"""The app on a port with the shipped nginx before it, and a second cache before that one, as a CDN would be."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from donations import create_app
from donations.cli.stage import free_port
from donations.extensions import db
from tests.web.deploy.processes import nginx, running, whole

SECOND = """
proxy_cache_path {folder}/cache keys_zone=second:10m inactive=1d;
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://127.0.0.1:{behind};
        proxy_set_header Host 127.0.0.1;
        proxy_cache second;
        proxy_cache_lock on;
        proxy_cache_key $request_uri;
        add_header X-Second $upstream_cache_status always;
    }}
}}
"""


class Served:
    """The app, with a count of the requests that reached it. `addresses` are those of its caches, the one that is
    nearest to the world first; `stale_seconds` replaces the app's own limit of stale copies while it is away, and
    `patience` how long nginx waits for an answer."""

    def __init__(self, environ: dict[str, str], folder: Path, *, caches: int = 1) -> None:
        self.folder, self.stale_seconds, self.reached = folder, "", Counter[str]()
        self.patience = ""
        self.ports = [free_port() for _ in range(caches)]
        self.addresses = [f"http://127.0.0.1:{port}" for port in self.ports]
        self.address = self.addresses[0]
        settings = {**environ, "TRUSTED_PROXIES": "1", "PUBLIC_URL": self.address}
        self.app: Flask = create_app(settings, TESTING=True, KEEP_SECONDS=1.0)
        self._stack, self._server, self._thread = ExitStack(), self._listening(), threading.Thread()

    def _listening(self) -> BaseWSGIServer:
        return make_server("127.0.0.1", 0, self._count, threaded=True, request_handler=_Quiet)

    def _count(self, environ: dict[str, Any], start: Any) -> Any:
        self.reached[environ["PATH_INFO"]] += 1

        def shortened(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if self.stale_seconds:
                text = (f"stale-if-error={self.stale_seconds}", "stale-if-error=35")
                headers = [(name, value.replace(text[1], text[0])) for name, value in headers]
            return start(status, headers, *more)

        return self.app.wsgi_app(environ, shortened)

    @property
    def app_address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def open(self) -> None:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.start_caches()

    def start_caches(self) -> None:
        """From the last to the first: each finds the one behind it."""
        near, ports = self.folder / "nginx", self.ports
        near.mkdir(exist_ok=True)
        self._stack.enter_context(nginx(self._server.server_port, near, ports[-1], self.patience))
        if len(ports) > 1:
            far = self.folder / "second"
            far.mkdir(exist_ok=True)
            text = whole(SECOND.format(folder=far, port=ports[0], behind=ports[1]), far)
            self._stack.enter_context(running(text, far, f"{self.address}/robots.txt"))

    def restart_caches(self) -> None:
        self._stack.close()
        self.start_caches()

    def kill(self) -> None:
        """The app goes away; its caches stay."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """The app stays; its SQLite file cannot be opened."""
        file = Path(self.app.config["SETTINGS"].database_file)
        with self.app.app_context():
            db.engine.dispose()
        aside = file.rename(file.with_suffix(".aside"))
        file.mkdir()
        try:
            yield
        finally:
            file.rmdir()
            aside.rename(file)

    def close(self) -> None:
        self._stack.close()
        self.kill()
        with self.app.app_context():
            db.engine.dispose()

    def get(self, path: str, at: str = "", **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        line = http.client.HTTPConnection(urlsplit(at or self.address).netloc, timeout=20)
        try:
            line.putrequest("GET", path, skip_accept_encoding=True, skip_host="Host" in headers)
            for name, value in headers.items():
                line.putheader(name.replace("_", "-"), value)
            line.endheaders()
            answer = line.getresponse()
            body = answer.read()
            plain = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
            return answer.status, answer.headers, plain.decode(errors="replace")
        finally:
            line.close()

    def post(self, path: str) -> tuple[int, str]:
        """An empty form."""
        line = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=20)
        try:
            line.request("POST", path, body="", headers={"Content-Type": "application/x-www-form-urlencoded"})
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def until(self, path: str, is_so: Callable[[int, str], bool]) -> float:
        """Ask until it is so. Returns the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() < began + 15:
            status, _, body = self.get(path)
            if is_so(status, body):
                return time.monotonic() - began
        raise AssertionError(f"{path} never came to it: {status} {body}")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def serving(environ: dict[str, str], folder: Path, *, caches: int = 1) -> Iterator[Served]:
    one = Served(environ, folder, caches=caches)
    try:
        one.open()
        yield one
    finally:
        one.close()
