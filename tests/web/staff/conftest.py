"""What the tests of staff pages share: people with roles, and browsers that sign in as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask, current_app, request
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from donations import staff, tokens
from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import Staff
from donations.staff import changes, second_factor, sessions
from donations.web.seen import hash_of

PASSWORD = "correct horse battery staple"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Person:
    """A person who may sign in. `secret` is what their app knows."""

    id: int
    email: str
    secret: str = ""
    codes: list[str] = field(default_factory=list)

    @property
    def row(self) -> Staff:
        return staff.find(self.id)

    def code(self, at: datetime | None = None) -> str:
        return second_factor.codes().code(self.secret, at or datetime.now(UTC))


class Browser:
    """A browser: it keeps cookies and sends the forms it was shown."""

    def __init__(self, app: Flask, address: str = "192.0.2.7") -> None:
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.csrf = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._keep(self.client.get(path, **self._from(more)))

    def post(self, path: str, csrf: bool = True, **typed: Any) -> TestResponse:
        if csrf and not self.csrf:
            self._fetch_token()
        data = {**({"csrf_token": self.csrf} if csrf else {}), **typed}
        if "seen" not in typed:  # Who presses a button has just looked.
            data["seen"] = self._look(path, typed)
        return self._keep(self.client.post(path, data=data, **self._from({})))

    def sign_in(self, person: Person, password: str = PASSWORD, code: str | None = None, **more: Any) -> TestResponse:
        """Both steps, if there are two."""
        self.get("/staff/sign-in")
        answer = self.post("/staff/sign-in", email=person.email, password=password, **more)
        if "/staff/second" in answer.headers.get("Location", ""):
            self.get("/staff/second")
            answer = self.post("/staff/second", code=code or person.code(), **more)
        self.get("/staff/")  # Whose page has the token of the new session.
        return answer

    def become(self, person: Person) -> None:
        """A session without the steps, which take time on purpose."""
        with write_unit():
            of = {"stage": "full", "place": b"x", "browser": "Firefox", "at": datetime.now(UTC)}
            _, key = sessions.begin(person.row, **of)
        self.client.set_cookie("staff", f"s.{key}")
        self.csrf = ""

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("staff")
        return found.value if found else ""

    def _look(self, path: str, typed: dict[str, Any]) -> list[str]:
        """The form's hash of the items that it decides on."""
        fields = {name: value for name, value in typed.items() if isinstance(value, str | list)}
        with self.client.application.test_request_context(path, method="POST", data=fields):
            try:
                view = current_app.view_functions[request.endpoint or ""]
                shown = getattr(view, "decides_on", lambda **_: [])(**(request.view_args or {}))
                return [hash_of(things) for things in shown]
            except (HTTPException, DonationsError, KeyError, AttributeError):
                return []
            finally:
                db.session.rollback()

    def _fetch_token(self) -> None:
        """From whatever page is shown to who is asked to sign in, or has."""
        path = "/staff/sign-in"
        while not self.csrf:
            path = self.get(path).headers.get("Location", path)

    def _keep(self, answer: TestResponse) -> TestResponse:
        if "Set-Cookie" in answer.headers:
            self.csrf = ""  # Another session, another token.
        page = answer.text if answer.mimetype == "text/html" else ""
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        self.csrf = token[1] if token else self.csrf
        return answer

    def _from(self, more: dict[str, Any]) -> dict[str, Any]:
        headers = {"User-Agent": FIREFOX, **more.pop("headers", {})}
        return {"environ_base": {"REMOTE_ADDR": self.address}, "headers": headers, **more}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Monday noon; a test moves it on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def join(app: Flask, clock: time_machine.Traveller) -> Callable[..., Person]:
    """Creates a person who has joined: join("maya@example.org", "treasurer"), with an app for codes unless told not."""

    def joined(email: str, *roles: str, app_for_codes: bool = True) -> Person:
        at = datetime.now(UTC)
        with write_unit() as conn:
            row = staff.invite(conn, email, roles, language="en", by="cli:test", at=at)
            staff.join(conn, tokens.for_invitation(row.id, row.link_key), email.split("@")[0].title(), PASSWORD, at=at)
            person = Person(row.id, email)
            if app_for_codes:
                person.secret = second_factor.prepare_totp(row)
                assert second_factor.confirm_totp(conn, row, person.code(), at=at)
                person.codes = second_factor.new_recovery_codes(conn, row, at=at)
        db.session.rollback()
        clock.shift(60)  # The next code is another one.
        return person

    return joined


def accept_all() -> None:
    """Every change of the team that waits takes effect."""
    with write_unit() as conn:
        for each in changes.waiting():
            changes.accept(conn, each.row.id, by="cli:test", at=datetime.now(UTC))


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def treasurer(join: Callable[..., Person]) -> Person:
    return join("maya@example.org", "treasurer")


@pytest.fixture
def admin(join: Callable[..., Person]) -> Person:
    return join("ada@example.org", "admin")
