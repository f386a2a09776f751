"""The headers of every route there is: a new route is walked as well."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations import create_app, tokens
from donations.extensions import db
from donations.models import Donation
from donations.web.headers import kind_of
from tests.web.conftest import Give

pytestmark = pytest.mark.databases("sqlite")
FOR_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; worker-src 'self'; "
    "form-action 'self' https://checkout.stripe.com https://billing.stripe.com http://127.0.0.1:9; "
    "frame-ancestors 'none'"
)
STAFF_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'"
)
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
OTHER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

POLICIES = {"page": PAGE_POLICY, "staff": STAFF_POLICY, "frame": FRAME_POLICY}


@pytest.fixture
def walk(app: Flask, client: FlaskClient, give: Give, fill_in: Give) -> list[tuple[str, str, TestResponse]]:
    """Every route answered by every method it knows, with good values and with bad ones: (endpoint, what, answer)."""
    give()
    waiting = fill_in().location.rpartition("/")[2]
    reference = db.session.scalars(select(Donation)).one().reference
    good = {"slug": "hands-off-ali", "language": "ru", "filename": "css/base.css"}
    good |= {"token": tokens.for_return(reference), "label": "R-000001", "code": "00000-00000", "colour": "a3201a"}
    good |= {"check_code": waiting, "old": "bank"}
    bad = {**good, "slug": "no-such-appeal", "language": "xx", "filename": "css/none.css", "token": "invented"}
    bad["check_code"] = "invented"
    answers = []
    for rule in app.url_map.iter_rules():
        for values in (good, bad):
            path = _filled(rule, values)
            for method in sorted(rule.methods or ()):
                answers.append((rule.endpoint, f"{method} {path}", client.open(path, method=method, buffered=True)))
    answers.append(("", "GET /no/such/page", client.get("/no/such/page")))
    return answers


def test_every_answer_has_its_security_headers(walk) -> None:
    for endpoint, what, answer in walk:
        kind = kind_of(endpoint) if endpoint else "page"
        wanted = {
            **FOR_ALL,
            "Content-Security-Policy": POLICIES.get(kind, OTHER_POLICY),
        }
        open_to_all = kind in ("data", "frame", "static")
        wanted["Cross-Origin-Resource-Policy"] = "cross-origin" if open_to_all else "same-origin"
        assert {name: answer.headers.get(name) for name in wanted} == wanted, what
        assert "camera=()" in answer.headers["Permissions-Policy"], what
        assert answer.headers["Cache-Control"], what
        told = answer.headers.get("Content-Type", "")
        assert int(told.startswith("text/")) <= told.count("charset=") <= 1, what


def test_no_public_answer_sets_a_cookie_or_varies_by_one(walk) -> None:
    for endpoint, what, answer in walk:
        if kind_of(endpoint) == "staff":
            continue
        assert "Set-Cookie" not in answer.headers, what
        assert "cookie" not in answer.headers.get("Vary", "").lower(), what


def test_no_answer_is_a_fault_of_ours(walk) -> None:
    for endpoint, what, answer in walk:
        assert answer.status_code < 500 or endpoint == "health.healthz", what


def test_what_is_personal_is_never_stored(walk) -> None:
    for endpoint, what, answer in walk:
        personal = ("donations.", "checks.show", "checks.change", "checks.begin", "receipts.", "webhooks.")
        if endpoint.startswith(personal) or kind_of(endpoint) == "staff":
            assert answer.headers["Cache-Control"] == "no-store", what


def test_an_appeal_with_its_form_is_kept_by_no_shared_cache(client: FlaskClient) -> None:
    assert client.get("/appeals/hands-off-ali").headers["Cache-Control"] == "private, no-cache"


def test_only_an_installation_on_https_asks_for_https(client: FlaskClient, environ: dict[str, str]) -> None:
    secure = create_app({**environ, "PUBLIC_URL": "https://fund.example.org", "STRIPE_API_BASE": ""}, TESTING=True)

    answer = secure.test_client().get("/robots.txt")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "127.0.0.1" not in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in client.get("/robots.txt").headers


def test_a_static_file_is_kept_for_ever_under_its_hash_only(client: FlaskClient) -> None:
    page = client.get("/").text
    address = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]

    assert client.get(address, buffered=True).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/css/base.css?v=old", buffered=True).headers["Cache-Control"] == "public, max-age=300"


def test_text_is_squeezed_for_who_takes_it(client: FlaskClient) -> None:
    for path in ("/", "/static/css/base.css"):
        plain = client.get(path, buffered=True)
        squeezed = client.get(path, headers={"Accept-Encoding": "gzip"})

        assert squeezed.headers["Content-Encoding"] == "gzip"
        assert len(squeezed.data) < len(plain.data)
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == squeezed.headers["Vary"] == "Accept-Encoding"


def _filled(rule: Any, values: dict[str, str]) -> str:
    """The address with a value for each of its parts; what is not named here is a number."""
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda part: values.get(part[1], "1"), str(rule.rule))
