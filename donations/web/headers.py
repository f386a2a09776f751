"""The security headers of every answer, by kind of route (docs/security.md). A route that says nothing is a page and
is not stored; `kind` marks the others. No answer gets a cookie here."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from donations.web import query_parameters
from donations.web.page import content_hash

FOR_EVER = "public, max-age=31536000, immutable"
# A proxy that is asking us may answer others with the number of a second ago, so that one asks for all. No longer: a
# browser that polls would be one poll behind, also when an appeal is taken down. While we do not answer, what names an
# appeal is given for less than a minute, all caches on the way together: it may have been hidden meanwhile.
LIVE = "public, max-age=1, stale-while-revalidate=1, stale-if-error=35"
# That there is no such appeal is kept for a second as well, so that it takes the place of what a cache has kept.
GONE = "public, max-age=1"
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_OURS_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'"
)
# What a script of another site may send with its question: anything, for nothing is read of it.
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
_FEATURES = (
    "accelerometer autoplay browsing-topics camera display-capture geolocation gyroscope microphone midi payment usb"
)


def init_app(app: Flask) -> None:
    app.after_request(add_headers)


def kind(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a view as something else than a `page`: `data` (read by other sites), `frame` (shown within other sites),
    `machine` (read by programs) or `staff` (behind a sign-in)."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.header_kind = name  # type: ignore[attr-defined]
        return view

    return mark


def kind_of(endpoint: str | None) -> str:
    """page, frame, staff, data, machine or static. The webhook and the health check are machine; an address not found
    is a page."""
    if endpoint == "static":
        return "static"
    if (endpoint or "").partition(".")[0] in ("webhooks", "health"):
        return "machine"
    view = current_app.view_functions.get(endpoint or "")
    return str(getattr(view, "header_kind", "page"))


def content_security_policy(stripe_api_base: str) -> str:
    """The policy of a page. form-action names Stripe because Chromium applies it to the redirect after a POST;
    the worker is that of the proof of work."""
    targets = ["'self'", "https://checkout.stripe.com", "https://billing.stripe.com"]
    base = urlsplit(stripe_api_base)
    if base.netloc:
        targets.append(f"{base.scheme}://{base.netloc}")
    return f"{_OURS_ONLY}; worker-src 'self'; form-action {' '.join(targets)}; frame-ancestors 'none'"


class WholeResponse(Response):
    """An answer that has all its headers already, and is compressed where it is to be."""


def add_headers(response: Response) -> Response:
    """The headers of the kind of route that is answered."""
    if isinstance(response, WholeResponse):
        return _kept_from_caches(response)
    name = kind_of(request.endpoint)
    settings = current_app.config["SETTINGS"]
    response.headers.update(_of_kind(name, settings.stripe_api_base, settings.secure))
    if name == "frame":
        response.headers["Content-Security-Policy"] += f"; frame-ancestors {_framed_by()}"
    if request.method == "OPTIONS" and name in ("data", "frame"):
        response.headers.update(_PREFLIGHT)
    if name == "static" and response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = _how_long()
    response.headers.setdefault("Cache-Control", "no-store")
    return _kept_from_caches(response)


def _kept_from_caches(response: Response) -> Response:
    """No cache may keep an answer to an address that it might parse differently from us."""
    if not query_parameters.is_clean(
        request.query_string.decode("latin-1"), query_parameters.read_by(request.endpoint)
    ):
        response.headers["Cache-Control"] = "no-store"
        response.headers.pop("X-Accel-Expires", None)
    return response


@lru_cache(maxsize=16)
def _of_kind(name: str, stripe_api_base: str, secure: bool) -> dict[str, str]:
    """The headers that every answer of a kind has."""
    headers = {
        "Content-Security-Policy": _policy_of(name, stripe_api_base),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if name in ("data", "frame", "static") else "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES.split()),
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if name in ("data", "frame"):  # A frame within a sandbox is a stranger to us, and asks as one.
        headers["Access-Control-Allow-Origin"] = "*"
    return headers


def _policy_of(name: str, stripe_api_base: str) -> str:
    """Staff forms submit only to us: there is no redirect to a payment page. Their frames show our embeds."""
    if name == "frame":  # Who may frame it differs from appeal to appeal, and is added to each answer.
        return f"{_OURS_ONLY}; form-action 'none'"
    if name == "staff":
        return f"{_OURS_ONLY}; frame-src 'self'; form-action 'self'; frame-ancestors 'none'"
    return content_security_policy(stripe_api_base) if name == "page" else _NOTHING


def _framed_by() -> str:
    """The sites that `g.framed_by` names, and we ourselves (CSP 3, frame-ancestors); any, where it names none."""
    named = g.get("framed_by")
    return " ".join(("'self'", *named)) if named else "*"


def _how_long() -> str:
    """For ever, if the address carries the hash of what it gives."""
    filename = (request.view_args or {}).get("filename", "")
    return FOR_EVER if request.args.get("v") == content_hash(filename) else "public, max-age=300"
