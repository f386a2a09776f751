"""Archives: the whole installation but its keys in one encrypted file, and the way back out of it. Nothing in an
archive is ever executed: tables come from our own migrations, rows are data. See docs/backups.md."""

from __future__ import annotations

from donations.archives.backup import Copy, write
from donations.archives.container import SUFFIX, verify
from donations.archives.records import findings, forget, note, written
from donations.archives.rotation import dated_name, prune
from donations.archives.target import Restored, drill, restore

__all__ = [
    "SUFFIX",
    "Copy",
    "Restored",
    "dated_name",
    "drill",
    "findings",
    "forget",
    "note",
    "prune",
    "restore",
    "verify",
    "write",
    "written",
]
