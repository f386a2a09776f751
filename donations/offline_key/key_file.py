"""The file with the private half: JSON, encrypted under a passphrase with age, so that `age --decrypt` opens it too."""

from __future__ import annotations

import base64
import json

import pyrage

from donations.data_keys.offline import PrivateKey
from donations.errors import NotAnOfflineKey, OfflineKeyNotOpened

MAX_BYTES = 10_000
_BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
_KIND = "Fighting Fund, offline key"


def written(key: PrivateKey, passphrase: str) -> bytes:
    """The file, as ASCII text."""
    told = {"kind": _KIND, "key_id": key.key_id, "private": base64.b64encode(key.raw).decode()}
    encrypted: bytes = pyrage.passphrase.encrypt(json.dumps(told, indent=1).encode(), passphrase, armored=True)
    return encrypted


def opened(data: bytes, passphrase: str) -> PrivateKey:
    """Raises NotAnOfflineKey for another file, and OfflineKeyNotOpened for another passphrase."""
    if len(data) > MAX_BYTES or not data.startswith(_BEGIN):
        raise NotAnOfflineKey()
    try:
        told = json.loads(pyrage.passphrase.decrypt(data, passphrase))
        key = PrivateKey(base64.b64decode(told["private"], validate=True))
        if told["kind"] != _KIND or told["key_id"] != key.key_id:
            raise NotAnOfflineKey()
    except pyrage.DecryptError as error:
        raise OfflineKeyNotOpened() from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnOfflineKey() from error
    return key
