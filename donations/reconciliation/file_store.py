"""Uploaded files: supporting documents of payments, statements that wait to be imported. Sealed, outside of what is
served, named by the SHA-256 of their content. Only the caller knows what they mean."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from flask import current_app

from donations import privacy, private_files
from donations.errors import BadSeal, FileGone, FileNotTaken

MAX_EVIDENCE_BYTES = 10 * 1024 * 1024
# The first bytes of a file decide its type, never its name.
_EVIDENCE = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


def type_of_evidence(data: bytes) -> str:
    """Its media type. Raises FileNotTaken unless it is a PDF, PNG or JPEG of at most 10 MiB."""
    found = next((kind for start, kind in _EVIDENCE if data.startswith(start)), None)
    if found is None or len(data) > MAX_EVIDENCE_BYTES:
        raise FileNotTaken()
    return found


def keep(shelf: str, data: bytes) -> str:
    """Keep it on that shelf. Returns its SHA-256; the same file twice is kept once. It is on the disk before this
    returns, so that no row can name a file that a power cut took."""
    name = hashlib.sha256(data).hexdigest()
    _put(_path(shelf, name), privacy.seal(base64.b85encode(data).decode(), _identity(shelf, name)))
    return name


def place(shelf: str, name: str, sealed: bytes) -> bool:
    """Put back a sealed file that must hold what its name says. Returns whether it was missing; one that is there and
    can be opened stays. Raises BadSeal, or FileGone if it holds something else."""
    opened(shelf, name, sealed)
    path = _path(shelf, name)
    try:
        read(shelf, name)
        return False
    except (FileGone, BadSeal):
        missing = not path.exists()
        _put(path, sealed)
        return missing


def read(shelf: str, name: str) -> bytes:
    """What is kept under that SHA-256. Raises FileGone."""
    path = _path(shelf, name)
    if not path.is_file():
        raise FileGone()
    return opened(shelf, name, path.read_bytes())


def all_of(shelf: str) -> list[Path]:
    """Every file of that shelf, by name; what is half-written or a link is none."""
    return sorted(path for path in _folder(shelf).glob("*") if _is_name(path.name) and _is_plain(path))


def reseal(shelf: str, name: str) -> bool:
    """Seal it with the key of today, if another has. Returns whether it could be opened."""
    path = _path(shelf, name)
    try:
        sealed = path.read_bytes()
        if not privacy.is_sealed_today(sealed):
            keep(shelf, opened(shelf, name, sealed))
    except (BadSeal, FileGone):
        return False
    return True


def drop(shelf: str, name: str) -> None:
    _path(shelf, name).unlink(missing_ok=True)


def sweep(shelf: str, before: datetime, *, but: Collection[str] = ()) -> None:
    """Delete abandoned files; `but` are the names to keep."""
    for path in _folder(shelf).glob("*"):
        if path.name not in but and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)


def _put(path: Path, sealed: bytes) -> None:
    private_files.make_folder(path.parent)
    with private_files.replacing(path) as file:
        file.write(sealed)


def opened(shelf: str, name: str, sealed: bytes) -> bytes:
    """What a sealed file holds. Raises BadSeal, or FileGone if that is not what its name says."""
    data = base64.b85decode(privacy.unseal(sealed, _identity(shelf, name)))
    if hashlib.sha256(data).hexdigest() != name:
        raise FileGone()
    return data


def _path(shelf: str, name: str) -> Path:
    if not _is_name(name):
        raise FileGone()
    return _folder(shelf) / name


def _is_name(name: str) -> bool:
    return len(name) == 64 and set(name) <= set("0123456789abcdef")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _folder(shelf: str) -> Path:
    return Path(current_app.config["FILES_FOLDER"]) / shelf


def _identity(shelf: str, name: str) -> str:
    return f"file:{shelf}:{name}"
