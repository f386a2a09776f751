"""Signed links, form tokens and check codes (itsdangerous): for each purpose one salt, one lifetime and one pair of
functions."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from itsdangerous import BadData, Signer, URLSafeSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode

from donations.errors import BadLink

FORM_LIFETIME_SECONDS = 6 * 3600
INVITATION_LIFETIME_SECONDS = 72 * 3600
RESET_LIFETIME_SECONDS = 3600
WAIT_LIFETIME_SECONDS = 3600
CONFIRMING_LIFETIME_SECONDS = 14 * 24 * 3600
DATA_REQUEST_LIFETIME_SECONDS = 24 * 3600
CHECK_CODE_LETTERS = 10
# Crockford's base 32: no I, L, O, U. What a hand or a keyboard makes of a letter is read as that letter, also where it
# is typed with the Cyrillic twin that looks the same.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILOАВЕКМНОРСТХ", "110ABEKMH0PCTX", " -\N{EN DASH}\N{NON-BREAKING HYPHEN}\N{NO-BREAK SPACE}")


def for_return(reference: str) -> str:
    """The token of /donations/<token> by which a supporter comes back from Stripe's page; Stripe knows it too, so it
    shows what became of the donation, and its receipt only for a while. It does not expire."""
    return _lasting("return").dumps(reference)


def for_donation(reference: str) -> str:
    """The same as it was made before `for_return`; those that are about still open."""
    return _lasting("donation").dumps(reference)


def read_donation(token: str) -> str:
    """The donation's reference, by either. Raises BadLink."""
    try:
        return _read(_lasting("return"), token)
    except BadLink:
        return _read(_lasting("donation"), token)


def for_receipt(label: str) -> str:
    """The token of /receipts/<token> of a receipt that has no link of its own, for as long as the key or its fallback
    is kept: years."""
    return _lasting("receipt").dumps(label)


def read_receipt(token: str) -> str:
    """The receipt's label. Raises BadLink."""
    return _read(_lasting("receipt"), token)


def for_receipt_link(link: str, reference: str) -> str:
    """The token of /receipts/<token>. The donation's reference leads to the receipt that replaces it, should this one
    be lost."""
    return _lasting("receipt-link").dumps([link, reference])


def read_receipt_link(token: str) -> tuple[str | None, str]:
    """The receipt's link and its donation's reference; for one without a link, None and its label. Raises BadLink."""
    try:
        link, reference = _lasting("receipt-link").loads(token)
        return str(link), str(reference)
    except (BadData, ValueError, TypeError):
        return None, read_receipt(token)


def for_branch_return(area_id: int, nonce: str) -> str:
    """The token of /branch-returns/<token>, by which a branch submits its returns; valid until the area has another
    nonce."""
    return _lasting("pay-in").dumps([area_id, nonce])


def read_branch_return(token: str) -> tuple[int, str]:
    """The area's number and the nonce. Raises BadLink."""
    try:
        area_id, nonce = _lasting("pay-in").loads(token)
        return int(area_id), str(nonce)
    except (BadData, ValueError, TypeError) as error:
        raise BadLink() from error


@dataclass(frozen=True, slots=True)
class FormToken:
    """The content of a form token: the appeal of the form, and the nonce by which a double click is recognised."""

    slug: str
    nonce: str


def for_confirming(reference: str) -> str:
    """The token of /subscribers/confirm/<token>; good for two weeks."""
    return _timed("follow-confirm").dumps(reference)


def read_confirming(token: str) -> str:
    """The subscription's reference. Raises BadLink."""
    try:
        return str(_timed("follow-confirm").loads(token, max_age=CONFIRMING_LIFETIME_SECONDS))
    except BadData as error:
        raise BadLink() from error


def for_ending(reference: str) -> str:
    """The token of /subscribers/unsubscribe/<token>. It does not expire: an old email must be able to end its own
    subscription."""
    return _lasting("follow-end").dumps(reference)


def read_ending(token: str) -> str:
    """The subscription's reference. Raises BadLink."""
    return _read(_lasting("follow-end"), token)


def for_data_request(sealed: str) -> str:
    """The token of /your-data/<token>; good for a day. `sealed` is the address, which cannot be read from a link."""
    return _timed("data-request").dumps(sealed)


def read_data_request(token: str) -> str:
    """The sealed address. Raises BadLink."""
    try:
        return str(_timed("data-request").loads(token, max_age=DATA_REQUEST_LIFETIME_SECONDS))
    except BadData as error:
        raise BadLink() from error


def for_form(token: FormToken) -> str:
    """The hidden token of a public form; good for six hours, no cookie needed."""
    return _timed("form").dumps([token.slug, token.nonce])


def read_form(token: str) -> FormToken:
    """Raises BadLink if it is tampered with or older than six hours."""
    try:
        slug, nonce = _timed("form").loads(token, max_age=FORM_LIFETIME_SECONDS)
        return FormToken(slug=slug, nonce=nonce)
    except (BadData, ValueError, TypeError) as error:
        raise BadLink() from error


def for_wait(purpose: str) -> str:
    """What a form carries so that it can be told how long its sender has waited; good for an hour."""
    return _timed("wait").dumps(purpose)


def waited_seconds(token: str, purpose: str) -> float:
    """How long ago it was made for this purpose, in seconds. Raises BadLink if it is none, or older than an hour."""
    try:
        read, made_at = _timed("wait").loads(token, max_age=WAIT_LIFETIME_SECONDS, return_timestamp=True)
    except BadData as error:
        raise BadLink() from error
    if read != purpose:
        raise BadLink()
    seconds: float = (datetime.now(UTC) - made_at).total_seconds()
    return seconds


def for_invitation(staff_id: int, key: str) -> str:
    """The token of /staff/join/<token>; good for three days, and once: `key` changes when it is used."""
    return _timed("staff-invitation").dumps([staff_id, key])


def read_invitation(token: str) -> tuple[int, str]:
    """The number of the person and the key. Raises BadLink."""
    return _read_staff("staff-invitation", token, INVITATION_LIFETIME_SECONDS)


def for_reset(staff_id: int, key: str) -> str:
    """The token of /staff/reset/<token>; good for an hour, and once."""
    return _timed("staff-reset").dumps([staff_id, key])


def read_reset(token: str) -> tuple[int, str]:
    """The number of the person and the key. Raises BadLink."""
    return _read_staff("staff-reset", token, RESET_LIFETIME_SECONDS)


def check_code(label: str, payload: str) -> str:
    """What is printed on a receipt to prove it: 50 bits over its number and every byte of its frozen payload, in two
    groups that can be typed. Good for as long as the key or its fallback is kept."""
    code = _check_code(_secrets()[-1], label, payload)
    return f"{code[:5]}-{code[5:]}"


def fits_check_code(typed: str, label: str, payload: str) -> bool:
    """Whether a typed code belongs to this number and payload."""
    code = typed.upper().translate(_READ_AS).encode()
    codes = [_check_code(secret, label, payload).encode() for secret in _secrets()]
    return any(hmac.compare_digest(code, known) for known in codes)


def _check_code(secret: str, label: str, payload: str) -> str:
    signer = Signer(secret, salt="fighting-fund.check", key_derivation="hmac", digest_method=hashlib.sha256)
    digest = hashlib.sha256(payload.encode()).hexdigest()
    number = int.from_bytes(base64_decode(signer.get_signature(f"{label}:{digest}")))
    return "".join(_LETTERS[number >> 5 * place & 31] for place in range(CHECK_CODE_LETTERS))


def _read(serializer: URLSafeSerializer, token: str) -> str:
    try:
        return str(serializer.loads(token))
    except BadData as error:
        raise BadLink() from error


def _read_staff(purpose: str, token: str, max_age: int) -> tuple[int, str]:
    try:
        staff_id, key = _timed(purpose).loads(token, max_age=max_age)
        return int(staff_id), str(key)
    except (BadData, ValueError, TypeError) as error:
        raise BadLink() from error


def _lasting(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(_secrets(), salt=f"fighting-fund.{purpose}", **_SIGNED)


def _timed(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secrets(), salt=f"fighting-fund.{purpose}", **_SIGNED)


# Links are signed with SHA-256. Those of before, signed with SHA-1 as itsdangerous does by itself, are still read.
_SIGNED: dict[str, Any] = {
    "signer_kwargs": {"digest_method": hashlib.sha256},
    "fallback_signers": [{"digest_method": hashlib.sha1}],
}


def _secrets() -> list[str]:
    """itsdangerous signs with the last key of its list and accepts all of them."""
    settings = current_app.config["SETTINGS"]
    return [*settings.secret_key_fallbacks, settings.secret_key]
