"""Files that people hand in: evidence of payments, statements that wait to be imported. Sealed, outside of what is
served, named by the SHA-256 of what they hold. What they mean, who asks knows."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import datetime
from pathlib import Path

from flask import current_app

from donations import config, privacy
from donations.errors import FileGone, FileNotTaken

MOST_EVIDENCE_BYTES = 10 * 1024 * 1024
# What a file is, is said by its first bytes, never by its name.
_EVIDENCE = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


def type_of_evidence(data: bytes) -> str:
    """Its media type. Raises FileNotTaken unless it is a PDF, PNG or JPEG of at most 10 MiB."""
    found = next((kind for start, kind in _EVIDENCE if data.startswith(start)), None)
    if found is None or len(data) > MOST_EVIDENCE_BYTES:
        raise FileNotTaken()
    return found


def keep(shelf: str, data: bytes) -> str:
    """Keep it on that shelf. Gives its SHA-256; the same file twice is kept once."""
    name = hashlib.sha256(data).hexdigest()
    path = _path(shelf, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = privacy.seal(base64.b85encode(data).decode(), _identity(shelf, name))
    half = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
    half.write_bytes(sealed)
    half.replace(path)
    return name


def read(shelf: str, name: str) -> bytes:
    """What is kept under that SHA-256. Raises FileGone."""
    path = _path(shelf, name)
    if not path.is_file():
        raise FileGone()
    return base64.b85decode(privacy.unseal(path.read_bytes(), _identity(shelf, name)))


def drop(shelf: str, name: str) -> None:
    _path(shelf, name).unlink(missing_ok=True)


def sweep(shelf: str, before: datetime) -> None:
    """Throw away what nobody has come back for."""
    for path in _folder(shelf).glob("*"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)


def _path(shelf: str, name: str) -> Path:
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise FileGone()
    return _folder(shelf) / name


def _folder(shelf: str) -> Path:
    return Path(current_app.config.get("FILES_FOLDER") or config.INSTANCE / "files") / shelf


def _identity(shelf: str, name: str) -> str:
    return f"file:{shelf}:{name}"
