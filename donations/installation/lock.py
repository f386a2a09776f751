"""One `donations serve` on an SQLite database: a lock beside it, which the kernel releases however its holder ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from donations.errors import AlreadyServed


@contextmanager
def only_server(database: Path | None) -> Iterator[None]:
    """Hold the lock of this SQLite file. Raises AlreadyServed if another process does. Without a file there is nothing
    to hold: several hosts may serve one PostgreSQL database."""
    if database is None:
        yield
        return
    handle = os.open(lock_of(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(handle, 20).decode("ascii", "replace").strip()
        os.close(handle)
        raise AlreadyServed(database=database, process=holder or "?") from error
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def is_served(database: Path | None) -> bool:
    """Whether a process serves this SQLite file now."""
    if database is None or not lock_of(database).exists():
        return False
    try:
        with only_server(database):
            return False
    except AlreadyServed:
        return True


def lock_of(database: Path) -> Path:
    """The file that is locked; of a link the one beside what it leads to."""
    file = database.resolve()
    return file.with_name(f"{file.name}.serve-lock")
