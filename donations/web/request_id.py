"""The number of a request: it is in each line logged while the request is answered, on the error page, and in
the web server's own log where that gives one."""

from __future__ import annotations

import re
import secrets

from flask import current_app, g, has_request_context, request

HEADER = "X-Request-Id"
_GOOD = re.compile(r"[0-9a-f]{32}")


def current() -> str | None:
    """32 figures and letters a to f, from a proxy of ours or drawn at random; None outside of a request."""
    if not has_request_context():
        return None
    if "request_id" not in g:
        g.request_id = _given() or secrets.token_hex(16)
    return str(g.request_id)


def route() -> str | None:
    """The pattern of the route that answers, such as /receipts/<token>: a path may hold what opens something."""
    if not has_request_context() or request.url_rule is None:
        return None
    return f"{request.method} {request.url_rule.rule}"


def _given() -> str | None:
    """What our proxy calls it. From anybody else it could be anything."""
    given = request.headers.get(HEADER, "") if current_app.config["SETTINGS"].trusted_proxies else ""
    return given if _GOOD.fullmatch(given) else None
