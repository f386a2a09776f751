"""The tar inside an archive: the manifest, then exactly the members that it names, in that order. Every other kind of
member (links, devices, folders, extended headers) is refused; nothing is ever written where a member says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tarfile import BLOCKSIZE, GNU_FORMAT, REGTYPE, HeaderError, TarInfo
from typing import BinaryIO

from donations import private_files
from donations.archives.manifest import BadManifest, Manifest, parse

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 << 20
_BLOCK = 1 << 20


def packed(manifest: Manifest, members: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """The bytes of the tar, block by block."""
    encoded = manifest.encoded()
    yield _header(MANIFEST, len(encoded))
    yield encoded + _padding(len(encoded))
    for name, path in members:
        size = path.stat().st_size
        yield _header(name, size)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
        yield _padding(size)
    yield b"\0" * BLOCKSIZE * 2


def unpack(tar: BinaryIO, folder: Path) -> tuple[Manifest, dict[str, Path]]:
    """Write each member to a file of our own naming in `folder`. Raises BadManifest; the caller clears the folder."""
    size = _next(tar, MANIFEST)
    if size > MAX_MANIFEST_BYTES:
        raise BadManifest("its manifest is too large")
    manifest = parse(_exactly(tar, size))
    tar.read(-size % BLOCKSIZE)
    places: dict[str, Path] = {}
    for number, (name, told) in enumerate(manifest.sizes().items()):
        if _next(tar, name) != told:
            raise BadManifest(f"{name} is not as large as its manifest says")
        places[name] = folder / str(number)
        digest = _take(tar, told, places[name])
        if name in manifest.files and digest != manifest.files[name].sha256:
            raise BadManifest(f"{name} is not what its manifest says")
    if tar.read(BLOCKSIZE).strip(b"\0"):
        raise BadManifest("it holds more than its manifest names")
    return manifest, places


def _next(tar: BinaryIO, name: str) -> int:
    """The size of the next member, which must be a plain file of that name."""
    try:
        found = TarInfo.frombuf(_exactly(tar, BLOCKSIZE), "utf-8", "strict")
    except (HeaderError, UnicodeDecodeError) as error:
        raise BadManifest(f"{name} is missing") from error
    if found.type != REGTYPE or found.name != name or found.size < 0:
        raise BadManifest(f"something else stands where {name} must be")
    return found.size


def _take(tar: BinaryIO, size: int, place: Path) -> str:
    digest, left = hashlib.sha256(), size
    with private_files.create(place) as out:
        while left:
            block = _exactly(tar, min(left, _BLOCK))
            digest.update(block)
            out.write(block)
            left -= len(block)
    tar.read(-size % BLOCKSIZE)
    return digest.hexdigest()


def _exactly(tar: BinaryIO, size: int) -> bytes:
    block = tar.read(size)
    if len(block) != size:
        raise BadManifest("it is cut off")
    return block


def _header(name: str, size: int) -> bytes:
    info = TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, 0
    return info.tobuf(GNU_FORMAT, "utf-8", "strict")


def _padding(size: int) -> bytes:
    return b"\0" * (-size % BLOCKSIZE)
