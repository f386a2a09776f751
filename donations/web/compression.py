"""Compresses text on its way out (gzip), because supporters are often on a bad line. Staff pages are left alone: there
a secret and typed text could be side by side. Knows nothing of what the answers say."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request

from donations.web.headers import WholeResponse, kind_of

WORTH_IT_BYTES = 400
_TEXT = ("text/", "application/json", "application/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if isinstance(response, WholeResponse):
        return response
    is_text = (response.mimetype or "").startswith(_TEXT)
    if response.status_code != 200 or not is_text or kind_of(request.endpoint) in ("machine", "staff"):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    if "Range" in request.headers or (response.content_length or WORTH_IT_BYTES) < WORTH_IT_BYTES:
        return response
    squeezed = _static_file() if request.endpoint == "static" else gzip.compress(response.get_data(), 6, mtime=0)
    _replace_body(response, squeezed)
    response.headers["Content-Encoding"] = "gzip"
    etag, _weak = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
    return response


def _replace_body(response: Response, body: bytes) -> None:
    unread = response.response
    response.direct_passthrough = False
    response.set_data(body)
    if hasattr(unread, "close"):  # A static file's handle; nothing else will close it now.
        unread.close()


def _static_file() -> bytes:
    path = Path(current_app.static_folder or "") / (request.view_args or {})["filename"]
    return _compressed_file(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _compressed_file(path: str, _changed_ns: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)
