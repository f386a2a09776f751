"""Passkeys as a second factor, with an authenticator of our own: a true answer is taken once, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url as written

from donations.database import write_unit
from donations.extensions import db
from donations.models import AuditRecord, Passkey
from donations.staff.passkeys import Site
from tests.web.staff.conftest import PASSWORD, Browser, Person, accept_all


class Authenticator:
    """A stand-in for a passkey on a phone."""

    def __init__(self, origin: str = "http://localhost", host: str = "localhost") -> None:
        self.origin, self.host, self.count = origin, host, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(id(self)).encode()).digest()

    def make(self, asked: dict[str, Any]) -> str:
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        held = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(public)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(0x45) + held}
        client = self._client("webauthn.create", asked)
        said = {"clientDataJSON": written(client), "attestationObject": written(cbor2.dumps(attestation))}
        return self._said(said)

    def use(self, asked: dict[str, Any], kind: str = "webauthn.get") -> str:
        self.count += 1
        client, data = self._client(kind, asked), self._data(0x05)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._said(
            {"clientDataJSON": written(client), "authenticatorData": written(data), "signature": written(signature)}
        )

    def _client(self, kind: str, asked: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _said(self, response: dict[str, str]) -> str:
        name = written(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def add(browser: Browser, key: Authenticator) -> Any:
    asked = browser.post("/staff/passkeys/options").json
    return browser.post("/staff/passkeys", credential=key.make(asked), name="My phone")


@pytest.fixture
def key(browser: Browser, treasurer: Person) -> Authenticator:
    """The treasurer's, added while signed in, signed out again, and accepted by another."""
    browser.sign_in(treasurer)
    made = Authenticator()
    assert add(browser, made).status_code == 303
    assert "works once an administrator approves it" in browser.get("/staff/").text
    browser.post("/staff/sign-out")
    assert db.session.scalars(select(Passkey)).all() == []
    accept_all()
    return made


def first_step(browser: Browser, person: Person) -> dict[str, Any]:
    browser.post("/staff/sign-in", email=person.email, password=PASSWORD)
    asked = browser.post("/staff/second/options").json
    assert isinstance(asked, dict)
    return asked


def test_a_passkey_opens_the_second_step(browser: Browser, treasurer: Person, key: Authenticator) -> None:
    asked = first_step(browser, treasurer)

    answer = browser.post("/staff/second", credential=key.use(asked))

    assert answer.headers["Location"] == "/staff/"
    assert browser.get("/treasury/").status_code == 200
    passkey = db.session.scalars(select(Passkey)).one()
    assert (passkey.sign_count, passkey.used_at is not None) == (1, True)
    assert "staff.passkey_added" in [row.act for row in db.session.scalars(select(AuditRecord))]


def test_an_answer_is_good_once(app: Flask, browser: Browser, treasurer: Person, key: Authenticator) -> None:
    asked = first_step(browser, treasurer)
    said = key.use(asked)
    browser.post("/staff/second", credential=said)
    other = Browser(app)
    other.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)

    assert other.post("/staff/second", credential=said).status_code == 422
    first_step(other, treasurer)
    assert other.post("/staff/second", credential=said).status_code == 422


def test_a_challenge_is_good_for_one_answer(browser: Browser, treasurer: Person, key: Authenticator) -> None:
    asked = first_step(browser, treasurer)
    browser.post("/staff/second", code="000000")

    assert browser.post("/staff/second", credential=key.use(asked)).status_code == 422


@pytest.mark.parametrize("wrong", ["origin", "host", "key", "kind", "copy", "junk", "list", "empty"])
def test_what_is_not_a_true_answer_is_refused(
    browser: Browser, treasurer: Person, key: Authenticator, wrong: str
) -> None:
    asked, kind = first_step(browser, treasurer), "webauthn.get"
    if wrong == "origin":
        key.origin = "http://localhost.evil.example"
    elif wrong == "host":
        key.host = "evil.example"
    elif wrong == "key":
        key.key = ec.generate_private_key(ec.SECP256R1())
    elif wrong == "kind":
        kind = "webauthn.create"
    elif wrong == "copy":  # Another device that has the same key counts on its own.
        with write_unit():
            db.session.query(Passkey).update({Passkey.sign_count: 50})
    said = {"junk": "{", "list": "[]", "empty": '{"response": {}}'}.get(wrong) or key.use(asked, kind)

    assert browser.post("/staff/second", credential=said).status_code == 422
    assert browser.get("/treasury/").status_code == 303


def test_a_passkey_of_somebody_else_opens_nothing(
    app: Flask, treasurer: Person, key: Authenticator, join: Callable[..., Person]
) -> None:
    other, browser = join("other@example.org", "treasurer"), Browser(app)
    asked = first_step(browser, other)

    assert browser.post("/staff/second", credential=key.use(asked)).status_code == 422


def test_a_passkey_alone_is_a_second_factor_and_brings_recovery_codes(
    browser: Browser, join: Callable[..., Person]
) -> None:
    browser.sign_in(join("new@example.org", "treasurer", app_for_codes=False))

    answer = add(browser, Authenticator())

    assert "Your recovery codes" in answer.text
    assert browser.get("/treasury/").status_code == 200


@pytest.mark.parametrize("said", ["", "{", "[]", "null", '{"id": 1}', "x" * 5000])
@pytest.mark.databases("sqlite")
def test_what_no_passkey_made_is_not_added(browser: Browser, treasurer: Person, said: str) -> None:
    browser.sign_in(treasurer)
    browser.post("/staff/passkeys/options")

    assert browser.post("/staff/passkeys", credential=said, name="x").status_code == 303
    assert db.session.scalars(select(Passkey)).all() == []
    assert "could not be added" in browser.get("/staff/").text


@pytest.mark.databases("sqlite")
def test_a_passkey_is_removed_by_its_person_only(
    app: Flask, treasurer: Person, key: Authenticator, join: Callable[..., Person]
) -> None:
    number = db.session.scalars(select(Passkey.id)).one()
    stranger, mine = Browser(app), Browser(app)
    stranger.sign_in(join("other@example.org", "organiser"))
    assert stranger.post(f"/staff/passkeys/{number}/remove").status_code == 404
    mine.sign_in(treasurer)

    assert mine.post(f"/staff/passkeys/{number}/remove").status_code == 303
    assert db.session.scalars(select(Passkey)).all() == []


@pytest.mark.parametrize(
    ("url", "can"),
    [
        ("https://fund.example.org", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]", False),
        ("http://fund.example.org", False),
    ],
)
def test_passkeys_are_offered_where_browsers_make_them(url: str, can: bool) -> None:
    assert Site.of(url).can_have_passkeys is can
