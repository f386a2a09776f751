"""Personal data: sealed per column with the row's identity bound to it, looked up by keyed hash, and given a date on
which it goes. Sealed bytes: key id length (1) + key id + nonce (12) + AES-256-GCM ciphertext and tag."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from donations.errors import BadSeal

DONOR_DATA_DAYS = 365 * 6 + 2  # Six years: what charities' accounting rules commonly ask receipts to be kept for.
EVENT_DATA_DAYS = 35  # Stripe's own list of events reaches back 30 days.


def seal(text: str, identity: str) -> bytes:
    """Encrypt under the current key. `identity` names the row and column, like "donation:<reference>:email"; the same
    must be given to open it, so sealed bytes moved to another row do not open."""
    return sealer()(text, identity)


def sealer() -> Callable[[str, str], bytes]:
    """`seal` for many rows in a row: the key is looked up and made ready once."""
    key_id, key = next(iter(_keys().items()))
    encoded = key_id.encode()
    head, encrypt, random = bytes([len(encoded)]) + encoded, AESGCM(key).encrypt, os.urandom

    def sealed(text: str, identity: str) -> bytes:
        nonce = random(12)
        return head + nonce + encrypt(nonce, text.encode(), identity.encode())

    return sealed


def unseal(sealed: bytes, identity: str) -> str:
    """Decrypt with whichever key sealed it. Raises BadSeal on a missing key, another identity or changed bytes."""
    length = sealed[0]
    key = _keys().get(sealed[1 : 1 + length].decode("ascii", "replace"))
    if key is None:
        raise BadSeal()
    nonce, ciphertext = sealed[1 + length : 13 + length], sealed[13 + length :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, identity.encode()).decode()
    except InvalidTag as error:
        raise BadSeal() from error


def lookup_hash(text: str, purpose: str) -> bytes:
    """A keyed hash by which a sealed value can be found again, 32 bytes; folded in case, so mail addresses meet."""
    return hasher(purpose)(text)


def hasher(purpose: str) -> Callable[[str], bytes]:
    """`lookup_hash` for many values of one purpose: the key is looked up and made ready once."""
    # The oldest key is used, so that adding a new key in front does not break what was hashed before.
    begun = hmac.new(list(_keys().values())[-1], f"{purpose}\0".encode(), hashlib.sha256)

    def hashed(text: str) -> bytes:
        one = begun.copy()
        one.update(text.strip().casefold().encode())
        return one.digest()

    return hashed


def donor_data_until(today: date) -> date:
    return today + timedelta(days=DONOR_DATA_DAYS)


def event_data_until(today: date) -> date:
    return today + timedelta(days=EVENT_DATA_DAYS)


def _keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = current_app.config["SETTINGS"].data_keys
    return keys
