"""Files readable by this user alone, from their first byte on, and synced to disk before they are reported as
written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """A new file to write to. Raises OSError, also if anything exists there already, even a link."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    return os.fdopen(handle, "wb")


@contextmanager
def replacing(output: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes `output` when all went well, also where that was there before; then its bytes and
    its name are on the disk. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)  # It makes it 0600.
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, output)
        sync_folder(output.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def make_folder(folder: Path) -> None:
    """The folder, and its parents where they are missing, for this user alone."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        sync_folder(missing.parent)


def sync_folder(folder: Path) -> None:
    """Bring what names the folder holds onto the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
