"""Runs a sandbox as an HTTP/1.1 server with threads, and ends it cleanly. Knows nothing of payments."""

import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import click
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from . import app, balance, endpoints, payouts, sessions, timers, transactions
from .api import DROP
from .settings import Settings
from .world import World

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Handler(WSGIRequestHandler):
    """Writes at once, and logs nothing: `/sandbox/requests` is the log. Each connection ends after its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    world: World

    def date_time_string(self, timestamp: float | None = None) -> str:
        ahead = self.world.holds.date_ahead_seconds
        return super().date_time_string((time.time() if timestamp is None else timestamp) + ahead)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        self.close_connection = True
        if environ and environ.get(DROP):
            # Linger 0 turns the close into a reset, which is what the client is to see.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Sandbox:
    """A running sandbox. `url` is its address without a trailing slash."""

    def __init__(self, settings: Settings, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = World(settings)
        handler = type("HandlerOfThis", (Handler,), {"world": self.world})
        self._server: BaseWSGIServer = make_server(
            host, port, _dropping(app.create(self.world)), threaded=True, request_handler=handler
        )
        self.url = f"http://{host}:{self._server.server_port}"
        self.world.base_url = settings.public_url.rstrip("/") or self.url
        with self.world.change():
            endpoints.register(self.world)
            balance.resume(self.world)
            transactions.resume(self.world)
            timers.resume(self.world)
            payouts.watch(self.world)
            sessions.resume(self.world)
        self.world.start()

    def run(self) -> None:
        """Serve until `end` is called from another thread or a signal."""
        try:
            self._server.serve_forever(poll_interval=0.05)
        finally:
            self._server.server_close()
            self.world.stop()

    def end(self) -> None:
        # shutdown() waits for serve_forever, so it must not be called from the thread that serves.
        threading.Thread(target=self._server.shutdown, daemon=True).start()


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 4242) -> None:
    """Run in the foreground until SIGTERM or SIGINT; port 0 takes a free one.

    Says its address on standard output.
    """
    sandbox = Sandbox(settings, host, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sandbox.end())
    click.echo(f"sandbox listening on {sandbox.url}")
    sandbox.run()


def _dropping(wsgi: Wsgi) -> Wsgi:
    """Lets a request be answered by silence.

    The connection is closed after the work was (or was not) done.
    """

    def dropping(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[tuple[Any, ...]] = []
        body = wsgi(environ, lambda *arguments: started.append(arguments))
        if environ.get(DROP):
            raise ConnectionResetError("ordered by a fault")
        start_response(*started[-1])
        return body

    return dropping
