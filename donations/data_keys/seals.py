"""The bytes of a seal: key id length (1) + key id + nonce (12) + AES-256-GCM ciphertext and tag, with the row's
identity as associated data. Which key is right is not asked here."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from donations.errors import BadSeal


def head(key_id: str) -> bytes:
    """How everything begins that this key has sealed."""
    encoded = key_id.encode()
    return bytes([len(encoded)]) + encoded


def sealer(key_id: str, key: bytes) -> Callable[[str, str], bytes]:
    """A function of text and identity."""
    start, encrypt, random = head(key_id), AESGCM(key).encrypt, os.urandom

    def sealed(text: str, identity: str) -> bytes:
        nonce = random(12)
        return start + nonce + encrypt(nonce, text.encode(), identity.encode())

    return sealed


def unseal(keys: Mapping[str, bytes], sealed: bytes, identity: str) -> str:
    """Raises BadSeal on a missing key, another identity or changed bytes."""
    length = sealed[0]
    key = keys.get(sealed[1 : 1 + length].decode("ascii", "replace"))
    if key is None:
        raise BadSeal()
    nonce, ciphertext = sealed[1 + length : 13 + length], sealed[13 + length :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, identity.encode()).decode()
    except InvalidTag as error:
        raise BadSeal() from error


def hasher(key: bytes, purpose: str) -> Callable[[str], bytes]:
    """A function of text, folded in case, to a keyed hash of 32 bytes."""
    begun = hmac.new(key, f"{purpose}\0".encode(), hashlib.sha256)

    def hashed(text: str) -> bytes:
        one = begun.copy()
        one.update(text.strip().casefold().encode())
        return one.digest()

    return hashed
