"""The machine: room on its disks, the size of SQLite's log, and who may read what lies there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from donations.cli.doctor.findings import Finding, Patient
from donations.installation import disk


def examine(patient: Patient) -> Iterator[Finding]:
    database = patient.settings.database_file
    for room in disk.room(disk.places(database, patient.settings.files_folder)):
        yield _room(room)
    if database is not None and (size := disk.log_bytes(database)) > disk.LARGE_LOG_BYTES:
        yield Finding("warning", "database log", f"{size >> 20} MiB. Restart `donations serve`, which writes it back")
    yield from _modes(patient, database)


def _room(room: disk.Room) -> Finding:
    free = f"{room.free_bytes >> 20} MiB free at {room.path}"
    if room.free_bytes < disk.MIN_FREE_BYTES:
        return Finding("fault", "disk", f"only {free}, and {disk.MIN_FREE_BYTES >> 20} MiB are needed. Make room")
    return Finding("warning" if room.free_bytes < disk.SCARCE_BYTES else "ok", "disk", free)


def _modes(patient: Patient, database: Path | None) -> Iterator[Finding]:
    files = [patient.env_file] if patient.env_file else []
    if database is not None:
        files += [database, *(Path(f"{database}{end}") for end in ("-wal", "-shm", ".write-lock", ".serve-lock"))]
    folders = disk.places(database, patient.settings.files_folder)
    for mode, paths in (("600", files), ("700", folders)):
        found = disk.too_open(paths)
        if found:
            names = " ".join(shlex.quote(str(path)) for path in found)
            yield Finding("warning", "file modes", f"others may read what is ours. Run `chmod {mode} {names}`")
