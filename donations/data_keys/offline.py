"""The organisation's offline key: what is sealed to its public half opens only with the private one, which the machine
does not keep. HPKE (RFC 9180, base mode): X25519, HKDF-SHA256, AES-256-GCM; `info` is the identity of the row.

The bytes: key id length (1) + key id + HPKE's encapsulated key, ciphertext and tag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app, g, has_app_context

from donations.data_keys import seals
from donations.errors import BadSeal, OfflineKeyLocked

PREFIX = "offline-"  # of the ids of offline keys; DATA_KEY takes no key of such a name
_ID_LENGTH = len(PREFIX) + 8
HEAD = bytes([_ID_LENGTH]) + PREFIX.encode()  # how everything begins that is sealed to an offline key
HEAD_LENGTH = 1 + _ID_LENGTH
_UNLOCKED, _SOURCE, _MET = "offline_keys", "offline key source", "met_locked"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The private half, while it is unlocked. `raw` is 32 bytes."""

    raw: bytes

    @classmethod
    def generate(cls) -> PrivateKey:
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return X25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        return id_of(self.public)

    def hasher(self, purpose: str) -> Callable[[str], bytes]:
        """Look-up hashes that need the private half; as seals.hasher."""
        derived = HKDF(SHA256(), 32, salt=None, info=b"fighting-fund.offline-key.lookup").derive(self.raw)
        return seals.hasher(derived, purpose)

    def unseal(self, sealed: bytes, identity: str) -> str:
        """Raises BadSeal on another identity or changed bytes."""
        key = X25519PrivateKey.from_private_bytes(self.raw)
        try:
            return _SUITE.decrypt(sealed[1 + _ID_LENGTH :], key, info=identity.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BadSeal() from error


def id_of(public: bytes) -> str:
    """By which name a public key is known: `offline-` and 8 hexadecimal digits of its SHA-256."""
    return PREFIX + hashlib.sha256(public).hexdigest()[:8]


def sealer(public: bytes) -> Callable[[str, str], bytes]:
    """A function of text and identity."""
    start, key = seals.head(id_of(public)), X25519PublicKey.from_public_bytes(public)
    return lambda text, identity: start + _SUITE.encrypt(text.encode(), key, info=identity.encode())


def is_sealed_offline(sealed: bytes | None) -> bool:
    """Whether it was sealed to an offline key."""
    return sealed is not None and sealed.startswith(HEAD)


def unseal(sealed: bytes, identity: str) -> str:
    """Open it with the key that is unlocked now. Raises OfflineKeyLocked, and BadSeal."""
    key = unlocked().get(sealed[1 : 1 + _ID_LENGTH].decode("ascii", "replace"))
    if key is None:
        setattr(g, _MET, True)
        raise OfflineKeyLocked()
    return key.unseal(sealed, identity)


def unlocked() -> Mapping[str, PrivateKey]:
    """The keys that are unlocked for this request or command, by id."""
    if not has_app_context():
        return {}
    if _UNLOCKED not in g:
        source: Callable[[], PrivateKey | None] | None = current_app.extensions.get(_SOURCE)
        key = source() if source is not None else None
        unlock(key)
    found: Mapping[str, PrivateKey] = g.get(_UNLOCKED)
    return found


def unlock(key: PrivateKey | None) -> None:
    """Use this key until the request or command ends; None for no key at all."""
    setattr(g, _UNLOCKED, {} if key is None else {key.key_id: key})


def set_source(app: Flask, source: Callable[[], PrivateKey | None]) -> None:
    """Who knows, for a request or a command, which key its person has unlocked."""
    app.extensions[_SOURCE] = source


def forget() -> None:
    """What a request has unlocked and met ends with it, also where several share a context."""
    g.pop(_UNLOCKED, None)
    g.pop(_MET, None)


def met_locked() -> bool:
    """Whether something was asked for that the locked key would have opened."""
    return bool(g.get(_MET))
