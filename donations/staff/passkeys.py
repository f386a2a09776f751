"""Passkeys (WebAuthn) as a second factor: what a browser is asked, and whether its answer is good. A challenge is good
for one answer; who keeps it meanwhile is the session. Nothing of HTTP."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import webauthn
from sqlalchemy.engine import Connection
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from donations import audit
from donations.extensions import db
from donations.models import Passkey, Staff
from donations.staff import sessions

AT_MOST = 10  # of one person


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is asked, as JSON, and the challenge in it, as text to be kept until it answers."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Site:
    """For which site passkeys are made: its origin, and the host that is their scope."""

    origin: str
    host: str

    @classmethod
    def of(cls, public_url: str) -> Site:
        parts = urlsplit(public_url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")

    @property
    def can_have_passkeys(self) -> bool:
        """Browsers make none for a bare address, nor without https except on localhost."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.origin.startswith("https:") or self.host == "localhost"
        return False


def ask_new(person: Staff, site: Site, *, name: str, shown: str) -> Asked:
    """For a passkey to be made. `name` is the site's, `shown` is by what the browser lists it."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=name,
        user_id=person.fs_uniquifier.encode(),
        user_name=shown,
        exclude_credentials=_known(person.passkeys),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that a browser has made: its own name, and what proves it later."""

    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int


def verify(person: Staff, site: Site, answer: str, challenge: str, *, name: str) -> Made | None:
    """The passkey that the browser made, if it made one for this challenge and this site, and it is new."""
    if len(person.passkeys) >= AT_MOST:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    if is_known(made.credential_id):
        return None
    return Made(name or "Passkey", made.credential_id, made.credential_public_key, made.sign_count)


def is_known(credential_id: bytes) -> bool:
    return db.session.query(Passkey.id).filter_by(credential_id=credential_id).first() is not None


def add(conn: Connection, person: Staff, made: Made, *, keep: int = 0, at: datetime) -> None:
    """It is one of the person's from now on. Every session but the one numbered `keep` ends."""
    person.passkeys.append(
        Passkey(
            name=made.name, credential_id=made.credential_id, public_key=made.public_key, sign_count=made.sign_count,
            made_at=at,
        )
    )  # fmt: skip
    sessions.end_all(person, at, but=keep)
    db.session.flush()
    audit.record(conn, person.actor, "staff.passkey_added", person.actor, at=at)


def remove(conn: Connection, person: Staff, number: int, *, at: datetime) -> bool:
    """Whether it was one of the person's."""
    kept = [passkey for passkey in person.passkeys if passkey.id != number]
    if len(kept) == len(person.passkeys):
        return False
    person.passkeys = kept
    db.session.flush()
    audit.record(conn, person.actor, "staff.passkey_removed", person.actor, at=at)
    return True


def ask(person: Staff, site: Site) -> Asked:
    """For one of the person's passkeys to be used."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        allow_credentials=_known(person.passkeys),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def take(person: Staff, site: Site, answer: str, challenge: str, *, at: datetime) -> bool:
    """Whether one of the person's passkeys answered this challenge. The person's row must be locked."""
    try:
        used = parse_authentication_credential_json(answer)
        known = next(passkey for passkey in person.passkeys if passkey.credential_id == used.raw_id)
        proved = webauthn.verify_authentication_response(
            credential=used,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
        )
    except (WebAuthnException, StopIteration, ValueError, TypeError, KeyError):
        return False
    known.sign_count, known.used_at = proved.new_sign_count, at
    return True


def _known(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]
