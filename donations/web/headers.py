"""The security headers of every answer, by kind of route (trust.md, section 2). A route that says nothing is a page and
is not stored; `kind` marks the others. No answer gets a cookie here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from donations.web.page import content_hash

FOR_EVER = "public, max-age=31536000, immutable"
LIVE = "public, max-age=1, stale-while-revalidate=10, stale-if-error=86400"
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FEATURES = (
    "accelerometer autoplay browsing-topics camera display-capture geolocation gyroscope microphone midi payment usb"
)


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)


def kind(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a view as something else than a `page`: `data` (read by other sites) or `machine` (read by programs)."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.header_kind = name  # type: ignore[attr-defined]
        return view

    return mark


def kind_of(endpoint: str | None) -> str:
    """page, data, machine or static. The webhook and the health check are machine; an address not found is a page."""
    if endpoint == "static":
        return "static"
    if (endpoint or "").partition(".")[0] in ("webhooks", "health"):
        return "machine"
    view = current_app.view_functions.get(endpoint or "")
    return str(getattr(view, "header_kind", "page"))


def content_security_policy() -> str:
    """The policy of a page. form-action names Stripe because Chromium applies it to the redirect after a POST."""
    targets = ["'self'", "https://checkout.stripe.com", "https://billing.stripe.com"]
    base = urlsplit(current_app.config["SETTINGS"].stripe_api_base)
    if base.netloc:
        targets.append(f"{base.scheme}://{base.netloc}")
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action {' '.join(targets)}; frame-ancestors 'none'"
    )


def _add_headers(response: Response) -> Response:
    name = kind_of(request.endpoint)
    headers = response.headers
    headers["Content-Security-Policy"] = content_security_policy() if name == "page" else _NOTHING
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin" if name == "data" else "same-origin"
    headers["Permissions-Policy"] = ", ".join(f"{feature}=()" for feature in _FEATURES.split())
    if current_app.config["SETTINGS"].secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if name == "data":
        headers["Access-Control-Allow-Origin"] = "*"
    if name == "static" and response.status_code in (200, 206, 304):
        headers["Cache-Control"] = _how_long()
    headers.setdefault("Cache-Control", "no-store")
    return response


def _how_long() -> str:
    """For ever, if the address carries the hash of what it gives."""
    filename = (request.view_args or {}).get("filename", "")
    return FOR_EVER if request.args.get("v") == content_hash(filename) else "public, max-age=300"
