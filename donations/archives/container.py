"""The outer form of an archive: one line of plain text, then an age file (age-encryption.org/v1).

The line names the data key and holds an HMAC-SHA256, under a key derived from it, over every byte that follows. It is
checked whole before anything is decrypted. The age file is encrypted to an identity derived from the same data key, and
to the public keys of BACKUP_RECIPIENTS: `tail -n +2 ARCHIVE | age -d -i KEY` opens it without this program."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import pyrage
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from donations.config import age_recipient
from donations.errors import ArchiveRefused

SUFFIX = ".ffarchive"
_BLOCK = 1 << 20
_FIRST_LINE = re.compile(rb"(fighting-fund-archive 2 key=([A-Za-z0-9]{1,8})) mac=([0-9a-f]{64})\n")
_LONGEST_LINE = 160
_GZIP = b"\x1f\x8b"
_OLD = "it is of an earlier version, which signed nothing. If you know where it comes from, add --unsigned"


class _Source:
    """A reader over blocks that are made when they are asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        if not self.rest:
            self.rest = next(self.blocks, b"")
        size = len(self.rest) if size < 0 else size
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken


class _Signed:
    """A file whose every byte goes through the MAC, on its way in or out."""

    def __init__(self, file: BinaryIO, key: bytes, head: bytes) -> None:
        self.file, self.mac = file, hmac.new(_derived(key, "mac"), head, "sha256")

    def write(self, block: bytes) -> int:
        self.mac.update(block)
        return self.file.write(block)

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.mac.update(block)
        return block

    def flush(self) -> None:
        self.file.flush()


def write(out: BinaryIO, blocks: Iterator[bytes], keys: Mapping[str, bytes], recipients: tuple[str, ...]) -> None:
    """Encrypt the blocks into `out` (empty, seekable) under the first data key, and sign them."""
    key_id, key = next(iter(keys.items()))
    head = f"fighting-fund-archive 2 key={key_id}".encode()
    to = [_identity(key).to_public(), *map(age_recipient, recipients)]
    out.write(b"%s mac=%s\n" % (head, b"0" * 64))
    signed = _Signed(out, key, head)
    pyrage.encrypt_io(_Source(blocks), signed, to)
    out.seek(0)
    out.write(b"%s mac=%s\n" % (head, signed.mac.hexdigest().encode()))


def verify(archive: Path, keys: Mapping[str, bytes]) -> None:
    """Check the MAC over the whole file. Raises ArchiveRefused."""
    with _opened(archive) as file:
        _check_mac(archive, file, keys)


def decrypt(archive: Path, out: BinaryIO, keys: Mapping[str, bytes]) -> None:
    """Check the MAC over the whole file, then decrypt it into `out`. Raises ArchiveRefused."""
    with _opened(archive) as file:
        head, key, mac = _check_mac(archive, file, keys)
        signed = _Signed(file, key, head)
        try:
            pyrage.decrypt_io(signed, out, [_identity(key)])
        except (pyrage.DecryptError, OSError) as error:
            raise ArchiveRefused(archive=archive, reason=f"it cannot be decrypted or unpacked ({error})") from error
        while signed.read(_BLOCK):
            pass
        if not hmac.compare_digest(signed.mac.hexdigest().encode(), mac):
            raise ArchiveRefused(archive=archive, reason="it was changed while it was being read")


def _check_mac(archive: Path, file: BinaryIO, keys: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """Returns what `_first_line` returns; the file position is behind that line again."""
    head, key, mac = _first_line(archive, file, keys)
    start, signed = file.tell(), _Signed(file, key, head)
    while signed.read(_BLOCK):
        pass
    if not hmac.compare_digest(signed.mac.hexdigest().encode(), mac):
        raise ArchiveRefused(
            archive=archive, reason="it was cut off or changed, or DATA_KEY is not the key that it was written with"
        )
    file.seek(start)
    return head, key, mac


def _first_line(archive: Path, file: BinaryIO, keys: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """What is signed of the first line, the data key that it names, and the MAC."""
    line = file.readline(_LONGEST_LINE)
    found = _FIRST_LINE.fullmatch(line)
    if found is None:
        reason = _OLD if line.startswith(_GZIP) else "it is cut off, or no archive"
        raise ArchiveRefused(archive=archive, reason=reason)
    key_id = found[2].decode()
    if key_id not in keys:
        raise ArchiveRefused(archive=archive, reason=f"it needs data key {key_id}. Add that key to DATA_KEY")
    return found[1], keys[key_id], found[3]


def is_old(path: Path) -> bool:
    """Whether it may be an archive of the first form."""
    with _opened(path) as file:
        return file.read(2) == _GZIP


def is_archive(path: Path) -> bool:
    """Whether its first line is that of an archive, signed by whomever."""
    try:
        with path.open("rb") as file:
            return _FIRST_LINE.fullmatch(file.readline(_LONGEST_LINE)) is not None
    except OSError:
        return False


def _opened(archive: Path) -> BinaryIO:
    try:
        return archive.open("rb")
    except OSError as error:
        raise ArchiveRefused(archive=archive, reason=f"it cannot be read ({error.strerror})") from error


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"fighting-fund.archive.{purpose}".encode()).derive(key)


def _identity(key: bytes) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(_bech32("age-secret-key-", _derived(key, "age")).upper())


def _bech32(prefix: str, data: bytes) -> str:
    """BIP 173, which age writes its keys in; no library of ours gives an age identity from bytes."""
    bits, letters = int.from_bytes(data) << (-len(data) * 8 % 5), -(-len(data) * 8 // 5)
    words = [bits >> 5 * place & 31 for place in reversed(range(letters))]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for word in [*expanded, *words, *[0] * 6]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ word
        for place, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> place & 1 else 0
    words += [(check ^ 1) >> 5 * place & 31 for place in reversed(range(6))]
    return f"{prefix}1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[word] for word in words)
