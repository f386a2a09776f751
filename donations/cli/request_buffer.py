"""Between granian and the app: a request takes one of the few threads when all of it has arrived, and not before. So a
visitor who sends slowly, or not at all, holds a connection and nothing else."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

BODY_SECONDS = 120.0  # for all of a body to arrive
MAX_BYTES = 64 * 1024 * 1024  # of any body; what a page takes is less, and the app says so
IN_MEMORY_BYTES = 64 * 1024
Headers = list[tuple[str, str]]


class Bridge:
    """The app as granian calls it (RSGI), with so many threads."""

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self.app, self.pool = app, ThreadPoolExecutor(threads)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        environ = _environ(scope)
        if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
            await self._pass_on(environ, protocol)
            return
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
            refused = await _receive(protocol, body, environ.get("CONTENT_LENGTH", ""))
            if refused:
                protocol.response_empty(refused, [("connection", "close")])
            else:
                await self._pass_on(environ | {"wsgi.input": body}, protocol)

    async def _pass_on(self, environ: dict[str, Any], protocol: HTTPProtocol) -> None:
        answer = await asyncio.get_running_loop().run_in_executor(self.pool, self._answer, environ)
        protocol.response_bytes(*answer)

    def _answer(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        begun: list[tuple[int, Headers]] = []

        def start(status: str, headers: Headers, _fault: Any = None) -> Callable[[bytes], object]:
            begun[:] = [(int(status[:3]), headers)]
            return lambda _: None

        parts: Iterable[bytes] = self.app(environ, start)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return (*begun[0], body)


async def _receive(protocol: HTTPProtocol, body: IO[bytes], stated: str) -> int:
    """Write the body there, of the length that is `stated`, if any. Gives 0, or the status with which the request is
    refused: it came too slowly, is too large, or ended before its end."""
    length = 0
    if stated.isdecimal() and int(stated) > MAX_BYTES:
        return 413
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in protocol:
                length += len(part)
                if length > MAX_BYTES:
                    return 413
                body.write(part)
    except TimeoutError:
        return 408
    body.seek(0)
    return 0 if stated in ("", str(length)) else 400


def _environ(scope: Scope) -> dict[str, Any]:
    """PEP 3333."""
    server, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),  # Unquoted by granian.
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # It would be taken for the one with a hyphen.
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        glue = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{glue}{value}" if key in environ else value
    if "HTTP_HOST" not in environ and scope.authority:
        environ["HTTP_HOST"] = scope.authority
    return environ
