"""A supporter without hands: walks the pages over HTTP as a browser without JavaScript would, and asks the sandbox to
do what Stripe does. Used by the tour."""

from __future__ import annotations

import html
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status, where it is (after redirects within one host) and its text."""

    status: int
    url: str
    text: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def get(url: str, headers: dict[str, str] | None = None) -> Page:
    return _ask(urllib.request.Request(url, headers=headers or {}))  # noqa: S310 - addresses of our own stage


def post(url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Page:
    """Post a form; a redirect is not followed, `url` is then where it leads."""
    data = urllib.parse.urlencode(fields).encode()
    return _ask(urllib.request.Request(url, data=data, headers=headers or {}))  # noqa: S310


def post_json(url: str, said: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(said).encode(), {"Content-Type": "application/json"})  # noqa: S310
    answer: dict[str, Any] = json.loads(_ask(request).text)
    return answer


def delete(url: str) -> None:
    _ask(urllib.request.Request(url, method="DELETE"))  # noqa: S310 - addresses of our own stage


def get_json(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(get(url, headers).text)
    return answer


def fill_in(base: str, slug: str, fields: dict[str, str]) -> str:
    """Fill in and send an appeal's form. Returns the address of the check."""
    sent = post(f"{base}/appeals/{slug}/donations", {"interval": "once", **fields})
    if sent.status != 303:
        raise AssertionError(f"the form was answered with {sent.status}")
    return sent.url


def go_on(check: str) -> Page:
    """Press the check's one button."""
    return post(check, {"key": _hidden(get(check).text, "key")})


def give(base: str, slug: str, fields: dict[str, str]) -> str:
    """Fill in an appeal's form and go on from its check. Returns the address of the page to pay on."""
    sent = go_on(fill_in(base, slug, fields))
    if sent.status != 303:
        raise AssertionError(f"the check was answered with {sent.status}")
    return sent.url


def pay(checkout: str, card: str, email: str) -> Page:
    """Type a card into the sandbox's page. Returns the page that follows: back at the fund, or the form with an
    error."""
    fields = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "A supporter", "email": email}
    return post(checkout, fields)


def wait_for(what: str, ask: Callable[[], bool]) -> None:
    """Ask until it is so. Raises AssertionError after half a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ask():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_SECONDS} seconds in vain for {what}")
        time.sleep(0.1)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise AssertionError(f"the page has no field {name}")
    return html.unescape(found[1])


def _ask(request: urllib.request.Request) -> Page:
    try:
        with _opener.open(request, timeout=20) as answer:
            return Page(answer.status, answer.url, answer.read().decode())
    except urllib.error.HTTPError as error:
        where = urllib.parse.urljoin(request.full_url, error.headers.get("Location", ""))
        return Page(error.code, where, error.read().decode())
