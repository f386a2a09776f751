"""Room on the disks of the database and the files, and who may read what lies there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

# Below it SQLite cannot be sure to write its log back; the fund stops by itself before the disk is full.
MIN_FREE_BYTES = 100 * 2**20
SCARCE_BYTES = 2**30
LARGE_LOG_BYTES = 256 * 2**20


class Room(NamedTuple):
    """What is free at a place, for who runs this."""

    path: Path
    free_bytes: int


def room(paths: Iterable[Path]) -> list[Room]:
    """The free room below each path, each disk once. A folder that is not there yet counts as its parent."""
    found: dict[int, Room] = {}
    for path in paths:
        place = next(folder for folder in (path, *path.parents) if folder.exists())
        said = os.statvfs(place)
        found.setdefault(place.stat().st_dev, Room(place, said.f_bavail * said.f_frsize))
    return list(found.values())


def log_bytes(database: Path) -> int:
    """The size of SQLite's write-ahead log."""
    log = Path(f"{database}-wal")
    return log.stat().st_size if log.exists() else 0


def too_open(paths: Iterable[Path]) -> list[Path]:
    """Files and folders that others than their owner may read, write or enter."""
    return [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def places(database: Path | None, files_folder: str) -> list[Path]:
    """Where this installation writes."""
    return [*([database.parent] if database is not None else []), Path(files_folder)]
